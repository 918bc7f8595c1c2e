"""The training panel with a GAN: its plots, its sheets of samples, its score, its form."""

from __future__ import annotations

import csv
import json
import math

import fake_engine
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog

from core import catalog
from core.events import Log, Metric
from core.jobs import Job
from core.settings.dcgan import DcganTraining
from core.training.loop.history import MetricsLog
from desktop_app.panels.training_pages import CURVES, ROOM_FOR_SAMPLES_PX, SAMPLES
from desktop_app.scores import score_of
from desktop_app.translation import translator
from desktop_app.widgets.form_editors import make_editor
from desktop_app.widgets.plot_plans import PLANS, plans_of
from desktop_app.widgets.sample_strip import SampleStrip
from desktop_app.widgets.score_line import ScoreLine

RESULT = {
    "metrics": {"fid": 12.34, "floor": 1.1, "count": 500, "agreement": 0.912},
    "judge": "CNN of this data, 98.0 % right",
    "epochs": 4,
}


def _gan_job(**settings) -> Job:
    return Job(task="train", model="dcgan", settings={"data": "digits", **settings})


def _gan_run(workspace, epochs: int = 4, **values):
    run, _ = workspace.create_run(_gan_job())
    log = MetricsLog(run.metrics_path)
    for epoch in range(1, epochs + 1):
        fid = 100.0 / epoch if epoch % 2 else math.nan
        numbers = {"generator_loss": 1.0 / epoch, "discriminator_loss": 1.0, "fid": fid, "fid_floor": fid and 2.0}
        log.append(Metric(9 * epoch, float(epoch), numbers, "epoch"))
    run.samples.mkdir()
    for epoch in range(1, epochs + 1):
        Image.fromarray(np.full((30, 24), 10 * epoch, np.uint8)).save(run.samples / f"{epoch:06d}.png")
    run.update(**{"status": "done", "result": RESULT, **values})
    return run


def _classifier_run(workspace):
    run, _ = workspace.create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    run.update(status="done", result={"metrics": {"test_accuracy": 0.75}, "test_samples": 4, "epochs": 3})
    return run


def _with_model(run):
    run.model_folder.mkdir()
    (run.model_folder / "model.json").write_text("{}")
    return run


def _list(window, qtbot, count: int) -> None:
    window.store.refresh()
    qtbot.waitUntil(lambda: len(window.store.rows) == count, timeout=10_000)


def _look(window, qtbot, run) -> None:
    panel = window.panels["training"]
    panel.look_at(window.store.row(run.id))
    qtbot.waitUntil(lambda: panel.view.title.text() == run.record().name, timeout=10_000)


def _choose_model(panel, key: str) -> None:
    panel.setup.model.setCurrentIndex(panel.setup.model.findData(key))


def test_a_gan_trains_before_the_users_eyes(window, qtbot):
    panel = window.panels["training"]
    view = panel.view
    window.engines.training._main = fake_engine.drawing
    window.resize(1280, 800)
    _choose_model(panel, "dcgan")
    qtbot.mouseClick(panel.setup.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view.samples.shown() >= 1, timeout=20_000)
    assert view.samples.isVisible()
    qtbot.waitUntil(lambda: view.score.isVisible(), timeout=20_000)
    assert view.samples.shown() == 4
    assert view.samples.epoch.text() == "Epoch 4"
    loss, quality = view.plot.loss, view.plot.quality
    # What was measured inside an epoch has made way for the epoch's own number.
    assert loss.points("generator_loss") == [(1.0, 1.0), (2.0, 0.5), (3.0, 1 / 3), (4.0, 0.25)]
    assert quality.points("fid") == [(1.0, 40.0), (4.0, 10.0)]
    assert quality.points("fid_floor") == [(1.0, 1.5), (4.0, 1.5)]
    assert [y for _, y in quality.points("fake_right")] == [0.6] * 4
    assert view.score.number.text() == "FID 10.0"
    assert "1.50" in view.score.sentence.text()
    assert "90.0%" in view.score.sentence.text()
    assert "CNN of this data, 97.5 % right" in view.score.number.toolTip()
    assert view.score.use_button.caption() == "Draw with it"

    # The next, of a classifier, shows accuracy again and no samples.
    _choose_model(panel, "cnn")
    window.engines.training._main = fake_engine.obedient
    qtbot.mouseClick(panel.setup.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not view.samples.isVisible(), timeout=20_000)
    assert quality.points("accuracy") == []
    assert view.samples.shown() == 0
    qtbot.waitUntil(lambda: not window.engines.active_trainings(), timeout=20_000)


