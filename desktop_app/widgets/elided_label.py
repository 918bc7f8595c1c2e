"""A label of one line that ends in an ellipsis where there is no room for all of it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QStylePainter

from desktop_app.widgets.elements import plain_tip

LEAST_PX = 40


class ElidedLabel(QLabel):
    """Shows as much of its text as fits, and all of it in a tool tip where that is not all.

    Args:
        name: str, object name.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def setText(self, text: str) -> None:  # noqa: N802 (Qt's name)
        """Changes the text."""
        super().setText(text)
        self._tell_cut()

    def shown_text(self) -> str:
        """Returns what can be read of the text."""
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Lets the label become narrower than its text."""
        return QSize(LEAST_PX, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Follows the room there is."""
        super().resizeEvent(event)
        self._tell_cut()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draws what fits."""
        painter = QStylePainter(self)
        painter.drawItemText(
            self.rect(), self.alignment(), self.palette(), self.isEnabled(), self.shown_text(), self.foregroundRole()
        )

    def _tell_cut(self) -> None:
        self.setToolTip(plain_tip(self.text()) if self.shown_text() != self.text() else "")
