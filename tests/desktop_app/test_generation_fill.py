from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import gan_runs
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

from core.events import Images, Status
from core.jobs import Job
from core.media.picture_files import read_recipe
from core.settings.inpaint import InpaintSettings
from desktop_app.panels import generation_fill


@pytest.fixture
def cancelled():
    """Ids of the jobs that the interactive engine is asked to stop."""
    return []


@pytest.fixture
def jobs(window, monkeypatch, cancelled):
    """What the interactive engine is asked for; it never answers by itself. The data engine is the real one."""
    made: list[Job] = []
    submit = lambda job, folder="": made.append(job) if job.task != "describe" else None  # noqa: E731
    monkeypatch.setattr(window.engines.interactive, "submit", submit)
    monkeypatch.setattr(window.engines.interactive, "cancel", lambda job_id, *, grace_s=0: cancelled.append(job_id))
    yield made
    for job in made:
        if (handle := window.engines.handle(job.id)) is not None:
            handle.deliver([Status("cancelled")])


@pytest.fixture
def panel(window, jobs, qtbot, workspace):
    """The generation panel, its page that fills shown, with a run by class."""
    run = gan_runs.make_gan_run(workspace)
    window.store.refresh()
    made = window.panels["generation"]
    qtbot.waitUntil(lambda: made.runs.run is not None)
    window.show_panel("generation")
    made.show_page("fill")
    made.trained = run
    return made


@pytest.fixture
def painted(panel, qtbot, tmp_path):
    """The page, with a picture on whose middle something is painted."""
    page = panel.pages["fill"]
    Image.new("L", (40, 40), 90).save(tmp_path / "picture.png")
    panel.take_paths([tmp_path / "picture.png"])
    qtbot.waitUntil(lambda: page.picture.picture is not None, timeout=20_000)
    qtbot.mouseClick(page.canvas, Qt.MouseButton.LeftButton, pos=page.canvas.rect().center())
    return page


def _press(panel, qtbot, name: str) -> None:
    qtbot.mouseClick(panel.findChild(QAbstractButton, name), Qt.MouseButton.LeftButton)


def _fill(window, job: Job, shade: int, label: str = "1") -> None:
    images = Images("inpaint", (np.full((8, 8, 1), shade, np.uint8),), ({"step": 1, "label": label, "loss": 0.1},))
    result = {"context_loss": shade / 100, "label": label, "epoch": 10, "files": []}
    window.engines.handle(job.id).deliver([images, Status("finished", result=result)])


def _told(window) -> str:
    return " ".join(message.text.text() for message in window.messages.messages())


def test_it_says_what_is_missing(panel, window, jobs, qtbot, tmp_path):
    _press(panel, qtbot, "generate")
    assert "Choose a picture first" in _told(window)
    Image.new("L", (40, 40), 90).save(tmp_path / "picture.png")
    panel.take_paths([tmp_path / "picture.png"])
    page = panel.pages["fill"]
    qtbot.waitUntil(lambda: page.picture.picture is not None, timeout=20_000)
    _press(panel, qtbot, "generate")
    assert "Paint over what is to be filled first." in _told(window)
    assert jobs == []


def test_what_was_missing_is_no_longer_said_once_it_fills(panel, painted, window, jobs, qtbot):
    painted.canvas.clear()
    _press(panel, qtbot, "generate")
    assert "Paint over what is to be filled first." in _told(window)
    qtbot.mouseClick(painted.canvas, Qt.MouseButton.LeftButton, pos=painted.canvas.rect().center())
    _press(panel, qtbot, "generate")
    assert len(jobs) == 1
    assert _told(window) == ""


def test_what_is_painted_is_filled_as_often_as_wanted(panel, painted, window, jobs, qtbot, tmp_path):
    painted.seed.show_value(5)
    painted.count.setValue(2)
    _press(panel, qtbot, "generate")
    (first,) = jobs
    assert (first.task, first.seed) == ("inpaint", 5)
    assert first.typed_settings().picture == str(tmp_path / "picture.png")
    with Image.open(first.settings["mask"]) as mask:
        hole = np.asarray(mask.convert("L"))
    middle = hole.shape[0] // 2
    assert (hole[middle, middle], hole[0, 0]) == (255, 0)
    _fill(window, first, 60)
    assert [job.seed for job in jobs] == [5, 6]
    _fill(window, jobs[1], 20)
    assert len(jobs) == 2
    assert painted.sheet.count() == 2
    assert painted.summary.text() == "seed 6 · class 1 · misfit 0.200"
    painted.choose(0)
    assert painted.summary.text() == "seed 5 · class 1 · misfit 0.600"


