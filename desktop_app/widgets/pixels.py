"""Pictures as Qt draws them, made from arrays only: files are decoded in an engine, never in the window."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap

TINY_PX = 32  # up to this side a picture's pixels are shown as squares


def to_image(picture: np.ndarray) -> QImage:
    """Returns a picture as a QImage that owns its pixels.

    Args:
        picture: uint8 (H, W, 3), (H, W, 1) or (H, W).
    """
    pixels = np.ascontiguousarray(picture, dtype=np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    height, width = pixels.shape[:2]
    form = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(pixels.data, width, height, pixels.strides[0], form).copy()


def fit(image: QImage, side: QSize, ratio: float = 1.0, *, crisp: bool = False) -> QPixmap:
    """Returns the picture as large as fits, its proportions kept.

    A tiny picture is enlarged with its pixels sharp, so that an 8x8 digit shows its 64 squares.

    Args:
        image: the picture.
        side: what it has to fit in, in the window's px.
        ratio: device pixels a px.
        crisp: whether it is enlarged by a whole factor only, so that all its pixels are equal squares.
    """
    room = side * ratio
    factor = min(room.width() // max(1, image.width()), room.height() // max(1, image.height()))
    if crisp and factor >= 1:
        whole = QPixmap.fromImage(image.scaled(image.size() * factor))
        whole.setDevicePixelRatio(ratio)
        return whole
    small = max(image.width(), image.height()) <= TINY_PX
    mode = Qt.TransformationMode.FastTransformation if small else Qt.TransformationMode.SmoothTransformation
    scaled = QPixmap.fromImage(image.scaled(room, Qt.AspectRatioMode.KeepAspectRatio, mode))
    scaled.setDevicePixelRatio(ratio)
    return scaled


def tile(image: QImage, side: int, ratio: float = 1.0) -> QPixmap:
    """Returns the picture centred on a clear square, for lists whose rows have one height.

    Args:
        image: the picture.
        side: px, of the square.
        ratio: device pixels a px.
    """
    square = QPixmap(QSize(side, side) * ratio)
    square.setDevicePixelRatio(ratio)
    square.fill(Qt.GlobalColor.transparent)
    picture = fit(image, QSize(side, side), ratio)
    painter = QPainter(square)
    painter.drawPixmap(
        round((side - picture.width() / ratio) / 2), round((side - picture.height() / ratio) / 2), picture
    )
    painter.end()
    return square


def tile_icon(image: QImage, side: int, ratio: float = 1.0) -> QIcon:
    """Returns a tile as an icon that keeps its colours where its row is chosen."""
    picture = tile(image, side, ratio)
    made = QIcon(picture)
    made.addPixmap(picture, QIcon.Mode.Selected)
    return made
