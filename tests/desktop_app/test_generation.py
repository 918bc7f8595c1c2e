from __future__ import annotations

import shutil

import gan_runs
import pytest
from dropping import drop
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QLabel

from core.events import Progress, Status
from core.jobs import Job


class Engine:
    """Stands in for the interactive engine: notes what it is asked, and answers when it is told to."""

    def __init__(self, window, monkeypatch) -> None:
        self.jobs: list[Job] = []
        self.cancelled: list[str] = []
        self._engines = window.engines
        monkeypatch.setattr(window.engines.interactive, "submit", self._note)
        monkeypatch.setattr(
            window.engines.interactive, "cancel", lambda job_id, *, grace_s=0: self.cancelled.append(job_id)
        )

    def _note(self, job: Job, folder: str = "") -> None:
        if job.task != "describe":  # which the training panel asks for by itself
            self.jobs.append(job)

    def answer(self, job: Job, *events) -> None:
        handle = self._engines.handle(job.id)
        if handle is not None:
            handle.deliver(events)

    def draw(self, job: Job, epoch: int = 10) -> None:
        self.answer(job, gan_runs.drawn(job, epoch), Status("finished", result={"files": []}))


@pytest.fixture
def engine(window, monkeypatch):
    made = Engine(window, monkeypatch)
    yield made
    for job in made.jobs:
        made.answer(job, Status("cancelled"))


@pytest.fixture
def panel(window, engine, qtbot, workspace):
    """The generation panel, shown, with one run by class of three ages beside its own."""
    run = gan_runs.make_gan_run(workspace)
    window.store.refresh()
    made = window.panels["generation"]
    qtbot.waitUntil(lambda: made.runs.run is not None)
    window.show_panel("generation")
    made.trained = run
    return made


def _press(window, qtbot, name: str) -> None:
    qtbot.mouseClick(window.panels["generation"].findChild(QAbstractButton, name), Qt.MouseButton.LeftButton)


def _told(window) -> str:
    return " ".join(message.text.text() for message in window.messages.messages())


def test_without_a_run_that_draws_the_panel_leads_to_training(window, qtbot, workspace):
    workspace.create_run(Job(task="train", model="cnn", settings={"data": "digits"}))[0].model_folder.mkdir()
    window.store.refresh()
    panel = window.panels["generation"]
    qtbot.waitUntil(lambda: panel.runs.ready and bool(window.store.rows))
    window.show_panel("generation")
    assert panel.findChild(QLabel, "generationEmpty").isVisible()
    assert not panel.draw_button.isVisible()
    _press(window, qtbot, "trainGan")
    assert window.panel is window.panels["training"]
    assert window.panel.setup.job().model == "dcgan"


def test_draw_asks_for_what_is_shown_and_shows_what_comes(panel, window, engine, qtbot):
    page = panel.pages["draw"]
    page.seed.show_value(7)
    page.label.setCurrentIndex(page.label.findData("2"))
    _press(window, qtbot, "generate")
    (job,) = engine.jobs
    assert (job.task, job.seed, job.backend) == ("generate", 7, "tensorflow")
    assert job.settings == {
        "run": panel.trained.id, "count": 64, "label": "2", "truncation": 0.0, "first": 0, "epoch": 0
    }  # fmt: skip
    engine.answer(job, Progress("draw", 0, 64, "pictures"))
    assert panel.progress.phase.text() == "Drawing pictures"
    assert panel.stop_button.isVisible()
    engine.draw(job)
    assert page.sheet.count() == 64
    assert page.summary.text() == "64 pictures · seed 7 · after 10 epochs"
    assert not panel.stop_button.isVisible()


def test_an_age_draws_the_same_latents_again(panel, window, engine, qtbot):
    _press(window, qtbot, "generate")
    engine.draw(engine.jobs[0])
    assert panel.runs.age.maximum() == 2  # 1 and 5 epochs, and the model itself, which has 10
    panel.runs.age.setValue(1)
    qtbot.waitUntil(lambda: len(engine.jobs) == 2)
    first, second = engine.jobs
    assert second.settings == {**first.settings, "epoch": 5}
    assert second.seed == first.seed
    engine.draw(second, epoch=5)
    assert "after 5 epochs" in panel.pages["draw"].summary.text()


def test_a_newer_draw_takes_the_place_of_one_that_runs(panel, window, engine, qtbot):
    page = panel.pages["draw"]
    _press(window, qtbot, "generate")
    page.seed.show_value(5)
    _press(window, qtbot, "generate")
    first, second = engine.jobs
    assert engine.cancelled == [first.id]
    engine.answer(first, gan_runs.drawn(first), Status("cancelled"))
    assert not page.has_pictures()
    engine.draw(second)
    assert "seed 5" in page.summary.text()


