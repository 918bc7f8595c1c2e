from __future__ import annotations

import errno
from pathlib import Path

import fake_engine
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

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
