"""Drops a file on a window, as a file manager does."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication


def drop(window, path: Path) -> None:
    """Drops a file on the window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for event in (
        QDragEnterEvent(QPoint(300, 300), Qt.DropAction.CopyAction, data, buttons, keys),
        QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, data, buttons, keys),
    ):
        QApplication.sendEvent(window, event)
