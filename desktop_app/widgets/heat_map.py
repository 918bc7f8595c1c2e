"""A square of numbers as a picture: rows that look, columns that are looked at. It must not know what they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from desktop_app.theme import colour, theme
from desktop_app.translation import say
from desktop_app.widgets.elements import plain_tip
from desktop_app.widgets.pixels import to_image


class HeatMap(QWidget):
    """Shows a matrix; the darker or brighter a square is against the ground, the larger its number.

    Signals:
        row_chosen: int, the row that was clicked.
    """

    row_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("heatMap")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(QSize(120, 120))
        self._values: np.ndarray | None = None
        self._names: Sequence[str] = ()
        self._row = -1
        say(self.setAccessibleName, "Attention")
        theme().changed.connect(self._repaint)

    def show_values(self, values: np.ndarray | None, names: Sequence[str] = ()) -> None:
        """Shows a matrix, or none.

        Args:
            values: float (N, N), in [0, 1].
            names: what each row and column stands for.
        """
        self._values, self._names = values, names
        self.update()

    def choose(self, row: int) -> None:
        """Marks a row, or none with -1; emits nothing."""
        self._row = row
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draws the squares in shades of the accent, and a frame around the row that is chosen."""
        if self._values is None or not len(self._values):
            return
        painter = QPainter(self)
        area = self._area()
        # The root: most weights are small, and would not be told from none.
        strength = np.sqrt(np.clip(self._values, 0.0, 1.0))[..., None]
        low, high = (_rgb(name) for name in ("raised", "accent"))
        image = to_image(np.round(low + strength * (high - low)).astype(np.uint8))
        painter.drawImage(area, image)
        painter.setPen(QPen(colour("border"), 1))
        painter.drawRect(area)
        if 0 <= self._row < len(self._values):
            side = area.height() / len(self._values)
            painter.setPen(QPen(colour("text"), 1))
            painter.drawRect(QRectF(area.left(), area.top() + self._row * side, area.width(), max(side, 2.0)))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Chooses a row."""
        if event.button() == Qt.MouseButton.LeftButton and (found := self._square(event.position())) is not None:
            self.row_chosen.emit(found[0])

    def event(self, event: QEvent) -> bool:
        """Tells of the square under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._values is not None:
            found = self._square(QPointF(event.pos()))
            if found is not None and max(found) < len(self._names):
                row, column = found
                words = f"{self._names[row]} → {self._names[column]}  {self._values[row, column]:.1%}"
                QToolTip.showText(event.globalPos(), plain_tip(words), self)
                return True
        return super().event(event)

    def _area(self) -> QRectF:
        side = min(self.width(), self.height()) - 2
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _square(self, point: QPointF) -> tuple[int, int] | None:
        """Returns row and column at a point; None beside the matrix."""
        area = self._area()
        if self._values is None or not len(self._values) or not area.contains(point):
            return None
        count = len(self._values)
        row, column = (
            int(min(count - 1, max(0.0, offset / area.width() * count)))
            for offset in (point.y() - area.top(), point.x() - area.left())
        )
        return row, column

    @Slot()
    def _repaint(self) -> None:
        self.update()


def _rgb(name: str) -> np.ndarray:
    """Returns a colour of the theme: float32 (3,)."""
    shade = colour(name)
    return np.array([shade.red(), shade.green(), shade.blue()], np.float32)
