from __future__ import annotations

from pathlib import Path

import gan_runs
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

from core.events import Status
from core.inference.latent_path import latent_path
from core.jobs import Job


@pytest.fixture
def jobs(window, monkeypatch):
    """What the interactive engine is asked for; it never answers by itself."""
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
    """The generation panel, its page of ways shown, with a run by class."""
    run = gan_runs.make_gan_run(workspace)
    window.store.refresh()
    made = window.panels["generation"]
    qtbot.waitUntil(lambda: made.runs.run is not None)
    window.show_panel("generation")
    made.show_page("way")
    made.trained = run
    return made


def _press(panel, qtbot, name: str) -> None:
    qtbot.mouseClick(panel.findChild(QAbstractButton, name), Qt.MouseButton.LeftButton)


def _answer(window, job: Job, *events) -> None:
    window.engines.handle(job.id).deliver([*events, Status("finished", result={"files": []})])


def test_a_way_is_drawn_and_played(panel, window, jobs, qtbot):
    page = panel.pages["way"]
    page.editors["fps"].show_value(50)
    _press(panel, qtbot, "generate")
    (job,) = jobs
    assert (job.task, job.seed) == ("interpolate", 0)
    assert job.typed_settings().method == "spherical"
    _answer(window, job, gan_runs.way(job))
    assert page.film.playing
    assert page.summary.text() == "16 pictures · spherical · after 10 epochs"
    qtbot.waitUntil(lambda: page.film.slider.value() >= 2)
    _press(panel, qtbot, "filmPlay")
    stood = page.film.slider.value()
    qtbot.wait(100)
    assert page.film.slider.value() == stood
    page.film.slider.setValue(15)
    assert page.about.text() == "100% of the way · class 2"
    assert page.film.place.text() == "16 of 16"


def test_a_film_stands_still_while_it_is_not_seen(panel, window, jobs, qtbot):
    page = panel.pages["way"]
    _press(panel, qtbot, "generate")
    _answer(window, jobs[0], gan_runs.way(jobs[0]))
    panel.show_page("draw")
    assert not page.film._timer.isActive()
    panel.show_page("way")
    assert page.film._timer.isActive()
    page.film.play_or_pause()


def test_pictures_of_a_sheet_become_the_ends_of_a_way(panel, window, jobs, qtbot):
    panel.show_page("draw")
    panel.pages["draw"].seed.show_value(40)
    panel.pages["draw"]._editors["truncation"].show_value(0.5)
    _press(panel, qtbot, "generate")
    _answer(window, jobs[0], gan_runs.drawn(jobs[0]))
    panel.pages["draw"].open(4)
    _press(panel, qtbot, "drawFrom")
    assert panel.page is panel.pages["draw"]  # where the other end is chosen
    panel.pages["draw"].open(8)
    _press(panel, qtbot, "drawTo")
    assert panel.page is panel.pages["way"]
    settings = jobs[-1].settings
    assert jobs[-1].task == "interpolate"
    ends = ("from_seed", "from_number", "to_seed", "to_number", "label", "to_label", "truncation")
    assert tuple(settings[name] for name in ends) == (40, 4, 40, 8, "1", "2", 0.5)


@pytest.mark.parametrize(
    ("method", "shown"),
    [("spherical", {"to"}), ("linear", {"to"}), ("arithmetic", {"to", "less"}), ("walk", set())],
)
def test_only_the_ends_that_matter_are_shown(panel, method, shown):
    page = panel.pages["way"]
    page.editors["method"].show_value(method)
    assert {end for end, editor in page.ends.items() if editor.isVisible()} == {"from", *shown}


def test_a_walk_is_said_to_keep_its_class(panel):
    page = panel.pages["way"]
    assert page.to_label.itemText(0) == "by number"
    page.editors["method"].show_value("walk")
    page._fit()
    assert page.to_label.itemText(0) == "the same"


@pytest.mark.parametrize("kind", ["gif", "mp4", "png"])
def test_a_way_is_saved_at_the_pace_it_is_played_at(panel, window, jobs, qtbot, monkeypatch, tmp_path, kind):
    page = panel.pages["way"]
    _press(panel, qtbot, "generate")
    _answer(window, jobs[0], gan_runs.way(jobs[0]))
    page.editors["fps"].show_value(25)
    assert len(jobs) == 1  # a pace draws nothing anew
    offered = {}

    def ask(parent, title, start, kinds):
        offered.update(kinds)
        return tmp_path / f"way.{kind}"

    monkeypatch.setattr("desktop_app.panels.generation_saving.ask_where", ask)
    _press(panel, qtbot, "waySave")
    assert set(offered) == {"gif", "mp4", "png"}
    file = {"out": str(tmp_path / f"way.{kind}"), "overwrite": True}
    assert jobs[1].settings == {**jobs[0].settings, "fps": 25.0, **file}
    assert jobs[1].seed == jobs[0].seed
    page.film.play_or_pause()


@pytest.mark.parametrize("method", ["spherical", "arithmetic", "walk"])
def test_a_dropped_way_goes_the_same_way_again(panel, window, jobs, qtbot, tmp_path, method):
    panel.show_page("draw")
    settings = {"run": panel.trained.id, "method": method, "steps": 5, "to_number": 3, "average": 2, "columns": 3}
    made = Job(task="interpolate", settings=settings, seed=2**31 - 1, backend="tensorflow")
    picture = gan_runs.save_with_recipe(tmp_path / "way.png", made, panel.trained)
    panel.take_paths([Path(picture)])
    qtbot.waitUntil(lambda: bool(jobs))
    assert panel.page is panel.pages["way"]
    before, after = made.typed_settings(), jobs[0].typed_settings()
    expected = latent_path(before, made.seed, 8)
    found = latent_path(after, jobs[0].seed, 8)
    assert (found.latents == expected.latents).all()
    assert after.columns == 3