def test_a_gans_run_that_is_clicked_shows_what_it_drew_and_how_near_it_came(window, qtbot, workspace):
    window.resize(1280, 800)
    panel, run = window.panels["training"], _gan_run(workspace)
    _list(window, qtbot, 1)
    _look(window, qtbot, run)
    view = panel.view
    qtbot.waitUntil(lambda: view.samples.shown() == 4, timeout=10_000)
    qtbot.waitUntil(lambda: view.samples.view._image is not None, timeout=10_000)
    assert view.samples.view._image.pixelColor(3, 3).red() == 40
    assert view.plot.quality.points("fid") == [(1.0, 100.0), (3.0, 100.0 / 3)]
    low, high = view.plot.quality._plot.viewRange()[1]
    qtbot.waitUntil(lambda: view.plot.quality._plot.viewRange()[1][1] > 90, timeout=5000)
    assert math.isfinite(low)
    assert math.isfinite(high)
    assert "nan" not in view.plot.quality._readout.text()

    # Back in time, by the keyboard; the newest is followed no longer.
    view.samples.slider.setFocus()
    qtbot.keyClick(view.samples.slider, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: view.samples.view._image.pixelColor(3, 3).red() == 30, timeout=10_000)
    assert view.samples.epoch.text() == "Epoch 3"
    translator().set_language("zh_CN")
    assert view.samples.epoch.text() == "第 3 轮"


def test_data_that_have_been_looked_at_do_not_take_a_runs_curves_away(window, qtbot, workspace):
    panel, run = window.panels["training"], _gan_run(workspace)
    _list(window, qtbot, 1)
    panel.looks._start_preview()
    _look(window, qtbot, run)
    qtbot.waitUntil(lambda: panel.looks._preview is None, timeout=20_000)
    assert panel.view.tabs.currentIndex() == CURVES
    panel.looks._start_preview()  # other data are chosen while the run is looked at: now they are wanted
    qtbot.waitUntil(lambda: panel.looks._preview is None, timeout=20_000)
    assert panel.view.tabs.currentIndex() == 0


def test_the_rest_of_the_plots_is_chosen_in_their_headings(window, qtbot, workspace):
    panel, run = window.panels["training"], _gan_run(workspace)
    _list(window, qtbot, 1)
    _look(window, qtbot, run)
    loss = panel.view.plot.loss
    assert [loss.choice.itemText(place) for place in range(loss.choice.count())] == ["Loss", "Gradient norm"]
    assert set(loss._items) == {"generator_loss", "discriminator_loss"}
    loss.choice.setCurrentIndex(1)
    loss.choice.activated.emit(1)
    assert set(loss._items) == {"generator_gradient", "discriminator_gradient"}
    assert [text.text for _, text in loss._legend.items] == ["Generator", "Discriminator"]
    translator().set_language("zh_CN")
    assert loss.choice.currentText() == "梯度范数"


def test_samples_stand_beside_the_curves_only_where_there_is_room(window, qtbot, workspace):
    panel, run = window.panels["training"], _gan_run(workspace)
    _list(window, qtbot, 1)
    window.resize(1280, 800)
    _look(window, qtbot, run)
    tabs = panel.view.tabs
    qtbot.waitUntil(lambda: tabs.width() >= ROOM_FOR_SAMPLES_PX)
    assert not tabs.isTabVisible(SAMPLES)
    assert panel.view.samples.isVisible()
    window.resize(900, 600)
    qtbot.waitUntil(lambda: tabs.isTabVisible(SAMPLES))
    assert not panel.view.samples.isVisible()
    tabs.setCurrentIndex(SAMPLES)
    assert panel.view.samples.isVisible()
    window.resize(1280, 800)
    qtbot.waitUntil(lambda: tabs.currentIndex() == CURVES)
    assert panel.view.samples.isVisible()


