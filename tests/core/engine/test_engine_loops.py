"""The engine's loops go on whatever they are given: each job has one ending, the next one is done."""

import enum
import multiprocessing
import pickle
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from core.engine.engine import Engine
from core.errors import UserError
from core.events import ENDINGS, Images, Log, Metric, Status, Text
from core.jobs import Job
from core.runs.run import Workspace

CHECK = {"task": "check", "settings": {"data": "digits"}}


class Unsendable:
    """Pickles on no account."""

    def __reduce__(self):
        raise RuntimeError("no pickle")


class UnspeakableError(Exception):
    """Has no text."""

    def __str__(self):
        raise ValueError("no text")


class Colour(enum.StrEnum):
    RED = "red"


def test_what_a_task_puts_into_an_event_becomes_plain():
    values = {
        "path": Path("a"),
        "error": OSError("b"),
        "unspeakable": UnspeakableError(),
        "number": np.float32(0.5),
        "count": np.int64(3),
        "right": np.True_,
        "colour": Colour.RED,
        "rows": [(np.float64(1), None)],
    }
    wanted = {
        "path": "a",
        "error": "b",
        "unspeakable": "UnspeakableError",
        "number": 0.5,
        "count": 3,
        "right": True,
        "colour": "red",
        "rows": [(1.0, None)],
    }
    made = [
        Status("finished", values=values, result=values).values,
        Status("finished", values=values, result=values).result,
        Log("a", values=values).values,
        Text("a", details=values).details,
        Images("a", (), (values,)).details[0],
    ]
    for found in made:
        assert found == wanted
        assert [type(value) for value in found.values()] == [type(value) for value in wanted.values()]
    assert type(Metric(1, 1.0, {"loss": np.float32(2)}).values["loss"]) is float


@contextmanager
def engine(tmp_path):
    """An engine in a thread of this process."""
    ours, theirs = multiprocessing.Pipe()
    thread = threading.Thread(target=Engine(theirs, Workspace(tmp_path)).run)
    thread.start()
    try:
        yield ours
    finally:
        ours.send(("end",))
        thread.join(timeout=20)
        assert not thread.is_alive()
        ours.close()
        theirs.close()


def heard(connection, job_id):
    """Every event of a job up to its ending."""
    events = []
    while not (events and isinstance(events[-1], Status) and events[-1].state in ENDINGS):
        assert connection.poll(30), "no ending"
        events += [event for found, event in connection.recv() if found == job_id]
    return events


def run(connection, **changes):
    job = Job(**{**CHECK, **changes})
    connection.send(("run", job.model_dump(mode="json"), ""))
    return heard(connection, job.id)


def test_an_event_that_cannot_be_sent_is_told_and_the_others_arrive(tmp_path, monkeypatch):
    def task(settings, context):
        context.report(Log("before"))
        context.report(Images("a", (Unsendable(),)))
        context.report(Log("after"))
        return {"samples": 3}

    with engine(tmp_path) as connection:
        monkeypatch.setattr("core.data.check.check", task)
        events = run(connection)
        logs = [UserError(event.message, **event.values) for event in events if isinstance(event, Log)]
        assert [str(log) for log in logs] == [
            "before",
            "An event of the job can't be passed on (Images: no pickle): it is left out.",
            "after",
        ]
        assert events[-1].result == {"samples": 3}
        assert run(connection)[-1].state == "finished"


def test_an_ending_that_cannot_be_sent_ends_the_job_all_the_same(tmp_path, monkeypatch):
    with engine(tmp_path) as connection:
        monkeypatch.setattr("core.data.check.check", lambda settings, context: {"a": 1})
        monkeypatch.setattr("core.events.plain", lambda value: {"a": Unsendable()} if value == {"a": 1} else value)
        ending = run(connection)[-1]
        assert ending.state == "failed"
        assert "can't be passed on" in ending.message
        monkeypatch.undo()
        monkeypatch.setattr("core.data.check.check", lambda settings, context: {"a": 1})
        assert run(connection)[-1].state == "finished"


@pytest.mark.parametrize(
    "values",
    [
        {"id": "x"},
        {"id": "x", **CHECK, "backend": "abacus"},
        {"id": "x", **CHECK, "format": 99},
        {"id": "x", "task": 7},
    ],
)
def test_a_job_that_is_none_ends_in_a_sentence(tmp_path, monkeypatch, values):
    with engine(tmp_path) as connection:
        connection.send(("run", values, ""))
        (ending,) = heard(connection, "x")
        assert ending.state == "failed"
        assert ending.hint
        monkeypatch.setattr("core.data.check.check", lambda settings, context: {})
        assert run(connection)[-1].state == "finished"


def test_the_run_of_a_job_that_is_none_is_marked_as_failed(tmp_path):
    made, job = Workspace(tmp_path).create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    with engine(tmp_path) as connection:
        connection.send(("run", {**job.model_dump(mode="json"), "device": "abacus"}, str(made.folder)))
        heard(connection, job.id)
    assert made.record().status == "failed"
    assert "abacus" in made.record().message


def test_messages_that_are_none_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr("core.data.check.check", lambda settings, context: {})
    with engine(tmp_path) as connection:
        for message in (
            None,
            7,
            (),
            ("run",),
            ("cancel", "nobody"),
            ("cancel", ["a"]),
            ("check", "x"),
            ["run", [], ""],
        ):
            connection.send(message)
        connection.send_bytes(b"no pickle")
        connection.send_bytes(pickle.dumps(("run",))[:-2])
        connection.send(("run", {"id": "y"}, 7))
        assert run(connection)[-1].state == "finished"


@pytest.mark.parametrize("error", [SystemExit(3), UnspeakableError(), RecursionError(), GeneratorExit()])
def test_whatever_a_task_raises_ends_its_job_and_no_other(tmp_path, monkeypatch, error):
    def task(settings, context):
        raise error

    with engine(tmp_path) as connection:
        monkeypatch.setattr("core.data.check.check", task)
        events = run(connection)
        assert [event.state for event in events if isinstance(event, Status)][1:] == ["failed"]
        assert type(error).__name__ in events[-1].values["kind"]
        monkeypatch.setattr("core.data.check.check", lambda settings, context: {})
        assert run(connection)[-1].state == "finished"
