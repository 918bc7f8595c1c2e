"""What a user does with the window, for tests that drive the real one with real engines."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

PATIENCE_MS = 180_000  # a busy machine imports TensorFlow in a minute


def click(qtbot, window, button: QAbstractButton | str) -> None:
    """Presses a button of the panel that is shown, which has to be seen there.

    Args:
        button: itself, or its object name.
    """
    widget = window.panel.findChild(QAbstractButton, button) if isinstance(button, str) else button
    assert widget.isVisible(), f"{widget.objectName()} is not seen"
    assert widget.isEnabled(), f"{widget.objectName()} can't be pressed"
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def wait(qtbot, window, condition) -> None:
    """Waits for the condition; an error in the message bar ends the waiting at once."""

    def reached() -> bool:
        errors = [message for message in window.messages.messages() if message.property("level") == "error"]
        assert not errors, errors[0].text.text()
        return bool(condition())

    qtbot.waitUntil(reached, timeout=PATIENCE_MS)