def test_the_newest_sheet_is_followed_until_the_user_looks_back(qtbot, tmp_path):
    strip = SampleStrip()
    qtbot.addWidget(strip)
    wanted = []
    strip.wanted.connect(lambda epoch, path: wanted.append((epoch, path)))
    sheet = np.zeros((8, 8, 1), np.uint8)
    for epoch in (1, 2, 3):
        strip.add(epoch, tmp_path / f"{epoch}.png", sheet)
        assert strip.shown() == epoch
    assert not wanted  # the newest comes with its picture
    strip.slider.setValue(0)
    assert wanted == [(1, tmp_path / "1.png")]
    strip.add(4, tmp_path / "4.png", sheet)
    assert strip.shown() == 1
    strip.show_files({0: tmp_path / "0.png", 1: tmp_path / "1.png"})  # older ones, found later
    assert strip.shown() == 1
    assert strip.slider.maximum() == 4
    strip.slider.setValue(strip.slider.maximum())
    strip.add(5, tmp_path / "5.png", sheet)
    assert strip.shown() == 5


def test_a_sheet_that_is_damaged_or_gone_is_left_blank(window, qtbot, workspace):
    panel, run = window.panels["training"], _gan_run(workspace, epochs=3)
    (run.samples / "000003.png").write_bytes(b"\x89PNG no picture")
    (run.samples / "000002.png").unlink()
    (run.samples / "notes.png").write_bytes(b"")
    _list(window, qtbot, 1)
    _look(window, qtbot, run)
    samples = panel.view.samples
    qtbot.waitUntil(lambda: samples.shown() == 3, timeout=10_000)
    assert samples.slider.maximum() == 1
    samples.slider.setValue(0)
    qtbot.waitUntil(lambda: samples.view._image is not None, timeout=10_000)
    samples.slider.setValue(1)
    qtbot.waitUntil(lambda: samples.view._image is None, timeout=10_000)
    assert not window.messages.messages()


def test_numbers_that_are_none_are_read_and_history_stands_in(window, qtbot, workspace):
    run = _gan_run(workspace, epochs=3)
    assert b"null" in run.metrics_path.read_bytes()
    with run.metrics_path.open("ab") as file:  # a run of an older version spells it so
        file.write(b'{"step": 36, "epoch": 4.0, "values": {"fid": NaN, "fid_floor": 2.0}, "per": "epoch"}\n')
    read = []
    window.store.read_metrics(run, read.append)
    qtbot.waitUntil(lambda: len(read) == 1, timeout=10_000)
    assert [metric.epoch for metric in read[0]] == [1.0, 2.0, 3.0, 4.0]
    assert "fid" not in read[0][1].values
    assert read[0][1].values["generator_loss"] == 0.5
    assert read[0][3].values["fid_floor"] == 2.0

    run.metrics_path.unlink()
    with run.history_path.open("w", newline="") as file:
        csv.writer(file).writerows([["epoch", "fid", "generator_loss"], [0, 9.0, 1.0], [1, "nan", "NA"], ["x", 1, 1]])
    window.store.read_metrics(run, read.append)
    qtbot.waitUntil(lambda: len(read) == 2, timeout=10_000)
    assert [(metric.epoch, metric.per) for metric in read[1]] == [(1.0, "epoch"), (2.0, "epoch")]
    assert read[1][0].values == {"fid": 9.0, "generator_loss": 1.0}
    assert "generator_loss" not in read[1][1].values


