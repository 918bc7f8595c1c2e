"""Tokens that might have come, each with a bar of its probability; one can be taken. It must not know a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from desktop_app.theme import colour, theme
from desktop_app.translation import say

ROW_PX = 26
NAME_SHARE = 0.42  # of the width
CHOICE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Choice:
    """One line.

    Args:
        name: str, the token as it is shown.
        probability: float in [0, 1].
        written: bool, whether it is the one that was written.
    """

    name: str
    probability: float
    written: bool = False


class AlternativesList(QListWidget):
    """A list of choices.

    Signals:
        taken: int, the line that was double-clicked, or chosen and confirmed with Enter.
    """

    taken = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("alternatives")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setItemDelegate(_Bars(self))
        say(self.setAccessibleName, "Alternatives")
        self.itemActivated.connect(self._take)
        theme().changed.connect(self._repaint)

    def show_choices(self, choices: Sequence[Choice]) -> None:
        """Shows other lines, the most probable first; none is chosen."""
        self.clear()
        for choice in choices:
            item = QListWidgetItem(f"{choice.name}  {choice.probability:.1%}")  # what a screen reader says
            item.setData(CHOICE, choice)
            self.addItem(item)

    def choices(self) -> list[Choice]:
        """Returns what is shown."""
        return [self.item(line).data(CHOICE) for line in range(self.count())]

    @Slot(QListWidgetItem)
    def _take(self, item: QListWidgetItem) -> None:
        self.taken.emit(self.row(item))

    @Slot()
    def _repaint(self) -> None:
        self.viewport().update()


class _Bars(QStyledItemDelegate):
    """Draws a line: the token, its bar, its probability."""

    def sizeHint(  # noqa: N802 (Qt's name)
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """All lines are equally high."""
        return QSize(120, ROW_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draws it on the ground of what is chosen, where it is."""
        choice: Choice = index.data(CHOICE)
        painter.save()
        area = QRectF(option.rect).adjusted(8, 0, -8, 0)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, colour("chosen"))
        number = f"{choice.probability:.1%}"
        number_px = painter.fontMetrics().horizontalAdvance("100.0%") + 8
        name_px = area.width() * NAME_SHARE
        font = painter.font()
        font.setBold(choice.written)
        painter.setFont(font)
        painter.setPen(colour("text"))
        flags = Qt.AlignmentFlag.AlignVCenter
        name = painter.fontMetrics().elidedText(choice.name, Qt.TextElideMode.ElideRight, int(name_px) - 8)
        painter.drawText(QRectF(area.left(), area.top(), name_px, area.height()), flags, name)
        painter.drawText(area, flags | Qt.AlignmentFlag.AlignRight, number)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        bar = QRectF(area.left() + name_px, area.center().y() - 3.5, area.width() - name_px - number_px, 8)
        painter.setBrush(colour("ground"))
        painter.drawRoundedRect(bar, 4, 4)
        bar.setWidth(max(2.0, bar.width() * min(1.0, choice.probability)))
        painter.setBrush(colour("accent" if choice.written else "muted"))
        painter.drawRoundedRect(bar, 4, 4)
        painter.restore()
