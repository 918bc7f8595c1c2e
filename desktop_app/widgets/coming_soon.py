"""The inviting page of a panel whose work is not built yet."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop_app.theme import SPACING
from desktop_app.widgets.elements import column, label, row
from desktop_app.widgets.icon_label import IconLabel


class ComingSoon(QWidget):
    """An icon, a title, a sentence.

    Args:
        icon: str, file name in resources/icons.
        title: str, English.
        text: str, English, what will be there.
    """

    def __init__(self, icon: str, title: str, text: str) -> None:
        super().__init__()
        sign = IconLabel(icon, "accent", 56)
        heading = label(title, role="title")
        words = label(text, role="muted", wrap=True, name="comingSoon")
        words.setMaximumWidth(440)
        for line in (heading, words):
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
        # Centred by stretches: an alignment would take the wrapped words' height for one line's.
        centred = [row(1, widget, 1) for widget in (sign, heading)]
        words_line = row(words)
        words_line.insertStretch(0, 1)
        words_line.addStretch(1)
        words_line.setStretch(1, 100)
        self.setLayout(column(1, *centred, words_line, 2, spacing=SPACING))
