from __future__ import annotations

import fake_engine
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QSpinBox

from core.errors import UserError
from core.jobs import Job
from desktop_app.app import make_window
from desktop_app.theme import DARK, LIGHT, theme
from desktop_app.translation import translator


def _train(data="digits") -> Job:
    return Job(task="train", model="cnn", settings={"data": data})


def test_each_panel_is_one_click_away(window, qtbot):
    for key, panel in window.panels.items():
        qtbot.mouseClick(window.findChild(QAbstractButton, f"show_{key}"), Qt.MouseButton.LeftButton)
        assert window.panel is panel
        assert panel.isVisible()


def test_a_run_that_a_command_makes_is_listed_while_the_window_is_open(qtbot, workspace, preferences, monkeypatch):
    monkeypatch.setattr("desktop_app.store.WATCH_MS", 50)
    window = make_window(workspace, preferences)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.store._watch.isActive(), timeout=10_000)
    run, _ = workspace.create_run(_train())
    table = window.panels["training"].runs.table
    qtbot.waitUntil(lambda: table.chosen() is not None and table.chosen().run.id == run.id, timeout=10_000)
    window.close()


def test_panels_to_come_say_what_will_be_there(window):
    assert window.panels["captioning"].findChild(QLabel, "comingSoon").text().endswith(".")


def test_a_fresh_window_is_ready_to_train_on_digits(window):
    setup = window.panels["training"].setup
    assert setup.data.data == "digits"
    assert setup.problem() == ""
    assert setup.start_button.isEnabled()
    assert setup.job().typed_settings().data == "digits"


def test_everything_that_takes_input_has_a_name_for_screen_readers(window):
    nameless = [
        widget.objectName() or type(widget).__name__
        for kind in (QAbstractButton, QComboBox, QLineEdit, QSpinBox)
        for widget in window.findChildren(kind)
        if not (widget.accessibleName() or getattr(widget, "text", str)())
        and not widget.objectName().startswith(("qt_", "ScrollLeft", "ScrollRight"))
        and not isinstance(widget.parent(), QComboBox | QSpinBox)
    ]
    assert nameless == []


def test_language_and_theme_change_at_once(window):
    translator().set_language("zh_CN")
    assert window.panels["training"].setup.start_button.text() == "开始"
    theme().use("dark")
    assert window.palette().window().color().name() == DARK.ground
    theme().use("light")
    assert window.palette().window().color().name() == LIGHT.ground


def test_an_error_is_a_sentence_with_its_details_folded(window):
    error = UserError("No pictures found in '{path}'.", hint="Put one folder per class inside it.", path="cats")
    message = window.messages.show_error(error, details="Traceback ...")
    assert message.text.text() == "No pictures found in 'cats'. Put one folder per class inside it."
    assert not message._details.isVisible()


def test_a_message_moves_nothing_under_the_mouse(window, qtbot):
    panel = window.panels["training"]
    before = [widget.mapTo(window, widget.rect().topLeft()) for widget in (panel.setup.start_button, panel.runs.table)]
    message = window.messages.show_message("Something went wrong. " * 8, level="error", details="Traceback")
    QApplication.processEvents()
    after = [widget.mapTo(window, widget.rect().topLeft()) for widget in (panel.setup.start_button, panel.runs.table)]
    assert before == after
    assert message.isVisible()
    bar = window.messages
    assert bar.geometry().bottom() < bar.parentWidget().height()
    height = bar.height()
    message.findChild(QAbstractButton, "messageDetails").click()
    qtbot.waitUntil(lambda: bar.height() > height)
    other = window.messages.show_message("And another thing.", level="error", details="Traceback")
    other.findChild(QAbstractButton, "messageDetails").click()
    QApplication.processEvents()
    assert message._details.isHidden()  # there is room for one message's details
    for shown in window.messages.messages():
        shown.dismiss()
    qtbot.waitUntil(lambda: not bar.isVisible())


def test_the_same_message_is_shown_once(window):
    for _ in range(5):
        window.messages.show_message("The disk is full.")
    assert len(window.messages.messages()) == 1


def test_a_run_that_was_cut_off_is_offered_and_resumed(qtbot, workspace, preferences):
    run, _ = workspace.create_run(_train())
    run.update(status="running")
    window = make_window(workspace, preferences)
    qtbot.addWidget(window)
    window.engines.training._main = fake_engine.obedient
    window.show()
    qtbot.waitUntil(lambda: bool(window.messages.messages()), timeout=10_000)
    assert run.record().status == "interrupted"
    message = window.messages.messages()[0]
    assert "cut off" in message.text.text()
    resume = next(b for b in message.findChildren(QAbstractButton, "messageAction") if b.text() == "Resume")
    panel = window.panels["training"]
    qtbot.mouseClick(resume, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.view.progress.phase.text().startswith("Done"), timeout=20_000)
    assert panel._viewed == run.id
    window.close()


def test_a_damaged_run_does_not_hide_the_others(qtbot, workspace, preferences):
    run, _ = workspace.create_run(_train())
    (workspace.runs_folder / "damaged").mkdir()
    (workspace.runs_folder / "damaged" / "run.json").write_text("{")
    window = make_window(workspace, preferences)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: len(window.store.rows) == 1, timeout=10_000)
    assert window.store.rows[0].run.id == run.id
    window.close()


def test_start_while_training_waits_its_turn(window, qtbot):
    panel = window.panels["training"]
    window.engines.training._main = fake_engine.chatty
    qtbot.mouseClick(panel.setup.start_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.setup.start_button, Qt.MouseButton.LeftButton)
    assert len(window.engines.active_trainings()) == 2
    assert "waits" in window.messages.messages()[-1].text.text()
    qtbot.waitUntil(lambda: not window.engines.active_trainings(), timeout=30_000)


def test_discard_asks_first_then_deletes_the_run(window, qtbot, workspace):
    panel = window.panels["training"]
    window.engines.training._main = fake_engine.deaf
    qtbot.mouseClick(panel.setup.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.view.state.text() == "running", timeout=10_000)
    qtbot.mouseClick(panel.view.discard_button, Qt.MouseButton.LeftButton)
    assert workspace.runs()
    panel._shown.cancel(grace_s=0.2)  # so that the test need not wait the full five seconds
    message = window.messages.messages()[-1]
    discard = next(b for b in message.findChildren(QAbstractButton, "messageAction") if b.text() == "Discard")
    qtbot.mouseClick(discard, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not workspace.runs(), timeout=10_000)


def test_a_file_in_place_of_the_workspace_is_one_sentence(window, qtbot, workspace):
    workspace.folder.parent.mkdir(exist_ok=True)
    if workspace.folder.exists():
        pytest.skip("the workspace has been written to already")
    workspace.folder.write_text("")
    panel = window.panels["training"]
    qtbot.mouseClick(panel.setup.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(window.messages.messages()), timeout=10_000)
    assert "cannot be written" in window.messages.messages()[0].text.text()
