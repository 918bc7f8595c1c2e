"""The button that scores a run and opens its report."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

from core.events import Progress, Status
from core.jobs import Job


@pytest.fixture
def jobs(window, monkeypatch):
    """What the interactive engine is asked for; it never answers by itself."""
    made: list[Job] = []
    submit = lambda job, folder="": made.append(job) if job.task == "evaluate" else None  # noqa: E731
    monkeypatch.setattr(window.engines.interactive, "submit", submit)
    monkeypatch.setattr(window.engines.interactive, "cancel", lambda job_id, *, grace_s=0: made.append(job_id))
    yield made
    for job in made:
        if isinstance(job, Job) and (handle := window.engines.handle(job.id)) is not None:
            handle.deliver([Status("cancelled")])


@pytest.fixture
def panel(window, workspace, qtbot, jobs):
    """The training panel, a run with a model chosen; `opened` are the files that were shown."""
    job = Job(task="train", model="cnn", settings={"data": "digits"}, name="Mine", backend="tensorflow")
    run, _ = workspace.create_run(job)
    run.update(status="done")
    run.model_folder.mkdir()
    (run.model_folder / "model.json").write_text("{}")
    window.store.refresh()
    made = window.panels["training"]
    made.opened, made.run = [], run
    made.report._open = made.opened.append
    made.runs.choose(run.id)
    qtbot.waitUntil(lambda: made.runs.table.chosen() is not None, timeout=10_000)
    return made


def _press(panel, qtbot, name: str = "reportRun") -> None:
    widget = panel.findChild(QAbstractButton, name)
    assert widget.isEnabled()
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def _told(window) -> str:
    return " ".join(message.text.text() for message in window.messages.messages())


def _write(panel) -> Path:
    path = panel.run.folder / "report.html"
    path.write_text("<html></html>")
    return path


def test_a_run_is_scored_and_its_report_opened(panel, window, jobs, qtbot):
    _press(panel, qtbot)
    (job,) = jobs
    assert (job.task, job.settings["run"], job.backend) == ("evaluate", panel.run.id, "tensorflow")
    assert panel.report.isVisible()
    handle = window.engines.handle(job.id)
    handle.deliver([Progress("evaluate", 10, 100, "pictures", 5.0, 18.0)])
    assert "18 s left" in panel.report.progress.numbers.text()
    report = _write(panel)
    handle.deliver([Status("finished", result={"report": str(report), "metrics": {}})])
    assert panel.opened == [report]
    assert not panel.report.isVisible()
    assert "'Mine' is scored." in _told(window)

    # By now there is one: it is opened at once, until the model is another.
    _press(panel, qtbot)
    assert panel.opened == [report, report]
    assert len(jobs) == 1
    newer = report.stat().st_mtime + 5
    os.utime(panel.run.model_folder / "model.json", (newer, newer))
    _press(panel, qtbot)
    assert len(jobs) == 2


def test_scoring_can_be_stopped_and_a_second_waits(panel, window, jobs, qtbot):
    _press(panel, qtbot)
    _press(panel, qtbot)
    assert "Another run is being scored" in _told(window)
    _press(panel, qtbot, "stopReport")
    assert jobs[1:] == [jobs[0].id]
    window.engines.handle(jobs[0].id).deliver([Status("cancelled")])
    assert not panel.report.isVisible()
    assert panel.opened == []


def test_why_there_is_no_report_is_a_sentence(panel, window, jobs, qtbot):
    _press(panel, qtbot)
    values = {"data": "digits"}
    window.engines.handle(jobs[0].id).deliver([Status("failed", message="'{data}' is gone.", values=values)])
    assert "'digits' is gone." in _told(window)
    _press(panel, qtbot)
    window.engines.handle(jobs[1].id).deliver([Status("finished", result={"report": "", "error": "The disk is full."})])
    assert "The disk is full." in _told(window)
    assert panel.opened == []


def test_a_run_without_a_model_has_no_report(panel, window, workspace, qtbot):
    run, _ = workspace.create_run(Job(task="train", model="cnn", settings={"data": "digits"}, backend="tensorflow"))
    run.update(status="failed")
    window.store.refresh()
    qtbot.waitUntil(lambda: len(window.store.rows) == 2, timeout=10_000)
    panel.runs.choose(run.id)
    qtbot.waitUntil(lambda: panel.runs.table.chosen().run.id == run.id, timeout=10_000)
    assert not panel.findChild(QAbstractButton, "reportRun").isEnabled()
