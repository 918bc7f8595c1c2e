"""Bars that show how sure a model is of each class."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop_app.theme import colour, theme

ROW_PX = 34
BAR_PX = 8


class TopKBars(QWidget):
    """One row a class: its name, its probability, a bar of that length; the first in the accent colour."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("topKBars")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._rows: list[tuple[str, float]] = []
        theme().changed.connect(self._repaint)

    def show_rows(self, rows: Sequence[tuple[str, float]]) -> None:
        """Shows classes.

        Args:
            rows: (name, probability in [0, 1]), the likeliest first.
        """
        self._rows = list(rows)
        self.setAccessibleName(", ".join(f"{name} {share:.1%}" for name, share in rows))
        self.updateGeometry()
        self.update()

    def rows(self) -> list[tuple[str, float]]:
        """Returns what is shown."""
        return list(self._rows)

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """One row's height for each class."""
        return QSize(240, ROW_PX * len(self._rows))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """All rows are always whole."""
        return QSize(120, ROW_PX * len(self._rows))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draws the rows."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, (name, share) in enumerate(self._rows):
            top = index * ROW_PX
            number = f"{share:.1%}"
            width = painter.fontMetrics().horizontalAdvance("100.0%") + 8
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, self.width() - width - 8)
            painter.setPen(colour("text" if index == 0 else "muted"))
            line = QRectF(0, top, self.width(), ROW_PX - BAR_PX - 6)
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number)
            painter.setPen(Qt.PenStyle.NoPen)
            bar = QRectF(0, top + ROW_PX - BAR_PX - 4, self.width(), BAR_PX)
            painter.setBrush(colour("raised"))
            painter.drawRoundedRect(bar, BAR_PX / 2, BAR_PX / 2)
            if share > 0:
                bar.setWidth(max(BAR_PX, bar.width() * min(1.0, share)))
                painter.setBrush(colour("accent" if index == 0 else "border"))
                painter.drawRoundedRect(bar, BAR_PX / 2, BAR_PX / 2)

    @Slot()
    def _repaint(self) -> None:
        self.update()
