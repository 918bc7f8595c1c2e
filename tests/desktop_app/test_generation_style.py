from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

from core.events import Images, Status
from core.jobs import Job
from core.media.picture_files import write_pictures
from core.runs.recipe import Recipe
from core.settings.stylize import StylizeSettings
from desktop_app.panels import generation_style


@pytest.fixture
def jobs(window, monkeypatch):
    """What the interactive engine is asked for; it never answers by itself. The data engine is the real one."""
    made: list[Job] = []
    submit = lambda job, folder="": made.append(job) if job.task != "describe" else None  # noqa: E731
    monkeypatch.setattr(window.engines.interactive, "submit", submit)
    monkeypatch.setattr(window.engines.interactive, "cancel", lambda job_id, *, grace_s=0: None)
    yield made
    for job in made:
        if (handle := window.engines.handle(job.id)) is not None:
            handle.deliver([Status("cancelled")])


@pytest.fixture
def panel(window, jobs, qtbot, workspace):
    """The generation panel, its page of styles shown; a CNN and a Vision Transformer have been trained, no GAN."""
    runs = {}
    for model in ("cnn", "vit"):
        run, _ = workspace.create_run(Job(task="train", model=model, settings={"data": "digits"}, backend="tensorflow"))
        run.update(status="done")
        run.model_folder.mkdir()
        (run.model_folder / "model.json").write_text("{}")
        runs[model] = run.id
    window.store.refresh()
    made = window.panels["generation"]
    qtbot.waitUntil(lambda: made.runs.ready and len(window.store.rows) == 2)
    window.show_panel("generation")
    made.show_page("style")
    made.trained = runs
    return made


def _press(panel, qtbot, name: str) -> None:
    qtbot.mouseClick(panel.findChild(QAbstractButton, name), Qt.MouseButton.LeftButton)


def _told(window) -> str:
    return " ".join(message.text.text() for message in window.messages.messages())


def _drop_both(panel, qtbot, tmp_path) -> None:
    page = panel.pages["style"]
    for name, field in (("sea", page.content), ("oil", page.style)):
        Image.new("RGB", (30, 20), (10, 20, 200)).save(tmp_path / f"{name}.png")
        panel.take_paths([tmp_path / f"{name}.png"])
        qtbot.waitUntil(lambda field=field: field.picture is not None, timeout=20_000)


def test_it_needs_no_gan_and_offers_only_what_can_compare(panel):
    page = panel.pages["style"]
    assert page.content.choose_button.isVisible()
    assert page.backbone.value == panel.trained["cnn"]
    assert page.backbone.findData(panel.trained["vit"]) == -1
    panel.show_page("draw")
    assert panel.frame.empty.isVisible()


def test_it_says_what_is_missing(panel, window, jobs, qtbot, tmp_path):
    _press(panel, qtbot, "generate")
    assert "Choose the picture that is to be painted first." in _told(window)
    _drop_both(panel, qtbot, tmp_path)
    panel.pages["style"].backbone.take("")
    _press(panel, qtbot, "generate")
    assert "Train a CNN first" in _told(window)
    assert jobs == []