def test_the_series_goes_on_while_another_page_is_looked_at(panel, painted, window, jobs, qtbot):
    painted.count.setValue(3)
    _press(panel, qtbot, "generate")
    panel.show_page("style")
    for place, shade in enumerate((60, 20, 40)):
        _fill(window, jobs[place], shade)
    assert len(painted.candidates) == len(jobs) == 3
    assert panel.page is panel.pages["style"]


def test_another_page_that_asks_for_something_ends_the_series(panel, painted, window, jobs, qtbot):
    painted.count.setValue(3)
    _press(panel, qtbot, "generate")
    _fill(window, jobs[0], 20)
    panel.show_page("draw")
    _press(panel, qtbot, "generate")
    assert [job.task for job in jobs] == ["inpaint", "inpaint", "generate"]
    _fill(window, jobs[1], 60)
    assert len(jobs) == 3
    assert len(painted.candidates) == 1


@pytest.mark.parametrize(("chosen", "shown", "misfit"), [(None, 1, "0.200"), (0, 0, "0.600")])
def test_a_series_ends_with_the_best_candidate_or_the_one_chosen_meanwhile(
    panel, painted, window, jobs, qtbot, chosen, shown, misfit
):
    painted.count.setValue(3)
    _press(panel, qtbot, "generate")
    for place, shade in enumerate((60, 20)):
        _fill(window, jobs[place], shade)
        assert painted.sheet.current == place
    if chosen is not None:
        painted.sheet.opened.emit(chosen)
    _fill(window, jobs[2], 40)
    assert painted.sheet.current == shown
    assert f"misfit {misfit}" in painted.summary.text()


def test_a_series_that_is_stopped_ends_with_the_best_as_well(panel, painted, window, jobs, qtbot):
    painted.count.setValue(3)
    _press(panel, qtbot, "generate")
    _fill(window, jobs[0], 20)
    _fill(window, jobs[1], 60)
    window.engines.handle(jobs[2].id).deliver([Status("cancelled")])
    assert painted.sheet.current == 0


def test_other_paint_forgets_what_was_filled_and_what_still_runs(panel, painted, window, jobs, cancelled, qtbot):
    _press(panel, qtbot, "generate")
    qtbot.mouseClick(painted.canvas, Qt.MouseButton.LeftButton, pos=painted.canvas.picture_rect().topLeft().toPoint())
    assert cancelled == [jobs[0].id]
    _fill(window, jobs[0], 60)
    assert painted.candidates == []
    assert len(jobs) == 1
    _press(panel, qtbot, "generate")
    _fill(window, jobs[1], 30)
    assert len(painted.candidates) == 1


def test_a_candidate_is_saved_as_it_is_with_its_recipe(panel, painted, window, jobs, qtbot, tmp_path, monkeypatch):
    painted.count.setValue(1)
    _press(panel, qtbot, "generate")
    _fill(window, jobs[0], 60)
    asked = []

    def ask(parent, title, start, kinds):
        asked.append(start.name)
        return tmp_path / "filled.png"

    monkeypatch.setattr("desktop_app.panels.generation_saving.ask_where", ask)
    _press(panel, qtbot, "fillSave")
    qtbot.waitUntil(lambda: "Saved" in _told(window))
    assert asked == ["picture filled"]
    with Image.open(tmp_path / "filled.png") as saved:
        assert np.array_equal(np.asarray(saved), np.full((8, 8), 60))
    recipe = read_recipe(tmp_path / "filled.png")
    assert (recipe.job.task, recipe.run, recipe.epoch) == ("inpaint", panel.trained.id, 10)
    assert str(tmp_path) not in recipe.text()


