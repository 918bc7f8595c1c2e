"""Titles with their editors beside them, in two columns, as the settings forms have them."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from desktop_app.theme import SPACING
from desktop_app.translation import say
from desktop_app.widgets.elements import label

TITLE_PX = 112


class FieldGrid(QGridLayout):
    """A layout to which lines are added from the top."""

    def __init__(self) -> None:
        super().__init__()
        self.setHorizontalSpacing(SPACING)
        self.setVerticalSpacing(SPACING // 2 + 2)
        self.setColumnMinimumWidth(0, TITLE_PX)
        self.setColumnStretch(1, 1)
        self._titles: dict[QWidget, QLabel] = {}

    def add(self, title: str, editor: QWidget, tip: str = "") -> None:
        """Adds a line.

        Args:
            title: str, English; also what a screen reader says.
            editor: what changes the value.
            tip: str, English, its tool tip.
        """
        caption = self._titles[editor] = label(title)
        caption.setBuddy(editor)
        if not editor.accessibleName():
            say(editor.setAccessibleName, title)
        if tip:
            say(editor.setToolTip, tip)
            say(caption.setToolTip, tip)
        line = self.rowCount()
        self.addWidget(caption, line, 0)
        self.addWidget(editor, line, 1)

    def show_line(self, editor: QWidget, *, shown: bool) -> None:
        """Shows or hides an editor with its title."""
        self._titles[editor].setVisible(shown)
        editor.setVisible(shown)

    def call_line(self, editor: QWidget, title: str) -> None:
        """Names an editor otherwise.

        Args:
            editor: which was added.
            title: str, English.
        """
        say(self._titles[editor].setText, title)
