"""The whole way by clicks, with real engines: choose, train, stop, resume, score, classify a dropped picture."""

from __future__ import annotations

import random
import time

import pytest
from dropping import drop
from lateness import Lateness
from PIL import Image, ImageDraw
from PySide6.QtWidgets import QFileDialog
from window_steps import PATIENCE_MS, click, wait

from core.jobs import installed_backends

EPOCHS = 60


@pytest.fixture
def pictures(tmp_path):
    """Three classes of 30 pictures each: discs, squares and bars, in a folder with a Chinese name."""
    folder = tmp_path / "图片 pictures"
    draw = random.Random(0)
    for label in ("disc", "square", "bar"):
        (folder / label).mkdir(parents=True)
        for number in range(30):
            _picture(label, draw).save(folder / label / f"{label} {number}.png")
    (folder / "disc" / "broken.png").write_bytes(b"no picture at all")
    return folder


def _picture(label: str, draw: random.Random) -> Image.Image:
    image = Image.new("RGB", (24, 24), tuple(draw.randrange(60) for _ in range(3)))
    left, top = draw.randrange(3, 8), draw.randrange(3, 8)
    shade = tuple(draw.randrange(150, 256) for _ in range(3))
    pen = ImageDraw.Draw(image)
    if label == "disc":
        pen.ellipse((left, top, left + 12, top + 12), fill=shade)
    elif label == "square":
        pen.rectangle((left, top, left + 12, top + 12), fill=shade)
    else:
        pen.rectangle((left, top, left + 3, top + 14), fill=shade)
    return image


def test_choose_train_stop_resume_score_classify(window, qtbot, pictures, monkeypatch, tmp_path):
    training, classification = window.panels["training"], window.panels["classification"]
    setup, view, runs = training.setup, training.view, training.runs

    # Choose: a folder, looked at before anything is trained.
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(pictures))
    click(qtbot, window, setup.data.folder_button)
    qtbot.waitUntil(lambda: "91 pictures in 3 classes" in view.about.text(), timeout=PATIENCE_MS)
    assert view.pictures.count() > 20
    assert "bar (30)" in view.classes.text()

    # Train.
    setup.form.editor("size").setCurrentText("tiny")
    setup.form.editor("epochs").setValue(EPOCHS)
    setup.form.editor("batch_size").setValue(16)
    click(qtbot, window, setup.start_button)
    wait(qtbot, window, lambda: len(view.plot.loss.points("val_loss")) >= 2)

    # Pause, and go on.
    click(qtbot, window, view.pause_button)
    wait(qtbot, window, lambda: view.state.text() == "paused")
    assert view.pause_button.caption() == "Resume"
    click(qtbot, window, view.pause_button)
    wait(qtbot, window, lambda: view.state.text() == "running")

    # Stop: the model is kept.
    click(qtbot, window, view.stop_button)
    assert view.stop_button.caption() == "Stopping…"
    qtbot.waitUntil(lambda: not training.studio.engines.active_trainings(), timeout=20_000)
    qtbot.waitUntil(lambda: bool(runs.table.runs.rows) and runs.table.runs.rows[0].record.status == "stopped")
    (run,) = window.store.workspace.runs()
    epochs_before = len(run.history_path.read_text().splitlines()) - 1
    assert 0 < epochs_before < EPOCHS

    # Resume, to the end and the test score.
    runs.table.choose(run.id)
    click(qtbot, window, runs.resume_button)
    wait(qtbot, window, lambda: view.score.isVisible())
    assert view.score.number.text().endswith("%")
    assert "None of them was seen in training" in view.score.sentence.text()
    assert len(run.history_path.read_text().splitlines()) - 1 == EPOCHS
    assert run.record().status == "done"

    # Classify a dropped picture, and one that is none.
    qtbot.waitUntil(lambda: window.store.row(run.id) is not None and window.store.row(run.id).has_model)
    click(qtbot, window, view.score.use_button)
    assert window.panel is classification
    wanted = tmp_path / "new.png"
    _picture("bar", random.Random(99)).save(wanted)
    drop(window, wanted)
    wait(qtbot, window, lambda: bool(classification.bars.rows()))
    assert {label for label, _ in classification.bars.rows()} == {"disc", "square", "bar"}
    assert sum(share for _, share in classification.bars.rows()) == pytest.approx(1, abs=1e-3)
    drop(window, pictures / "disc" / "broken.png")
    wait(qtbot, window, lambda: "broken.png" in classification.skipped.toPlainText())

    # Save the table.
    table = tmp_path / "out.csv"
    classification.save_csv(table)
    qtbot.waitUntil(table.exists)
    assert table.read_bytes().startswith(b"\xef\xbb\xbfpath,label,probability")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_train_a_gan_stop_resume_and_go_on_to_draw(window, qtbot, tmp_path):
    training = window.panels["training"]
    setup, view, runs = training.setup, training.view, training.runs
    folder = tmp_path / "loose"  # no class folders: a GAN needs none
    folder.mkdir()
    draw = random.Random(0)
    for number in range(80):
        _picture("bar", draw).resize((16, 16)).save(folder / f"{number}.png")
    window.resize(1280, 800)
    setup.model.setCurrentIndex(setup.model.findData("dcgan"))
    setup.data.choose(str(folder))
    qtbot.waitUntil(lambda: "80 pictures in 1 class:" in view.about.text(), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: "parameters" in setup.size_line.text(), timeout=PATIENCE_MS)
    setup.form.editor("size").setCurrentText("tiny")
    for name, value in {"filters": 8, "epochs": 40, "batch_size": 16, "measure_epochs": 20}.items():
        setup.form.editor(name).setValue(value)

    click(qtbot, window, setup.start_button)
    wait(qtbot, window, lambda: view.samples.shown() >= 3)
    assert view.samples.isVisible()
    assert view.samples.view._image is not None
    wait(qtbot, window, lambda: len(view.plot.loss.points("generator_loss")) >= 3)
    assert len(view.plot.quality.points("fid")) == 1  # of the first epoch; the others aren't measured
    click(qtbot, window, view.stop_button)
    qtbot.waitUntil(lambda: not training.studio.engines.active_trainings(), timeout=60_000)
    qtbot.waitUntil(lambda: bool(runs.table.runs.rows) and runs.table.runs.rows[0].record.status == "stopped")
    (run,) = window.store.workspace.runs()
    stopped = len(run.history_path.read_text().splitlines()) - 1
    assert 3 <= stopped < 40

    # It goes on to its end; its older sheets are there as well.
    runs.table.choose(run.id)
    click(qtbot, window, runs.resume_button)
    wait(qtbot, window, lambda: view.score.isVisible())
    assert view.samples.shown() == 40
    qtbot.waitUntil(lambda: view.samples.slider.maximum() == 39, timeout=20_000)
    result = run.record().result
    assert f"{result['metrics']['fid']:.2f}"[:3] in view.score.number.text()
    assert "rotations" in result["judge"]
    assert result["judge"] in view.score.number.toolTip()
    assert len(run.history_path.read_text().splitlines()) - 1 == 40
    view.samples.slider.setValue(0)
    qtbot.waitUntil(lambda: view.samples.epoch.text() == "Epoch 1")
    click(qtbot, window, view.score.use_button)
    assert window.panel is window.panels["generation"]


