"""What the generation panel shows while no run has learnt to draw: what to do about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal

from desktop_app.theme import SPACING
from desktop_app.widgets.drop_area import DropArea
from desktop_app.widgets.elements import button, column, label, row

WORDS_PX = 320


class GenerationEmpty(DropArea):
    """An invitation to train a model that draws.

    Signals:
        train_requested: the button.
    """

    train_requested = Signal()

    def __init__(self) -> None:
        super().__init__("generation", "", "")
        self.train_button = button(
            "Train a DCGAN", self.train_requested, icon="training", role="primary", name="trainGan"
        )
        title = label("No run has learnt to draw yet", role="title", name="generationEmpty")
        hint = label(
            "Train a DCGAN on your pictures, or on the digits, which takes a few minutes. Then it draws new ones here.",
            role="muted",
            wrap=True,
        )
        hint.setMinimumWidth(WORDS_PX)
        for line in (title, hint):
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
        words = row(1, hint, 1)
        words.setStretch(1, 2)
        self.layout_.insertLayout(
            self.layout_.count() - 1, column(title, words, -SPACING, row(1, self.train_button, 1), spacing=SPACING)
        )