def test_the_table_says_which_score_it_is(window, qtbot, workspace):
    panel = window.panels["training"]
    gan, cnn = _with_model(_gan_run(workspace)), _with_model(_classifier_run(workspace))
    _list(window, qtbot, 2)
    model = panel.runs.table.runs
    cells = {row.run.id: model.data(model.index(line, 2)) for line, row in enumerate(model.rows)}
    assert cells == {gan.id: "FID 12.3 (floor 1.10)", cnn.id: "75.0% right"}
    tip = model.data(model.index([row.run.id for row in model.rows].index(gan.id), 2), Qt.ItemDataRole.ToolTipRole)
    assert "500 pictures on each side" in tip
    assert "Feature extractor: CNN of this data, 98.0 % right." in tip
    translator().set_language("zh_CN")
    assert "用这些数据训练的 CNN" in window.store.row(gan.id).score.tip()
    translator().set_language("en")

    # Each is offered for what it can do.
    panel.runs.table.choose(gan.id)
    assert panel.runs.use_button.caption() == "Draw with it"
    with qtbot.waitSignal(panel.run_offered) as offered:
        qtbot.mouseClick(panel.runs.use_button, Qt.MouseButton.LeftButton)
    assert offered.args == ["generation", gan.id]
    window.show_panel("training")
    panel.runs.table.choose(cnn.id)
    assert panel.runs.use_button.caption() == "Classify with it"
    box = window.panels["classification"].run_box
    assert [box.itemData(place) for place in range(box.count())] == [cnn.id]
    window.panels["classification"].take_run(gan.id)
    assert box.currentData() != gan.id
    assert box.findData(gan.id) < 0


def test_a_run_of_a_model_that_is_not_known_is_listed(window, qtbot, workspace):
    run = _with_model(_gan_run(workspace, result={}))
    record = json.loads(run.record_path.read_text())
    record["job"]["model"] = "from the future"
    run.record_path.write_text(json.dumps(record))
    _list(window, qtbot, 1)
    panel = window.panels["training"]
    panel.runs.table.choose(run.id)
    assert not panel.runs.use_button.isEnabled()
    _look(window, qtbot, run)
    assert not window.panels["classification"].run_box.count()


@pytest.mark.parametrize("inside", ["", "cats"])
def test_one_class_is_enough_to_draw(window, qtbot, tmp_path, inside):
    folder = tmp_path / "pictures"
    (folder / inside).mkdir(parents=True)
    random = np.random.default_rng(0)
    for number in range(12):
        Image.fromarray(random.integers(0, 256, (8, 8), dtype=np.uint8)).save(folder / inside / f"{number}.png")
    panel = window.panels["training"]
    panel.take_paths([folder])
    qtbot.waitUntil(lambda: panel.looks.problem is not None, timeout=20_000)
    _choose_model(panel, "dcgan")
    qtbot.waitUntil(lambda: "12 pictures in 1 class." in panel.setup.data.about.text(), timeout=20_000)
    assert panel.looks.problem is None
    _choose_model(panel, "vit")
    qtbot.waitUntil(lambda: panel.looks.problem is not None, timeout=20_000)


def test_what_was_set_for_a_classifier_suits_a_gan(window, qtbot):
    setup = window.panels["training"].setup
    setup.form.editor("image_px").setValue(37)
    setup.form.editor("test_share").setValue(0.3)
    _choose_model(window.panels["training"], "dcgan")
    assert setup.form.editor("image_px").value() == 37
    assert setup.problem() == ""
    assert setup.job().typed_settings().test_share == 0.3
    settings = setup.preview_job().typed_settings()
    assert settings.image_px == 37


def test_the_feature_extractor_is_automatic_a_run_or_a_file(window, qtbot, workspace, monkeypatch):
    cnn = _with_model(_classifier_run(workspace))
    _with_model(_gan_run(workspace))
    _list(window, qtbot, 2)
    panel = window.panels["training"]
    _choose_model(panel, "dcgan")
    box = panel.setup.form.editor("judge")
    assert isinstance(box, QComboBox)
    assert [box.itemText(place).split(" · ")[0] for place in range(box.count())] == [
        "Automatic",
        cnn.record().name,
        "InceptionV3 weights…",
    ]

    def choose(place: int) -> str:
        box.setCurrentIndex(place)
        box.activated.emit(place)
        return panel.setup.job().settings["judge"]

    assert panel.setup.job().settings["judge"] == ""
    assert choose(1) == cnn.id
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    assert choose(2) == cnn.id  # thought better of it
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/weights/inception.h5", ""))
    assert choose(2) == "/weights/inception.h5"
    assert box.currentText() == "inception.h5"
    window.store.delete(window.store.row(cnn.id).run)
    qtbot.waitUntil(lambda: len(window.store.rows) == 1, timeout=10_000)
    assert panel.setup.job().settings["judge"] == "/weights/inception.h5"
    assert choose(0) == ""


