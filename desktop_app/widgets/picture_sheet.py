"""Many pictures at once, as large as all of them fit, each pixel a square. It must not know where they are from."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QToolTip

from desktop_app.theme import colour, theme
from desktop_app.translation import say
from desktop_app.widgets.elements import plain_tip
from desktop_app.widgets.pixels import to_image

GAP_PX = 6
LEAST_PX = 48  # below this side the sheet scrolls instead
MOST_PX = 288  # a few pictures need not fill the window


@dataclass(frozen=True)
class Arrangement:
    """How pictures lie on a sheet.

    Args:
        columns: int, pictures in a row.
        factor: int, device pixels a pixel.
    """

    columns: int
    factor: int


def arrange(count: int, picture: QSize, room: QSize, *, turn: int = 1, ratio: float = 1.0) -> Arrangement:
    """Finds the largest whole enlargement with which all pictures fit, else the least at which they can be told apart.

    Args:
        count: int, pictures, 1 or more.
        picture: px of one, as drawn by its model.
        room: the window's px there are.
        turn: int, the pictures come in turns of so many (of classes, say): rows hold whole turns where they can.
        ratio: device pixels a px.
    """
    side = max(picture.width(), picture.height())
    least = max(1, math.ceil(LEAST_PX * ratio / side))
    for factor in range(max(least, math.floor(MOST_PX * ratio / side)), least - 1, -1):
        most = _columns(picture.width() * factor / ratio, room.width())
        fewest = _fewest_columns(count, picture.height() * factor / ratio, room.height())
        if fewest <= most:
            return Arrangement(_nicest(fewest, min(most, count), count, turn), factor)
    most = min(count, _columns(picture.width() * least / ratio, room.width()))
    return Arrangement(_nicest(1, most, most * most, turn), least)


def _columns(width: float, room: int) -> int:
    return max(1, int((room - GAP_PX) / (width + GAP_PX)))


def _fewest_columns(count: int, height: float, room: int) -> int:
    rows = int((room - GAP_PX) / (height + GAP_PX))
    return math.ceil(count / rows) if rows > 0 else sys.maxsize


def _nicest(fewest: int, most: int, count: int, turn: int) -> int:
    """Returns whole turns where they fit, else what comes nearest to a square."""
    if turn > 1 and (turns := [columns for columns in range(fewest, most + 1) if columns % turn == 0]):
        return turns[0]
    return min(max(fewest, math.ceil(math.sqrt(count))), most)


class PictureSheet(QAbstractScrollArea):
    """Shows pictures of one size row by row; the arrow keys go from one to the next.

    Signals:
        opened: int, the place of the picture that was clicked or entered.
    """

    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("pictureSheet")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(QSize(200, 160))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        say(self.setAccessibleName, "Drawn pictures")
        self._pictures: list[np.ndarray] = []
        self._tips: list[str] = []
        self._images: dict[int, QImage] = {}  # made when they are first seen
        self._turn = 1
        self._arrangement = Arrangement(1, 1)
        self._current = 0
        self._hovered = -1
        theme().changed.connect(self._repaint)

    # -- what is shown ------------------------------------------------------------------------------------

    def show_pictures(self, pictures: Sequence[np.ndarray], tips: Sequence[str], *, turn: int = 1) -> None:
        """Replaces what is shown.

        Args:
            pictures: uint8 (H, W, C), all of one shape.
            tips: one a picture, its tool tip.
            turn: as for `arrange`.
        """
        self._pictures, self._tips, self._turn = list(pictures), list(tips), turn
        self._images = {}
        self._hovered = -1
        self._current = min(self._current, max(0, len(self._pictures) - 1))
        self._arrange()

    def count(self) -> int:
        """Returns how many pictures are shown."""
        return len(self._pictures)

    @property
    def current(self) -> int:
        """The place of the picture that the keys have reached."""
        return self._current

    def choose(self, place: int) -> None:
        """Goes to a picture, as the keys do."""
        if self._pictures:
            self._current = max(0, min(place, len(self._pictures) - 1))
            self._scroll_to(self._current)
            self.viewport().update()

    def place_at(self, point: QPoint) -> int:
        """Returns the place of the picture at a point of the viewport, or -1."""
        for place in self._visible():
            if self.place_rect(place).contains(point):
                return place
        return -1

    def place_rect(self, place: int) -> QRectF:
        """Returns where a picture lies in the viewport."""
        size, left, top = self._size(), *self._origin()
        row, column = divmod(place, self._arrangement.columns)
        x = left + column * (size.width() + GAP_PX)
        y = top + row * (size.height() + GAP_PX) - self.verticalScrollBar().value()
        return QRectF(x, y, size.width(), size.height())

    # -- arranging ----------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        if self._pictures:
            height, width = self._pictures[0].shape[:2]
            room = self.size()
            ratio = self.devicePixelRatioF()
            self._arrangement = arrange(len(self._pictures), QSize(width, height), room, turn=self._turn, ratio=ratio)
            whole = self._rows() * (self._size().height() + GAP_PX) + GAP_PX
            if whole > room.height():  # the bar takes its place from the pictures
                room = QSize(room.width() - self.verticalScrollBar().sizeHint().width(), room.height())
                columns = _columns(self._size().width(), room.width())
                self._arrangement = Arrangement(min(columns, self._arrangement.columns), self._arrangement.factor)
                whole = self._rows() * (self._size().height() + GAP_PX) + GAP_PX
        else:
            whole = 0
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, round(whole) - self.height()))
        bar.setPageStep(self.height())
        bar.setSingleStep(40)
        self.viewport().update()

    def _rows(self) -> int:
        return -(-len(self._pictures) // self._arrangement.columns)

    def _size(self) -> QSize:
        """The window's px of one picture, rounded up: gaps may be a little narrower."""
        height, width = self._pictures[0].shape[:2] if self._pictures else (1, 1)
        factor = self._arrangement.factor / self.devicePixelRatioF()
        return QSize(math.ceil(width * factor), math.ceil(height * factor))

    def _origin(self) -> tuple[int, int]:
        """Where the first picture lies: all of them stand in the middle."""
        size, columns = self._size(), self._arrangement.columns
        width = columns * (size.width() + GAP_PX) - GAP_PX
        height = self._rows() * (size.height() + GAP_PX) - GAP_PX
        left = max(GAP_PX // 2, (self.viewport().width() - width) // 2)
        return left, max(GAP_PX, (self.viewport().height() - height) // 2)

    def _visible(self) -> range:
        """The places of the rows that are seen."""
        if not self._pictures:
            return range(0)
        step, columns = self._size().height() + GAP_PX, self._arrangement.columns
        scrolled = self.verticalScrollBar().value() - self._origin()[1]
        first = max(0, scrolled // step)
        last = (scrolled + self.viewport().height()) // step + 1
        return range(first * columns, min(len(self._pictures), last * columns))

    def _scroll_to(self, place: int) -> None:
        lies, bar = self.place_rect(place), self.verticalScrollBar()
        if lies.top() < GAP_PX:
            bar.setValue(bar.value() + math.floor(lies.top()) - GAP_PX)
        elif lies.bottom() > self.viewport().height() - GAP_PX:
            bar.setValue(bar.value() + math.ceil(lies.bottom()) - self.viewport().height() + GAP_PX)

    # -- Qt's events --------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Lays the pictures out anew."""
        super().resizeEvent(event)
        self._arrange()

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: N802 (Qt's name)
        """Shows other rows."""
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draws the rows that are seen."""
        painter = QPainter(self.viewport())
        for place in self._visible():
            lies = self.place_rect(place)
            painter.drawImage(lies, self._image(place))
            chosen = place == self._current and self.hasFocus()
            if chosen or place == self._hovered:
                painter.setPen(QPen(colour("accent"), 2 if chosen else 1))
                painter.drawRect(lies.adjusted(-2, -2, 2, 2))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Marks the picture under the mouse."""
        hovered = self.place_at(event.position().toPoint())
        if hovered != self._hovered:
            self._hovered = hovered
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hovered >= 0 else Qt.CursorShape.ArrowCursor)
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Opens the picture under the mouse."""
        place = self.place_at(event.position().toPoint())
        if place >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.choose(place)
            self.opened.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Goes from picture to picture; Enter opens one."""
        columns = self._arrangement.columns
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        if not self._pictures:
            super().keyPressEvent(event)
        elif event.key() in steps:
            self.choose(self._current + steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self._current)
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Tells what is known of the picture under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.place_at(event.pos())
            QToolTip.showText(event.globalPos(), plain_tip(self._tips[place]) if place >= 0 else "", self)
            return True
        if event.type() == QEvent.Type.Leave and self._hovered >= 0:
            self._hovered = -1
            self.viewport().update()
        return super().viewportEvent(event)

    def _image(self, place: int) -> QImage:
        if place not in self._images:
            self._images[place] = to_image(self._pictures[place])
        return self._images[place]

    @Slot()
    def _repaint(self) -> None:
        self.viewport().update()