def test_a_file_that_is_being_saved_is_finished_whatever_is_drawn_next(
    panel, window, engine, qtbot, tmp_path, monkeypatch
):
    monkeypatch.setattr("desktop_app.panels.generation_saving.ask_where", lambda *_: tmp_path / "a.png")
    page = panel.pages["draw"]
    _press(window, qtbot, "generate")
    engine.draw(engine.jobs[0])
    _press(window, qtbot, "drawSave")
    page.seed.throw()
    qtbot.waitUntil(lambda: len(engine.jobs) == 3)
    assert engine.cancelled == []
    saving = engine.jobs[1]
    assert saving.settings["out"] == str(tmp_path / "a.png")
    engine.answer(saving, gan_runs.drawn(saving), Status("finished", result={"files": [str(tmp_path / "a.png")]}))
    assert f"Saved '{tmp_path / 'a.png'}'." in _told(window)
    engine.draw(engine.jobs[2])


def test_stop_ends_what_runs_and_says_nothing(panel, window, engine, qtbot):
    _press(window, qtbot, "generate")
    _press(window, qtbot, "stopGenerating")
    assert engine.cancelled == [engine.jobs[0].id]
    engine.answer(engine.jobs[0], Status("cancelled"))
    assert panel.draw_button.isEnabled()
    assert not panel.stop_button.isVisible()
    assert _told(window) == ""


def test_a_failure_is_a_sentence(panel, window, engine, qtbot):
    _press(window, qtbot, "generate")
    reason = Status(
        "failed", "The run can't draw '{label}'.", "It has learnt: {classes}.", {"label": "x", "classes": "0"}
    )
    engine.answer(engine.jobs[0], reason)
    assert _told(window) == "The run can't draw 'x'. It has learnt: 0."


def test_one_picture_is_shown_large_and_saved_alone(panel, window, engine, qtbot, monkeypatch, tmp_path):
    page = panel.pages["draw"]
    _press(window, qtbot, "generate")
    engine.draw(engine.jobs[0])
    qtbot.mouseClick(page.sheet.viewport(), Qt.MouseButton.LeftButton, pos=page.sheet.place_rect(13).center().toPoint())
    assert page.opened == 13
    assert page.caption.text() == "seed 0 · number 13 · class 1 · after 10 epochs"
    qtbot.keyClick(page.large, Qt.Key.Key_Right)
    assert page.opened == 14
    asked = []

    def ask(parent, title, start, kinds):
        asked.append((start.name, dict(kinds)))
        return tmp_path / "one.png"

    monkeypatch.setattr("desktop_app.panels.generation_saving.ask_where", ask)
    _press(window, qtbot, "drawSaveOne")
    assert asked == [("dcgan digits seed 0 number 14", {"png": "PNG picture"})]
    saving = engine.jobs[-1]
    assert (saving.settings["first"], saving.settings["count"]) == (14, 1)
    assert window.store.preferences.get("pictures_folder", "") == str(tmp_path)
    qtbot.keyClick(page.large, Qt.Key.Key_Escape)
    assert page.opened == -1
    assert page.sheet.current == 14


def test_a_run_without_classes_offers_none(panel, window, qtbot, workspace, engine):
    other = gan_runs.make_gan_run(workspace, classes=["all"], ages=())
    panel.take_run(other.id)
    qtbot.waitUntil(lambda: panel.runs.run is not None and panel.runs.run.id == other.id)
    assert not panel.pages["draw"].label.isVisible()
    assert not panel.runs.age.isVisible()


def test_a_run_that_another_panel_offers_is_shown_on_the_page_that_draws(panel, window):
    panel.show_page("way")
    panel.take_run(panel.trained.id)
    assert panel.page is panel.pages["draw"]


def test_another_run_draws_the_same_seed(panel, window, qtbot, workspace, engine):
    other = gan_runs.make_gan_run(workspace, name="other")
    window.store.refresh()
    qtbot.waitUntil(lambda: panel.runs.box.count() == 2)
    assert panel.runs.run.id == panel.trained.id  # what was chosen stays
    panel.pages["draw"].seed.show_value(3)
    _press(window, qtbot, "generate")
    engine.draw(engine.jobs[0])
    panel.runs.box.setCurrentIndex(panel.runs.box.findData(other.id))
    panel.runs.box.activated.emit(panel.runs.box.currentIndex())  # as a click does
    assert not panel.pages["draw"].has_pictures()
    assert (engine.jobs[1].settings["run"], engine.jobs[1].seed) == (other.id, 3)


@pytest.mark.parametrize("shown", ["training", "generation", "captioning"])
def test_a_dropped_picture_brings_its_settings_back(panel, window, engine, qtbot, tmp_path, shown):
    settings = {
        "run": panel.trained.id,
        "count": 9,
        "label": "1",
        "truncation": 0.7,
        "first": 4,
        "epoch": 5,
        "columns": 3,
    }
    made = Job(task="generate", settings=settings, seed=77, backend="tensorflow")
    picture = gan_runs.save_with_recipe(tmp_path / "sheet.png", made, panel.trained, epoch=5)
    window.show_panel(shown)
    drop(window, picture)
    qtbot.waitUntil(lambda: bool(engine.jobs))
    assert window.panel is panel
    assert panel.runs.epoch == 5
    assert (engine.jobs[0].typed_settings(), engine.jobs[0].seed) == (made.typed_settings(), 77)


