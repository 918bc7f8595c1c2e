"""A picture on which the mouse paints what is to be filled. It must not know who fills it."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop_app.theme import colour, theme
from desktop_app.translation import say
from desktop_app.widgets.pixels import fit, to_image

FINE_PX = 256  # a mask has at least this many pixels on its longer side: a brush is finer than a tiny picture's pixels
MARGIN_PX = 8
VEIL = 0.6  # how much of the picture the paint covers
DIM = QColor(0, 0, 0, 140)


class MaskCanvas(QWidget):
    """Shows a picture, and over it what has been painted: black on the mask is kept, white is to be filled.

    Signals:
        painted: a stroke has ended, or the mask was cleared.
    """

    painted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("maskCanvas")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(QSize(140, 140))
        self.setMouseTracking(True)
        say(self.setAccessibleName, "Picture to paint on")
        self._image: QImage | None = None
        self._mask = QImage()
        self._brush = 0.15
        self._erasing = False
        self._square = False
        self._last: QPointF | None = None  # where the stroke has come to, in px of the mask
        self._mouse: QPointF | None = None
        theme().changed.connect(self._repaint)

    # -- what is shown ------------------------------------------------------------------------------------

    def show_picture(self, picture: np.ndarray | None) -> None:
        """Shows another picture, nothing painted on it; or none.

        Args:
            picture: uint8 (H, W, C).
        """
        self._image = None if picture is None else to_image(picture)
        if self._image is not None:
            size = self._image.size()
            factor = max(1, math.ceil(FINE_PX / max(size.width(), size.height())))
            self._mask = QImage(size * factor, QImage.Format.Format_Grayscale8)
        self.clear()

    @Slot()
    def clear(self) -> None:
        """Takes all paint away."""
        if not self._mask.isNull():
            self._mask.fill(Qt.GlobalColor.black)
        self._last = None
        self.update()
        self.painted.emit()

    def use_brush(self, share: float, *, erasing: bool) -> None:
        """Changes the brush.

        Args:
            share: its width as a share of the picture's longer side, in (0, 1].
            erasing: bool, whether it takes paint away.
        """
        self._brush, self._erasing = share, erasing
        self.update()

    def show_square(self, *, shown: bool) -> None:
        """Dims what lies outside the middle square, or not: that part is cut off."""
        self._square = shown
        self.update()

    def is_painted(self) -> bool:
        """Whether anything is to be filled."""
        return bool(self.hole().any())

    def hole(self) -> np.ndarray:
        """Returns the mask, uint8 (H, W), of the picture's proportions; 255 is to be filled."""
        if self._image is None:
            return np.zeros((0, 0), np.uint8)
        lines = np.frombuffer(self._mask.constBits(), np.uint8).reshape(self._mask.height(), -1)
        return lines[:, : self._mask.width()].copy()

    def save_mask(self, path: str) -> bool:
        """Writes the mask as a PNG that nobody else reads yet; returns whether that was possible."""
        return self._mask.save(path, "PNG")  # type: ignore[call-overload]

    # -- where things lie ---------------------------------------------------------------------------------

    def picture_rect(self) -> QRectF:
        """Returns where the picture lies in the widget."""
        if self._image is None:
            return QRectF()
        room = self.size() - QSize(2 * MARGIN_PX, 2 * MARGIN_PX)
        ratio = self.devicePixelRatioF()
        size = fit(self._image, room, ratio).size() / ratio
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        return QRectF(round(left), round(top), size.width(), size.height())

    def _to_mask(self, point: QPointF) -> QPointF:
        lies = self.picture_rect()
        scale = self._mask.width() / max(1.0, lies.width())
        return QPointF((point.x() - lies.left()) * scale, (point.y() - lies.top()) * scale)

    def _brush_px(self) -> float:
        """The brush's width in px of the mask."""
        return max(1.0, self._brush * max(self._mask.width(), self._mask.height()))

    # -- Qt's events --------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Begins a stroke."""
        if self._image is not None and event.button() == Qt.MouseButton.LeftButton:
            self._last = self._to_mask(event.position())
            self._paint_to(self._last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Goes on with it; shows the brush."""
        self._mouse = event.position()
        if self._last is not None:
            self._paint_to(self._to_mask(event.position()))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Ends it."""
        if self._last is not None and event.button() == Qt.MouseButton.LeftButton:
            self._last = None
            self.painted.emit()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Hides the brush."""
        self._mouse = None
        self.update()

    def _paint_to(self, point: QPointF) -> None:
        painter = QPainter(self._mask)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shade = Qt.GlobalColor.black if self._erasing else Qt.GlobalColor.white
        painter.setPen(QPen(shade, self._brush_px(), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        if self._last is None or self._last == point:
            painter.drawPoint(point)  # a line of no length is not drawn
        else:
            painter.drawLine(self._last, point)
        painter.end()
        self._last = point
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draws picture, paint and brush."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("raised"))
        painter.drawRoundedRect(QRectF(self.rect()), 8, 8)
        if self._image is None:
            return
        lies = self.picture_rect()
        ratio = self.devicePixelRatioF()
        painter.drawPixmap(lies.topLeft(), fit(self._image, (lies.size()).toSize(), ratio))
        paint = QImage(self._mask.size(), QImage.Format.Format_ARGB32)
        paint.fill(colour("accent"))
        paint.setAlphaChannel(self._mask)
        painter.setOpacity(VEIL)
        painter.drawImage(lies, paint)
        painter.setOpacity(1.0)
        if self._square:
            for strip in _outside(lies):
                painter.fillRect(strip, DIM)
        if self._mouse is not None and lies.contains(self._mouse):
            width = self._brush * max(lies.width(), lies.height())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for shade, pen_px in ((colour("on_accent"), 3.0), (colour("accent"), 1.5)):
                painter.setPen(QPen(shade, pen_px))
                painter.drawEllipse(self._mouse, width / 2, width / 2)

    @Slot()
    def _repaint(self) -> None:
        self.update()


def _outside(lies: QRectF) -> tuple[QRectF, QRectF]:
    """Returns what lies on both sides of the middle square."""
    edge = min(lies.width(), lies.height())
    wide, high = (lies.width() - edge) / 2, (lies.height() - edge) / 2
    if wide:
        return (
            QRectF(lies.left(), lies.top(), wide, lies.height()),
            QRectF(lies.right() - wide, lies.top(), wide, lies.height()),
        )
    return (
        QRectF(lies.left(), lies.top(), lies.width(), high),
        QRectF(lies.left(), lies.bottom() - high, lies.width(), high),
    )
