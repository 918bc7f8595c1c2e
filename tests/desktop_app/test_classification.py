from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from core.events import Images, Log, Status
from core.jobs import Job


def _answer(path: str, label: str) -> dict:
    return {"path": path, "label": label, "probability": 0.9, "top": [{"label": label, "probability": 0.9}]}


@pytest.fixture
def panel(window, qtbot, workspace, monkeypatch):
    """The classification panel with two trained runs; `panel.jobs` lists what it asks the engine for."""
    runs = []
    for data in ("digits", "shapes"):
        run, _ = workspace.create_run(Job(task="train", model="cnn", settings={"data": data}, backend="tensorflow"))
        run.model_folder.mkdir()
        (run.model_folder / "model.json").write_text("{}")
        runs.append(run)
    window.store.refresh()
    qtbot.waitUntil(lambda: len(window.store.rows) == 2)
    made = window.panels["classification"]
    made.jobs = []
    monkeypatch.setattr(window.engines.interactive, "submit", lambda job, folder="": made.jobs.append(job))
    made.trained = runs
    return made


def _classify(panel, run, path: str, label: str) -> None:
    panel.take_run(run.id)
    panel.take_paths([Path(path)])
    picture = np.zeros((4, 4, 3), np.uint8)
    handle = panel._job
    handle.deliver([Images("classified", (picture,), (_answer(path, label),))])
    handle.deliver([Status("finished", result={"results": [_answer(path, label)], "skipped": []})])


def test_another_run_answers_anew_for_the_same_picture(panel, qtbot, tmp_path):
    first, second = panel.trained
    _classify(panel, first, "a.png", "cat")
    _classify(panel, first, "b.png", "cat")
    assert len(panel.table.predictions.rows) == 2
    _classify(panel, second, "a.png", "dog")
    assert [row["label"] for row in panel.table.predictions.rows] == ["dog"]
    assert panel.bars.rows() == [("dog", 0.9)]
    panel.save_csv(tmp_path / "out.csv")
    qtbot.waitUntil((tmp_path / "out.csv").exists)
    lines = list(csv.reader((tmp_path / "out.csv").read_text("utf-8-sig").splitlines()))
    assert [line[:2] for line in lines[1:]] == [["a.png", "dog"]]


def test_the_same_run_with_a_newer_model_starts_an_empty_table(panel, window, qtbot):
    run = panel.trained[0]
    _classify(panel, run, "a.png", "cat")
    before = window.store.row(run.id).model_stamp
    (run.model_folder / "weights").write_text("newer")
    window.store.refresh()
    qtbot.waitUntil(lambda: window.store.row(run.id).model_stamp != before)
    _classify(panel, run, "b.png", "dog")
    assert [row["path"] for row in panel.table.predictions.rows] == ["b.png"]


def test_a_later_answer_for_a_picture_replaces_the_earlier_one(panel):
    _classify(panel, panel.trained[0], "a.png", "cat")
    _classify(panel, panel.trained[0], "a.png", "dog")
    assert [row["label"] for row in panel.table.predictions.rows] == ["dog"]
    assert panel.bars.rows() == [("dog", 0.9)]


@pytest.mark.parametrize(("installed", "taken"), [(["jax", "tensorflow"], "tensorflow"), (["jax"], "jax")])
def test_the_first_installed_backend_stands_in_for_a_missing_one(panel, monkeypatch, installed, taken):
    monkeypatch.setattr("core.jobs.installed_backends", lambda: installed)
    monkeypatch.setattr("desktop_app.panels.classification.installed_backends", lambda: installed)
    _classify(panel, panel.trained[0], "a.png", "cat")
    assert panel.jobs[0].backend == taken


def test_a_run_that_is_gone_is_never_answered_for_by_another(panel, window, qtbot):
    second = panel.trained[1]
    panel.take_run("gone")
    assert panel.run_box.currentIndex() == -1
    panel.take_paths([Path("a.png")])
    assert not panel.jobs
    assert "Choose a run" in window.messages.messages()[-1].text.text()
    panel.run_box.setCurrentIndex(panel.run_box.findData(second.id))
    panel.run_box.activated.emit(panel.run_box.currentIndex())  # as a click does
    with qtbot.waitSignal(window.store.runs_changed):
        window.store.refresh()
    assert panel.run_box.currentData() == second.id
    panel.take_paths([Path("a.png")])
    assert [job.settings["run"] for job in panel.jobs] == [second.id]
    panel._job.deliver([Status("cancelled")])


def test_what_the_job_warns_of_is_told_and_what_it_only_mentions_is_not(window, panel):
    panel.take_run(panel.trained[0].id)
    panel.take_paths([Path("deep.tif")])
    panel._job.deliver(
        [
            Log("{count} files hold several pages or frames: of each the first is taken.", values={"count": 2}),
            Log("{count} pictures have more channels than a colour picture.", "warning", {"count": 3}),
        ]
    )
    told = [message.text.text() for message in window.messages.messages()]  # beside what the window itself may say
    assert "3 pictures have more channels than a colour picture." in told
    assert not any("several pages" in text for text in told)