def test_two_dropped_pictures_are_painted_live_and_saved(panel, window, jobs, qtbot, tmp_path, monkeypatch):
    page = panel.pages["style"]
    _drop_both(panel, qtbot, tmp_path)
    page.editors["strength"].show_value(3.0)
    _press(panel, qtbot, "generate")
    (job,) = jobs
    settings = job.typed_settings()
    assert (settings.content, settings.style) == (str(tmp_path / "sea.png"), str(tmp_path / "oil.png"))
    assert (settings.backbone, settings.strength) == (panel.trained["cnn"], 3.0)
    handle = window.engines.handle(job.id)
    for step in (1, 40):
        painting = np.full((20, 30, 3), step, np.uint8)
        handle.deliver([Images("stylize", (painting,), ({"step": step, "loss": 1.0},))])
    assert page.summary.text() == "Step 40 of 250"
    handle.deliver([Status("cancelled")])  # stopped: what has been painted stays
    for name in ("out.gif", "out.png"):
        monkeypatch.setattr("desktop_app.panels.generation_saving.ask_where", lambda *_, name=name: tmp_path / name)
        _press(panel, qtbot, "styleSave")
    qtbot.waitUntil(lambda: "Saved" in _told(window))
    with Image.open(tmp_path / "out.png") as saved:
        assert np.array_equal(np.asarray(saved), painting)
    assert "its name does not end in .png" in _told(window)  # one picture makes no film
    assert not (tmp_path / "out.gif").exists()

    # Dropped elsewhere, it brings its settings back; the pictures that were chosen stay.
    page.editors["strength"].show_value(1.0)
    panel.show_page("draw")
    panel.take_paths([tmp_path / "out.png"])
    qtbot.waitUntil(lambda: len(jobs) == 2)
    assert panel.page is page
    again = jobs[1].typed_settings()
    assert (again.strength, again.content) == (3.0, settings.content)


def test_a_painted_picture_from_elsewhere_asks_for_pictures(panel, window, jobs, qtbot, tmp_path):
    made = Job(task="stylize", settings={"content": "a", "style": "b", "backbone": "c", "steps": 33})
    write_pictures(tmp_path / "p.png", [np.zeros((32, 32, 3), np.uint8)], columns=1, recipe=Recipe.of(made))
    panel.show_page("draw")
    panel.take_paths([tmp_path / "p.png"])
    qtbot.waitUntil(lambda: panel.page is panel.pages["style"])
    assert panel.page.editors["steps"].value() == 33
    assert "Choose the picture that is to be painted first." in _told(window)
    assert jobs == []


def test_a_painted_picture_brings_all_its_settings_back(panel, window, jobs, qtbot, tmp_path):
    unseen = {
        "style_px": 100, "lr": 0.1, "shift_px": 3, "style_layers": ("a", "b"), "content_layers": ("c",),
        "layer_weights": (1.0, 2.0), "value_range": "caffe",
    }  # fmt: skip
    places = {"content": "a", "style": "b", "backbone": "c"}
    made = Job(task="stylize", settings={**places, **unseen}, seed=77)
    write_pictures(tmp_path / "p.png", [np.zeros((32, 32, 3), np.uint8)], columns=1, recipe=Recipe.of(made))
    _drop_both(panel, qtbot, tmp_path)
    panel.recall(tmp_path / "p.png")
    qtbot.waitUntil(lambda: len(jobs) == 1)
    assert unseen.items() <= jobs[0].settings.items()
    assert jobs[0].seed == 77
    page = panel.pages["style"]
    assert "Shifts 3, Style layers a b, Content layers c" in page.unseen.words.text()
    plain = Job(task="stylize", settings=places, seed=78)  # another picture, of the defaults
    write_pictures(tmp_path / "q.png", [np.zeros((32, 32, 3), np.uint8)], columns=1, recipe=Recipe.of(plain))
    panel.recall(tmp_path / "q.png")
    qtbot.waitUntil(lambda: len(jobs) == 2)
    assert (jobs[1].typed_settings().shift_px, jobs[1].seed) == (8, 78)
    assert not page.unseen.isVisible()


def test_every_setting_of_a_painting_is_shown_or_kept(panel):
    known = {*panel.pages["style"].editors, *generation_style.UNSEEN}
    places = {"content", "style", "backbone", "out", "overwrite"}
    assert known | places == set(StylizeSettings.model_fields)


def test_a_file_stays_chosen_whatever_runs_come_and_go(panel, window, qtbot):
    page = panel.pages["style"]
    page.backbone.take("/models/features.keras")
    with qtbot.waitSignal(window.store.runs_changed):
        window.store.refresh()
    assert page.backbone.value == "/models/features.keras"
    assert page.backbone.currentText() == "features.keras"