def test_a_dropped_picture_finds_its_run_by_name(panel, window, engine, qtbot, tmp_path, workspace):
    gone = gan_runs.make_gan_run(workspace, name="faces")
    made = Job(task="generate", settings={"run": gone.id}, seed=1, backend="tensorflow")
    picture = gan_runs.save_with_recipe(tmp_path / "sheet.png", made, gone)
    gone.folder.rename(gone.folder.with_name("copied"))
    drop(window, picture)
    qtbot.waitUntil(lambda: bool(engine.jobs))
    assert engine.jobs[0].settings["run"] == "copied"


def test_a_picture_of_a_run_that_is_not_there_is_a_sentence(panel, window, engine, qtbot, tmp_path, workspace):
    gone = gan_runs.make_gan_run(workspace, name="faces")
    made = Job(task="generate", settings={"run": gone.id}, seed=1, backend="tensorflow")
    picture = gan_runs.save_with_recipe(tmp_path / "sheet.png", made, gone)
    workspace.delete_run(gone)
    drop(window, picture)
    qtbot.waitUntil(lambda: "'faces'" in _told(window))
    assert "is not in this workspace" in _told(window)
    assert not engine.jobs


def test_a_picture_of_a_run_without_a_model_leaves_the_choice_as_it_is(
    panel, window, engine, qtbot, tmp_path, workspace
):
    empty = gan_runs.make_gan_run(workspace, name="empty")
    shutil.rmtree(empty.model_folder)
    made = Job(task="generate", settings={"run": empty.id}, seed=1, backend="tensorflow")
    drop(window, gan_runs.save_with_recipe(tmp_path / "sheet.png", made, empty))
    qtbot.waitUntil(lambda: f"The run '{empty.id}' that made the picture has no model" in _told(window))
    with qtbot.waitSignal(panel.runs.listed):
        window.store.refresh()
    assert panel.runs.run.id == panel.trained.id
    assert panel.draw_button.isEnabled()
    assert not engine.jobs


def test_a_picture_that_names_a_run_of_another_kind_leaves_the_choice_as_it_is(
    panel, window, engine, qtbot, tmp_path, workspace
):
    other, _ = workspace.create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    made = Job(task="generate", settings={"run": other.id}, seed=1, backend="tensorflow")
    drop(window, gan_runs.save_with_recipe(tmp_path / "sheet.png", made, other))
    qtbot.waitUntil(lambda: "which the picture names, draws no pictures" in _told(window))
    assert panel.runs.run.id == panel.trained.id


def test_an_age_that_is_no_longer_kept_is_told(panel, window, engine, qtbot, tmp_path):
    made = Job(task="generate", settings={"run": panel.trained.id}, seed=1, backend="tensorflow")
    drop(window, gan_runs.save_with_recipe(tmp_path / "sheet.png", made, panel.trained, epoch=7))
    qtbot.waitUntil(lambda: bool(engine.jobs))
    assert engine.jobs[0].settings["epoch"] == 0
    assert "drawn after epoch 7" in _told(window)


def test_a_picture_that_tells_nothing_is_a_sentence(panel, window, qtbot, tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "plain.png")
    drop(window, tmp_path / "plain.png")
    qtbot.waitUntil(lambda: "'plain.png' does not tell how it was made." in _told(window))


def test_classification_takes_a_drawn_picture_and_offers_its_settings(panel, window, engine, qtbot, tmp_path):
    made = Job(task="generate", settings={"run": panel.trained.id}, seed=8, backend="tensorflow")
    picture = gan_runs.save_with_recipe(tmp_path / "sheet.png", made, panel.trained)
    window.show_panel("classification")
    taken = []
    window.panels["classification"].take_paths = taken.append
    drop(window, picture)
    qtbot.waitUntil(lambda: "tells how it was made" in _told(window))
    assert taken == [[picture]]
    assert window.panel is window.panels["classification"]
    window.messages.findChild(QAbstractButton, "messageAction").click()
    qtbot.waitUntil(lambda: bool(engine.jobs))
    assert window.panel is panel
    assert engine.jobs[0].seed == 8


def test_the_point_between_pictures_opens_none(panel, window, engine, qtbot):
    page = panel.pages["draw"]
    _press(window, qtbot, "generate")
    engine.draw(engine.jobs[0])
    assert page.sheet.place_at(QPoint(0, 0)) == -1
    assert page.sheet.place_at(page.sheet.place_rect(3).center().toPoint()) == 3