def test_a_feature_extractor_that_is_gone_stays_named(qtbot):
    editor = make_editor(DcganTraining.model_fields["judge"])
    qtbot.addWidget(editor.widget)
    editor.offer_runs([("a run", "id-1")])
    editor.show_value("id-1")
    editor.offer_runs([])
    assert editor.value() == "id-1"
    assert editor.widget.currentText() == "id-1"


def test_a_result_in_words_is_told_by_its_perplexity():
    score = score_of({"metrics": {"perplexity": 23.456, "test_loss": 3.1}})
    assert score.brief() == "perplexity 23.5"
    assert score_of({"metrics": {"perplexity": 1e304}}).brief() == "perplexity 1.0e+304"
    assert score_of({"metrics": {"fid": math.nan}}) is None
    assert score_of({}) is None


def test_a_warning_stands_with_the_progress_until_the_next_training(window):
    view = window.panels["training"].view
    values = {"percent": 9}
    message = "The generator draws too few kinds of pictures: they have {percent} % of the variety of real ones."
    view.add_log([Log(message, "warning", values), Log("All is well.")])
    assert view.warning.isVisible()
    assert view.warning.text() == message.format(**values)
    view.begin(Job(task="train", model="dcgan", settings={"data": "digits"}))
    assert not view.warning.isVisible()


def _drawn(count, **more):
    metrics = {"fid": 2.0, "floor": 1.0, "kid": 0.01, "kid_floor": -0.0001, "is": 7.5, "count": count}
    return score_of({"metrics": metrics, "judge": "CNN of this data, 97.5 % right", **more})


def test_a_gans_score_tells_its_count_and_what_measured():
    score = _drawn(1000)
    assert "1,000 pictures on each side." in score.sentence()
    assert "too few" not in score.sentence()
    assert "Feature extractor: CNN of this data, 97.5 % right." in score.sentence()
    for part in ("KID 0.0100 (floor -0.0001).", "Inception Score 7.50.", "CNN of this data, 97.5 % right"):
        assert part in score.tip()
    assert not score.doubt()


def test_a_score_of_few_pictures_is_in_doubt():
    score = _drawn(9)
    assert "9 pictures on each side. That is too few to say much." in score.sentence()
    assert score.doubt()


def test_an_alarm_stands_beside_the_score(qtbot):
    says = {"message": "The generator hardly draws {missed} of {kinds} kinds of pictures: {names}."}
    collapse = {"alarm": True, "says": {**says, "values": {"missed": 1, "kinds": 3, "names": "cat"}}}
    copies = {"message": "None of {count} generated pictures is a copy of a training picture.", "values": {"count": 9}}
    score = _drawn(1000, collapse=collapse, memorisation={"alarm": False, "says": copies})
    assert "hardly draws 1 of 3 kinds of pictures: cat." in score.sentence()
    assert "None of 9" not in score.sentence()
    assert "None of 9" in score.tip()
    assert score.doubt()
    translator().set_language("zh_CN")
    assert "cat" in score.sentence()
    assert "hardly" not in score.sentence()
    line = ScoreLine(lambda: None)
    qtbot.addWidget(line)
    line.show_score(score)
    assert line.number.property("role") == "score in doubt"
    line.show_score(_drawn(1000))
    assert line.number.property("role") == "score"


def test_every_kind_of_model_has_its_plots():
    for kind in catalog.KINDS.values():
        plots = plans_of(kind)
        assert len(plots) == 2
        keys = [line.key for plans in plots for plan in plans for line in plan.lines]
        assert len(set(keys)) == len(keys)
    assert {name for kind in catalog.KINDS.values() for names in kind.plots for name in names} == set(PLANS)
