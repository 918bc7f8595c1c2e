from __future__ import annotations

import os
import signal
import time

import fake_engine
import pytest

from core.events import ENDINGS, Status
from core.jobs import Job
from core.runs.run import Run
from desktop_app.engine_thread import EngineThread


@pytest.fixture
def engine(qtbot, workspace):
    made = []

    def make(main=None, **options) -> EngineThread:
        thread = EngineThread("training", workspace, main=main, **options)
        made.append(thread)
        return thread

    yield make
    for thread in made:
        if thread.isRunning():
            thread.close()
            assert thread.wait(10_000)


def _train() -> Job:
    return Job(task="train", model="cnn", settings={"data": "digits"}, backend="tensorflow")


def _endings(events) -> list[Status]:
    return [event for _, event in events if isinstance(event, Status) and event.state in ENDINGS]


@pytest.fixture
def listen(qtbot):
    """Collects what an engine delivers; `until_ended(n)` waits for n endings."""

    def make(thread):
        events = []
        thread.delivered.connect(lambda job_id, group: events.extend((job_id, event) for event in group))

        def until_ended(count=1, timeout=20_000):
            qtbot.waitUntil(lambda: len(_endings(events)) >= count, timeout=timeout)
            return _endings(events)

        return events, until_ended

    return make


def test_a_job_ends_once_and_last(engine, listen):
    thread = engine(fake_engine.obedient)
    events, until_ended = listen(thread)
    job = _train()
    thread.submit(job)
    (ending,) = until_ended()
    assert ending.state == "finished"
    assert events[-1] == (job.id, ending)


def test_a_training_gets_its_run_folder_before_it_starts(engine, listen, workspace):
    thread = engine(fake_engine.obedient)
    events, until_ended = listen(thread)
    thread.submit(_train())
    until_ended()
    assert events[0][1].kind == "run"
    assert Run(workspace.runs()[0].folder).record().job.settings["epochs"] > 0


def test_a_fresh_engine_gives_each_job_its_own_process(engine, listen):
    thread = engine(fake_engine.obedient, fresh=True)
    _, until_ended = listen(thread)
    thread.submit(_train())
    thread.submit(_train())
    first, second = until_ended(2)
    assert first.result["pid"] != second.result["pid"]


def test_a_lasting_engine_keeps_its_process_until_the_backend_changes(engine, listen):
    thread = engine(fake_engine.obedient)
    _, until_ended = listen(thread)
    for backend in ("tensorflow", "tensorflow", "jax"):
        thread.submit(_train().model_copy(update={"backend": backend}))
    first, second, third = until_ended(3)
    assert first.result["pid"] == second.result["pid"] != third.result["pid"]


def test_a_killed_engine_fails_its_job_in_a_sentence_and_the_next_job_runs(engine, listen, workspace):
    thread = engine(fake_engine.suicidal)
    _, until_ended = listen(thread)
    thread.submit(_train())
    (ending,) = until_ended()
    assert ending.state == "failed"
    assert "memory" in ending.values["reason"]
    assert workspace.runs()[0].record().status == "failed"
    assert workspace.runs()[0].resumable()
    thread._main = fake_engine.obedient
    thread.submit(_train())
    assert until_ended(2)[1].state == "finished"


def test_a_deaf_engine_is_ended_after_the_grace_and_its_run_stays_resumable(engine, listen, workspace, qtbot):
    thread = engine(fake_engine.deaf)
    events, until_ended = listen(thread)
    job = _train()
    thread.submit(job)
    qtbot.waitUntil(lambda: any(isinstance(event, Status) for _, event in events), timeout=10_000)
    begin = time.monotonic()
    thread.cancel(job.id, grace_s=1.0)
    (ending,) = until_ended()
    assert 0.9 < time.monotonic() - begin < 3
    assert ending.state == "cancelled"
    assert workspace.runs()[0].record().status == "stopped"
    assert workspace.runs()[0].resumable()


def test_an_engine_that_saves_at_stop_is_not_killed_in_the_middle(engine, listen, qtbot):
    thread = engine(fake_engine.slow_saver)
    events, until_ended = listen(thread)
    job = _train()
    thread.submit(job)
    qtbot.waitUntil(lambda: any(isinstance(event, Status) for _, event in events), timeout=10_000)
    thread.cancel(job.id, grace_s=1.0)
    (ending,) = until_ended()
    assert ending.result == {"saved": True}


@pytest.mark.slow
def test_a_frozen_engine_is_ended_five_seconds_after_stop(engine, listen, qtbot):
    thread = engine(fake_engine.deaf)
    events, until_ended = listen(thread)
    job = _train()
    thread.submit(job)
    qtbot.waitUntil(lambda: any(isinstance(event, Status) for _, event in events), timeout=10_000)
    os.kill(thread.process_id, signal.SIGSTOP)
    begin = time.monotonic()
    thread.cancel(job.id)
    (ending,) = until_ended()
    assert 4.8 < time.monotonic() - begin < 6
    assert ending.state == "cancelled"


def test_cancelling_a_waiting_job_leaves_the_running_one_alone(engine, listen, workspace, qtbot):
    thread = engine(fake_engine.deaf)
    events, until_ended = listen(thread)
    first, second = _train(), _train()
    thread.submit(first)
    thread.submit(second)
    qtbot.waitUntil(lambda: any(isinstance(event, Status) for _, event in events), timeout=10_000)
    thread.cancel(second.id)
    (ending,) = until_ended()
    assert ending.state == "cancelled"
    assert [job_id for job_id, event in events if event is ending] == [second.id]
    assert sorted(run.record().status for run in workspace.runs()) == ["queued", "stopped"]
    thread.cancel(first.id, grace_s=0)
    until_ended(2)


def test_a_workspace_that_cannot_be_written_is_one_sentence(engine, listen, workspace):
    workspace.folder.parent.mkdir(exist_ok=True)
    workspace.folder.write_text("a file where the folder should be")
    thread = engine(fake_engine.obedient)
    _, until_ended = listen(thread)
    thread.submit(_train())
    (ending,) = until_ended()
    assert ending.state == "failed"
    assert "cannot be written" in ending.message
    assert ending.hint


def test_events_arrive_at_most_fifteen_times_a_second(engine, qtbot):
    thread = engine(fake_engine.chatty)
    times = []
    ended = []
    thread.delivered.connect(lambda job_id, group: times.append(time.monotonic()))
    thread.delivered.connect(lambda job_id, group: ended.extend(_endings([(job_id, event) for event in group])))
    thread.submit(_train())
    qtbot.waitUntil(lambda: bool(ended), timeout=20_000)
    assert len(times) / (times[-1] - times[0]) < 17
    assert ended[0].result["steps"] >= 2900


def test_closing_an_idle_engine_ends_its_process(engine, listen):
    thread = engine(fake_engine.obedient)
    _, until_ended = listen(thread)
    thread.submit(_train())
    until_ended()
    process = thread.process_id
    thread.close()
    assert thread.wait(5000)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