def test_a_wrong_folder_is_one_sentence_and_no_traceback(window, qtbot, tmp_path):
    setup = window.panels["training"].setup
    (tmp_path / "empty").mkdir()
    setup.data.choose(str(tmp_path / "empty"))
    qtbot.waitUntil(lambda: setup.data.about.property("role") == "error", timeout=PATIENCE_MS)
    assert "empty" in setup.data.about.text()
    assert "Traceback" not in setup.data.about.text()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", installed_backends())
def test_lateness_from_start_to_the_last_epoch(window, qtbot, backend):
    training = window.panels["training"]
    setup, view = training.setup, training.view
    qtbot.waitUntil(lambda: view.plot.loss._plot is not None and view.pictures.count() > 0, timeout=PATIENCE_MS)
    setup.backend.setCurrentIndex(setup.backend.findData(backend))
    setup.form.editor("epochs").setValue(8)
    meter = Lateness(window)
    click(qtbot, window, setup.start_button)
    wait(qtbot, window, lambda: view.score.isVisible())
    meter.stop()
    print(f"{backend}: {meter.report()}")
    assert meter.p99_ms() <= 20
    assert meter.worst_ms() <= 100


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", installed_backends())
def test_a_gan_never_holds_up_the_window_and_stops_within_an_epoch(window, qtbot, backend):
    training, generation = window.panels["training"], window.panels["generation"]
    setup, view = training.setup, training.view
    setup.model.setCurrentIndex(setup.model.findData("dcgan"))
    qtbot.waitUntil(lambda: view.pictures.count() > 0 and "parameters" in setup.size_line.text(), timeout=PATIENCE_MS)
    setup.backend.setCurrentIndex(setup.backend.findData(backend))
    setup.form.editor("size").setCurrentText("tiny")
    for name, value in {"epochs": 200, "measure_epochs": 1}.items():
        setup.form.editor(name).setValue(value)
    meter = Lateness(window)
    click(qtbot, window, setup.start_button)
    wait(qtbot, window, lambda: view.samples.shown() >= 3 and len(view.plot.quality.points("fid")) >= 3)
    losses = len(view.plot.loss.points("generator_loss"))
    wait(qtbot, window, lambda: len(view.plot.loss.points("generator_loss")) > losses)
    began = time.perf_counter()
    click(qtbot, window, view.stop_button)
    answered = time.perf_counter() - began
    wait(qtbot, window, lambda: not training.studio.engines.active_trainings())
    stopped = time.perf_counter() - began

    # Drawn with as it is, at each of its ages.
    wait(qtbot, window, lambda: generation.runs.run is not None)
    window.show_panel("generation")
    draw = generation.pages["draw"]
    click(qtbot, window, "generate")
    wait(qtbot, window, lambda: draw.has_pictures() and not generation.jobs.busy)
    for age in range(generation.runs.age.maximum() + 1):
        generation.runs.age.setValue(age)
        qtbot.wait(100)
    wait(qtbot, window, lambda: not generation.jobs.busy)
    meter.stop()
    print(f"{backend}: {meter.report()}; Stop answered in {1000 * answered:.1f} ms, ended in {stopped:.2f} s")
    (run,) = window.store.workspace.runs()
    assert run.record().status == "stopped"
    assert stopped < 5
    assert meter.p99_ms() <= 20
    assert meter.worst_ms() <= 100
