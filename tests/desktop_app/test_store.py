from __future__ import annotations

import json

import pytest

from core.jobs import Job
from desktop_app.store import Store


@pytest.fixture
def store(qapp, workspace, preferences):
    made = Store(workspace, preferences)
    made.told = []
    made.failed.connect(lambda error: made.told.append(str(error)))
    yield made
    made.close()


def _train() -> Job:
    return Job(task="train", model="cnn", settings={"data": "digits"})


def _refresh(store, qtbot) -> None:
    with qtbot.waitSignal(store.runs_changed, timeout=5000):
        store.refresh()


@pytest.mark.parametrize(
    "odd",
    [
        {"dataset": {"classes": None}},
        {"dataset": {"classes": 3}},
        {"result": {"metrics": None}},
        {"result": {"metrics": [1]}},
        {"result": {"epochs": float("inf")}},
        {"job": None},
        {"created": 5},
    ],
)
def test_a_run_with_odd_content_is_left_out_and_named_once(store, qtbot, workspace, odd):
    good, _ = workspace.create_run(_train())
    bad, _ = workspace.create_run(_train())
    bad.record_path.write_text(json.dumps(json.loads(bad.record_path.read_text()) | odd))
    for _ in range(2):
        _refresh(store, qtbot)
        assert [row.run.id for row in store.rows] == [good.id]
    assert len([text for text in store.told if bad.id in text]) == 1


def test_a_scan_that_fails_is_told_and_the_next_one_works(store, qtbot, workspace, monkeypatch):
    workspace.create_run(_train())
    with monkeypatch.context() as patch:
        patch.setattr("desktop_app.store._runs", lambda _: 1 / 0)
        with qtbot.waitSignal(store.failed, timeout=5000):
            store.refresh()
    _refresh(store, qtbot)
    assert len(store.rows) == 1


def test_a_run_that_was_cut_off_can_classify_with_its_checkpoint(store, qtbot, workspace):
    run, _ = workspace.create_run(_train())
    _refresh(store, qtbot)
    assert not store.rows[0].has_model
    (run.checkpoints / ".tmp-1").mkdir(parents=True)  # half written
    run.update(status="interrupted")
    _refresh(store, qtbot)
    assert not store.rows[0].has_model
    (run.checkpoints / "000001").mkdir()
    _refresh(store, qtbot)
    assert store.rows[0].has_model
    assert store.rows[0].model_stamp > 0


def test_epochs_of_a_run_without_a_result_are_those_of_its_history(store, qtbot, workspace):
    run, _ = workspace.create_run(_train())
    run.history_path.write_text("epoch,loss\n0,2.0\n1,1.0\n2,0.5\n")
    run.update(status="running")
    _refresh(store, qtbot)
    assert store.rows[0].epochs is None  # it is still counting
    run.update(status="stopped")
    _refresh(store, qtbot)
    assert store.rows[0].epochs == 3
    run.update(result={"epochs": 7})
    _refresh(store, qtbot)
    assert store.rows[0].epochs == 7


@pytest.fixture
def watched(store, qtbot, monkeypatch):
    """The store, looking often, and how often it has told of other rows."""
    store._watch.setInterval(20)
    told = []
    store.runs_changed.connect(lambda: told.append([row.record.status for row in store.rows]))
    store.watch()
    return told


def test_runs_of_another_window_or_command_are_noticed(watched, store, qtbot, workspace):
    run, _ = workspace.create_run(_train())
    qtbot.waitUntil(lambda: watched == [["queued"]])
    run.update(status="running")
    qtbot.waitUntil(lambda: watched[-1] == ["running"])
    workspace.delete_run(run)
    qtbot.waitUntil(lambda: watched[-1] == [])


def test_a_look_that_finds_nothing_new_tells_nothing(watched, store, qtbot, workspace):
    run, _ = workspace.create_run(_train())
    (run.checkpoints / "000001").mkdir(parents=True)
    qtbot.waitUntil(lambda: watched == [["queued"]])
    (run.checkpoints / "000002").mkdir()
    bad = workspace.runs_folder / "bad"
    bad.mkdir()
    (bad / "run.json").write_text("{")
    qtbot.waitUntil(lambda: bool(store.told))
    qtbot.wait(200)
    assert len(watched) == 2  # the second with the damaged run, which is named once
    assert len(store.told) == 1
