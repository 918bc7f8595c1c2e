"""The engine process: real processes, the data engine's real tasks, real kills."""

import json
import multiprocessing
import os
import pickle
import signal
import time
from contextlib import contextmanager

import pytest

from core.context import Context
from core.engine.engine import run_job, serve
from core.errors import CancelledError, UserError
from core.events import ENDINGS, Log, Status
from core.jobs import Job
from core.runs.run import Workspace

CHECK = {"task": "check", "settings": {"data": "digits"}}


def events_of(job, workspace, run=None):
    events = []
    ending = run_job(Context(job, workspace, run, events.append))
    assert events[-1] is ending
    assert [event.state for event in events if isinstance(event, Status) and event.state in ENDINGS] == [ending.state]
    return events, ending


def test_a_job_ends_with_one_finished_status(tmp_path):
    _, ending = events_of(Job(**CHECK), Workspace(tmp_path))
    assert ending.state == "finished"
    assert ending.result["samples"] == 1797


def test_a_wrong_setting_ends_as_failed_with_a_sentence(tmp_path):
    _, ending = events_of(Job(task="check", settings={"data": "digits", "test_share": 7}), Workspace(tmp_path))
    assert ending.state == "failed"
    assert "test_share" in str(UserError(ending.message, hint=ending.hint, **ending.values))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "out of memory"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 9 GB"), "out of memory"),
        (KeyError("LIVING_ROOM"), "KeyError: 'LIVING_ROOM'"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
    ],
)
def test_a_crash_of_a_task_is_told_in_a_sentence(tmp_path, monkeypatch, error, said):
    def crash(settings, context):
        raise error

    monkeypatch.setattr("core.data.check.check", crash)
    _, ending = events_of(Job(**CHECK), Workspace(tmp_path))
    assert said in str(UserError(ending.message, hint=ending.hint, **ending.values))
    assert type(error).__name__ in ending.trace


def test_a_failed_training_leaves_its_reason_in_the_run(tmp_path):
    workspace = Workspace(tmp_path)
    run, job = workspace.create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    _, ending = events_of(job.model_copy(update={"settings": {**job.settings, "epochs": -1}}), workspace, run)
    assert ending.state == "failed"
    assert run.record().status == "failed"
    assert "epochs" in run.record().message


def test_pausing_holds_the_task_and_cancelling_wakes_it(tmp_path):
    events = []
    context = Context(Job(**CHECK), Workspace(tmp_path), listener=events.append)
    context.pause()
    assert context.paused
    context.cancel()
    with pytest.raises(CancelledError):
        context.check()


def test_a_run_that_another_process_trains_is_left_as_it_is(tmp_path):
    workspace = Workspace(tmp_path)
    run, job = workspace.create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    run.update(status="running")
    with run.locked():
        _, ending = events_of(job, workspace, type(run)(run.folder))
    assert "another window" in ending.message
    assert run.record().status == "running"
    assert run.record().message == ""


def test_the_log_file_keeps_what_was_reported(tmp_path, monkeypatch):
    def task(settings, context):
        context.report(Log("Skipped '{path}'.", "warning", {"path": "a.png"}))
        return {}

    monkeypatch.setattr("core.data.check.check", task)
    workspace = Workspace(tmp_path)
    run, _ = workspace.create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    events_of(Job(**CHECK), workspace, run)
    assert "Skipped 'a.png'." in run.log_path.read_text(encoding="utf-8")


@contextmanager
def engine(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs, str(tmp_path), 1))
    process.start()
    theirs.close()
    try:
        yield ours, process
    finally:
        ours.close()
        process.join(timeout=20)
        alive = process.is_alive()
        process.kill()
        process.join()
        assert not alive, "the engine outlived its window"


def ending_of(connection, job):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert connection.poll(60)
        for job_id, event in connection.recv():
            if job_id == job.id and isinstance(event, Status) and event.state in ENDINGS:
                return event
    raise AssertionError("no ending")


def test_an_engine_does_one_job_after_another_and_ends_when_told(tmp_path):
    with engine(tmp_path) as (connection, process):
        for _ in range(2):
            job = Job(**CHECK)
            connection.send(("run", job.model_dump(mode="json"), ""))
            assert ending_of(connection, job).state == "finished"
        connection.send(("end",))
        process.join(timeout=20)
        assert process.exitcode == 0


def test_a_queued_job_can_be_cancelled_before_it_starts(tmp_path):
    with engine(tmp_path) as (connection, _):
        first, second = Job(task="check", settings={"data": "shapes", "count": 2000}), Job(**CHECK)
        for job in (first, second):
            connection.send(("run", job.model_dump(mode="json"), ""))
        connection.send(("cancel", second.id))
        connection.send(("cancel", first.id))
        assert ending_of(connection, first).state in ("cancelled", "finished")
        assert ending_of(connection, second).state == "cancelled"


def test_an_engine_whose_window_dies_exits_by_itself(tmp_path):
    with engine(tmp_path) as (connection, process):
        connection.close()
        process.join(timeout=20)
        assert not process.is_alive()


@pytest.mark.skipif(not hasattr(signal, "SIGINT") or os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_in_the_terminal_does_not_end_the_engine(tmp_path):
    with engine(tmp_path) as (connection, process):
        job = Job(**CHECK)
        connection.send(("run", job.model_dump(mode="json"), ""))
        ending_of(connection, job)
        os.kill(process.pid, signal.SIGINT)
        job = Job(**CHECK)
        connection.send(("run", job.model_dump(mode="json"), ""))
        assert ending_of(connection, job).state == "finished"


def test_every_event_is_picklable_and_a_result_is_json():
    status = Status("failed", "'{path}' is wrong.", values={"path": "a"}, result={"n": 1})
    assert pickle.loads(pickle.dumps(status)) == status
    assert json.dumps(status.result) == '{"n": 1}'
