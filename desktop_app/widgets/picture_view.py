"""One picture, as large as the place allows."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Slot
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop_app.theme import colour, theme
from desktop_app.translation import say
from desktop_app.widgets.pixels import fit, to_image


class PictureView(QWidget):
    """Shows a picture with its proportions kept.

    Args:
        crisp: bool, whether it is enlarged by whole factors only, each pixel an equal square.
    """

    def __init__(self, *, crisp: bool = False) -> None:
        super().__init__()
        self._crisp = crisp
        self.setObjectName("pictureView")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(QSize(160, 140))
        say(self.setAccessibleName, "Picture")
        self._image: QImage | None = None
        theme().changed.connect(self._repaint)

    def show_picture(self, picture: np.ndarray | None) -> None:
        """Shows a picture, or none."""
        self._image = None if picture is None else to_image(picture)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draws the picture in the middle of a quiet ground."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), 8, 8)
        painter.fillPath(path, colour("raised"))
        if self._image is None:
            return
        ratio = self.devicePixelRatioF()
        drawn = fit(self._image, self.size() - QSize(16, 16), ratio, crisp=self._crisp)
        painter.drawPixmap(
            round((self.width() - drawn.width() / ratio) / 2),
            round((self.height() - drawn.height() / ratio) / 2),
            drawn,
        )

    @Slot()
    def _repaint(self) -> None:
        self.update()
