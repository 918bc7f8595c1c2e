"""A grid of pictures with a line of text under each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem

from desktop_app.theme import SPACING
from desktop_app.widgets.elements import plain_tip
from desktop_app.widgets.pixels import tile_icon, to_image


class ImageGrid(QListWidget):
    """Shows pictures that an engine decoded.

    Args:
        side: int, px of a thumbnail.
    """

    def __init__(self, side: int = 72) -> None:
        super().__init__()
        self._side = side
        self.setObjectName("imageGrid")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setIconSize(QSize(side, side))
        self.setGridSize(QSize(side + 2 * SPACING, side + 3 * SPACING + 4))
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)

    def show_pictures(
        self, pictures: Sequence[np.ndarray], texts: Sequence[str], tips: Sequence[str] | None = None
    ) -> None:
        """Replaces what is shown.

        Args:
            pictures: uint8 arrays.
            texts: one a picture, shown under it.
            tips: one a picture, its tool tip.
        """
        self.clear()
        ratio = self.devicePixelRatioF()
        for index, (picture, text) in enumerate(zip(pictures, texts, strict=True)):
            item = QListWidgetItem(tile_icon(to_image(picture), self._side, ratio), text)
            item.setToolTip(plain_tip(tips[index] if tips else text))
            self.addItem(item)
