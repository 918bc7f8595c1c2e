from __future__ import annotations

import errno
from pathlib import Path

import fake_engine
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

from core.jobs import Job
from desktop_app.app import make_window


def _answer(window, qtbot, caption: str) -> None:
    message = window.messages.messages()[-1]
    buttons = message.findChildren(QAbstractButton, "messageAction")
    qtbot.mouseClick(next(made for made in buttons if made.text() == caption), Qt.MouseButton.LeftButton)


def _start(window, qtbot, times: int = 1) -> None:
    setup = window.panels["training"].setup
    for _ in range(times):
        qtbot.mouseClick(setup.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.store.rows) == times, timeout=10_000)
    view = window.panels["training"].view
    qtbot.waitUntil(lambda: view.state.text() == "running", timeout=10_000)


def _end_all(window, qtbot) -> None:
    for handle in window.engines.active_trainings():
        handle.cancel(grace_s=0)
    qtbot.waitUntil(lambda: not window.engines.active_trainings(), timeout=10_000)


def test_deleting_a_training_that_waits_takes_it_out_of_the_queue(window, qtbot, workspace):
    panel = window.panels["training"]
    window.engines.training._main = fake_engine.deaf
    _start(window, qtbot, times=2)
    running, waiting = window.engines.active_trainings()
    row = next(row for row in window.store.rows if row.job.id == waiting.job.id)
    panel.runs.table.choose(row.run.id)
    assert not panel.runs.resume_button.isEnabled()
    panel.resume(row)  # no second time
    qtbot.mouseClick(panel.runs.delete_button, Qt.MouseButton.LeftButton)
    _answer(window, qtbot, "Delete")
    qtbot.waitUntil(lambda: len(window.store.rows) == 1, timeout=10_000)
    assert not row.run.folder.exists()
    assert window.engines.active_trainings() == [running]
    assert panel.view.stop_button.isEnabled()  # the other one goes on
    _end_all(window, qtbot)
    assert [run.id for run in workspace.runs()] == [window.store.rows[0].run.id]


def test_data_on_a_dead_share_does_not_keep_the_window_from_opening(qtbot, workspace, preferences, monkeypatch):
    def dead(path, *arguments, stat=Path.stat, **options):
        if str(path).startswith("/dead"):
            looked.append(path)
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        return stat(path, *arguments, **options)

    looked = []
    monkeypatch.setattr(Path, "stat", dead)
    preferences.set("data", "/dead/share")
    window = make_window(workspace, preferences)
    qtbot.addWidget(window)
    assert not looked
    with qtbot.waitSignal(window.painted, timeout=10_000):
        window.show()
    chooser = window.panels["training"].setup.data
    qtbot.waitUntil(lambda: chooser.data == "digits", timeout=10_000)
    assert chooser._start_folder()
    window.close()


def _open(qtbot, workspace, preferences):
    window = make_window(workspace, preferences)
    qtbot.addWidget(window)
    window.engines.training._main = fake_engine.obedient
    window.panels["training"]._look_timer.setInterval(200)
    window.show()
    return window


def _train() -> Job:
    return Job(task="train", model="cnn", settings={"data": "digits"})


def test_not_now_dismisses_only_the_run_that_was_named(qtbot, workspace, preferences):
    for name in ("one", "two"):
        run, _ = workspace.create_run(_train())
        run.update(status="interrupted", name=name)
    named = []
    for _ in range(2):
        window = _open(qtbot, workspace, preferences)
        qtbot.waitUntil(lambda window=window: bool(window.messages.messages()), timeout=10_000)
        named.append(window.messages.messages()[-1].text.text().split("'")[1])
        _answer(window, qtbot, "Not now")
        window.close()
    assert sorted(named) == ["one", "two"]
    assert len(preferences.get("dismissed", [])) == 2


def test_a_resumed_run_is_dismissed_no_longer(qtbot, workspace, preferences):
    run, _ = workspace.create_run(_train())
    run.update(status="interrupted")
    preferences.set("dismissed", [run.id, "other"])
    window = _open(qtbot, workspace, preferences)
    qtbot.waitUntil(lambda: bool(window.store.rows), timeout=10_000)
    assert not window.messages.messages()
    window.panels["training"].resume(window.store.rows[0])
    assert preferences.get("dismissed", []) == ["other"]
    qtbot.waitUntil(lambda: not window.engines.active_trainings(), timeout=20_000)
    window.close()


def test_a_run_still_written_by_an_older_engine_is_offered_once_it_is_cut_off(qtbot, workspace, preferences):
    run, _ = workspace.create_run(_train())
    run.update(status="running")
    with run.locked():
        window = _open(qtbot, workspace, preferences)
        qtbot.waitUntil(lambda: bool(window.store.rows), timeout=10_000)
        qtbot.wait(500)
        assert not window.messages.messages()
    qtbot.waitUntil(lambda: bool(window.messages.messages()), timeout=10_000)
    assert "cut off" in window.messages.messages()[0].text.text()
    window.close()


def test_a_run_left_waiting_by_an_earlier_window_is_offered(qtbot, workspace, preferences):
    run, _ = workspace.create_run(_train())
    window = _open(qtbot, workspace, preferences)
    qtbot.waitUntil(lambda: bool(window.messages.messages()), timeout=10_000)
    _answer(window, qtbot, "Start")
    panel = window.panels["training"]
    qtbot.waitUntil(lambda: panel.view.progress.phase.text().startswith("Done"), timeout=20_000)
    assert panel._last_run == run.id
    window.close()


def test_the_model_size_of_older_settings_is_not_shown_while_a_training_runs(window, qtbot):
    panel = window.panels["training"]
    window.engines.training._main = fake_engine.deaf
    window.engines.interactive._main = fake_engine.obedient
    _start(window, qtbot)
    panel.setup.size_line.setText("1 parameters")
    panel.setup.form.editor("epochs").setValue(7)
    assert "once the training has ended" in panel.setup.size_line.text()
    _end_all(window, qtbot)
    qtbot.waitUntil(lambda: "parameters" in panel.setup.size_line.text(), timeout=10_000)
