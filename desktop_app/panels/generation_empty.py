"""What the generation panel shows while there is no model for what is wanted: what to do about it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout

from desktop_app.theme import SPACING
from desktop_app.widgets.drop_area import DropArea
from desktop_app.widgets.elements import CaptionButton, button, column, label, row

WORDS_PX = 320


class GenerationEmpty(DropArea):
    """An invitation to train a model, or to bring one.

    Args:
        icon: str, file name in resources/icons.
        text: str, English, what there is none of.
        hint: str, English, what to do.
        name: str, object name of the text.
    """

    def __init__(self, icon: str, text: str, hint: str, name: str) -> None:
        super().__init__(icon, "", "")
        title = label(text, role="title", wrap=True, name=name)
        words = label(hint, role="muted", wrap=True)
        words.setMinimumWidth(WORDS_PX)
        for line in (title, words):
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
        middle = row(1, words, 1)
        middle.setStretch(1, 2)
        self._buttons: QHBoxLayout = row(1, 1)
        self.layout_.insertLayout(
            self.layout_.count() - 1, column(title, middle, -SPACING, self._buttons, spacing=SPACING)
        )

    def add_button(self, caption: str, icon: str, name: str, *, role: str = "") -> CaptionButton:
        """Adds a button, right of those before it.

        Args:
            caption: str, English.
            icon: str, file name in resources/icons.
            name: str, object name.
            role: as for `elements.button`.
        """
        made = button(caption, self._do_nothing, icon=icon, role=role, name=name)
        self._buttons.insertWidget(self._buttons.count() - 1, made)
        return made

    def _do_nothing(self) -> None:
        """Who adds a button connects it."""
