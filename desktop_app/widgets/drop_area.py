"""Taking files that are dropped: a frame that invites them, and a filter that any widget can install."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from desktop_app.theme import SPACING
from desktop_app.widgets.elements import label
from desktop_app.widgets.icon_label import IconLabel


def dropped_paths(data: QMimeData) -> list[Path]:
    """Returns the files and folders of this computer that are being dropped."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


class DropTarget(QObject):
    """Lets files be dropped anywhere on a widget.

    Signals:
        dropped: list of paths.
        entered, left: files hang over the widget, or no longer.

    Args:
        widget: what takes the files; this object belongs to it from then on.
    """

    dropped = Signal(list)
    entered = Signal()
    left = Signal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Takes drags of local files, leaves all else alone."""
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            self.left.emit()
            if paths := dropped_paths(event.mimeData()):
                event.setDropAction(Qt.DropAction.CopyAction)
                event.accept()
                self.dropped.emit(paths)
                return True
        elif isinstance(event, QDragEnterEvent) and event.type() == QEvent.Type.DragEnter:
            if dropped_paths(event.mimeData()):
                event.acceptProposedAction()
                self.entered.emit()
                return True
        elif event.type() == QEvent.Type.DragLeave:
            self.left.emit()
        return False


class DropArea(QFrame):
    """A dashed frame with an icon and two lines that say what to drop.

    Args:
        icon: str, file name in resources/icons.
        text: str, English, what to do.
        hint: str, English, what happens then.
    """

    def __init__(self, icon: str, text: str, hint: str) -> None:
        super().__init__()
        self.setObjectName("dropArea")
        self.layout_ = QVBoxLayout(self)
        self.layout_.setContentsMargins(3 * SPACING, 3 * SPACING, 3 * SPACING, 3 * SPACING)
        self.layout_.setSpacing(SPACING)
        self.layout_.addStretch(1)
        self.layout_.addWidget(IconLabel(icon, "muted", 40), alignment=Qt.AlignmentFlag.AlignHCenter)
        for line in [
            label(words, role=role, wrap=True) for words, role in ((text, "heading"), (hint, "muted")) if words
        ]:
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self.layout_.addWidget(line)
        self.layout_.addStretch(1)
