"""An icon that stands by itself and follows the theme."""

from __future__ import annotations

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QLabel

from desktop_app.theme import show_icon


class IconLabel(QLabel):
    """A label that shows an icon.

    Args:
        name: str, file name in resources/icons.
        role: str, the colour of the theme it is drawn in.
        side: int, px.
    """

    def __init__(self, name: str, role: str = "text", side: int = 20) -> None:
        super().__init__()
        self._side = side
        self.setFixedSize(side, side)
        show_icon(self.show_icon, name, role)

    def show_icon(self, icon: QIcon) -> None:
        """Draws the icon."""
        self.setPixmap(icon.pixmap(self._side, self._side))