def test_a_dropped_filling_brings_its_settings_back_and_asks_for_the_picture(panel, window, jobs, qtbot, tmp_path):
    settings = {"run": panel.trained.id, "picture": "a.png", "mask": "b.png", "steps": 7, "label": "2"}
    made = Job(task="inpaint", settings=settings, seed=9, backend="tensorflow")
    panel.show_page("draw")
    panel.take_paths([Path(gan_runs.save_with_recipe(tmp_path / "filled.png", made, panel.trained))])
    page = panel.pages["fill"]
    qtbot.waitUntil(lambda: panel.page is page)
    assert (page.seed.seed, page.label.label, page.editors["steps"].value()) == (9, "2", 7)
    assert "Choose a picture first" in _told(window)


def test_a_dropped_filling_begins_a_series_of_its_own(panel, painted, window, jobs, qtbot, tmp_path):
    painted.count.setValue(2)
    _press(panel, qtbot, "generate")
    _fill(window, jobs[0], 60)
    _fill(window, jobs[1], 30)
    made = Job(task="inpaint", settings={"run": panel.trained.id, "picture": "a", "mask": "b"}, seed=500)
    panel.recall(gan_runs.save_with_recipe(tmp_path / "filled.png", made, panel.trained))
    qtbot.waitUntil(lambda: len(jobs) == 3)
    assert painted.candidates == []
    _fill(window, jobs[2], 60)
    _fill(window, jobs[3], 30)
    assert [job.seed for job in jobs[2:]] == [500, 501]
    assert len(painted.candidates) == 2


def test_settings_that_no_editor_shows_come_back_and_are_named(panel, painted, window, jobs, qtbot, tmp_path):
    unseen = {"lr": 0.2, "far": 0.0, "window_px": 21}
    settings = {"run": panel.trained.id, "picture": "a", "mask": "b", **unseen}
    made = Job(task="inpaint", settings=settings, seed=5)
    panel.recall(gan_runs.save_with_recipe(tmp_path / "filled.png", made, panel.trained))
    qtbot.waitUntil(lambda: len(jobs) == 1)
    assert unseen.items() <= jobs[0].settings.items()
    assert painted.unseen.isVisible()
    assert painted.unseen.words.text() == (
        "Further settings come from the picture: Neighbourhood 21, Far pixels 0.0, Learning rate 0.2."
    )
    _press(panel, qtbot, "fillUnseenDefaults")
    assert not painted.unseen.isVisible()
    _press(panel, qtbot, "generate")
    again = jobs[1].typed_settings()
    assert (again.lr, again.far, again.window_px) == (0.05, 1.0, 7)


def test_every_setting_of_a_filling_is_shown_or_kept(panel):
    known = {*panel.pages["fill"].editors, *generation_fill.UNSEEN, "label", "epoch"}
    places = {"run", "picture", "mask", "out", "overwrite"}
    assert known | places == set(InpaintSettings.model_fields)


def test_a_file_that_is_no_picture_is_a_sentence(panel, window, qtbot, tmp_path):
    (tmp_path / "no.png").write_text("no picture")
    panel.take_paths([tmp_path / "no.png"])
    qtbot.waitUntil(lambda: "no.png" in _told(window), timeout=20_000)
    assert panel.pages["fill"].picture.picture is None


def test_one_mask_at_a_time_is_kept(panel, painted, window, jobs, qtbot):
    painted.count.setValue(2)
    _press(panel, qtbot, "generate")
    _fill(window, jobs[0], 60)
    masks = [Path(job.settings["mask"]) for job in jobs]
    assert [mask.exists() for mask in masks] == [False, True]


def test_a_folder_of_masks_that_was_swept_away_is_made_anew(panel, painted, window, jobs, qtbot):
    painted.count.setValue(2)
    _press(panel, qtbot, "generate")
    shutil.rmtree(Path(jobs[0].settings["mask"]).parent)
    _fill(window, jobs[0], 60)
    assert Path(jobs[1].settings["mask"]).exists()


def test_paint_that_can_not_be_written_is_a_sentence(panel, painted, window, jobs, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    _press(panel, qtbot, "generate")
    assert f"What is painted can't be written into '{tmp_path / 'gone'}'." in _told(window)
    assert jobs == []


def test_no_mask_is_left_behind(panel, painted, window, jobs, qtbot):
    _press(panel, qtbot, "generate")
    mask = Path(jobs[0].settings["mask"])
    assert mask.exists()
    window.close()
    assert not mask.parent.exists()
