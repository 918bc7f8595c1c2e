"""A seed, with a button that throws a new one; where it helps, with the number of a picture of that seed."""

from __future__ import annotations

import secrets

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QSpinBox, QWidget

from desktop_app.translation import say
from desktop_app.widgets.elements import button, row
from desktop_app.widgets.form_editors import IntEditor

MOST_SEED = 2**31 - 1
THROWN = 1_000_000  # seeds that are thrown have at most six digits, so that one can note them down
MOST_NUMBER = 1_000_000


class SeedEditor(QWidget):
    """Edits a seed.

    Signals:
        edited: it is another one now.

    Args:
        name: str, object name; the parts are called `nameSeed`, `nameNumber` and `nameNew`.
        numbered: bool, whether it also edits which picture of the seed is meant.
    """

    edited = Signal()

    def __init__(self, name: str, *, numbered: bool = False) -> None:
        super().__init__()
        self._seed = _spin(MOST_SEED, f"{name}Seed")
        self._number = _spin(MOST_NUMBER, f"{name}Number")
        say(self._seed.setAccessibleName, "Seed")
        say(self._number.setAccessibleName, "Number")
        say(self._number.setToolTip, "Which picture of a sheet drawn from that seed it is, counted from 0.")
        self.new_button = button("", self.throw, icon="dice", name=f"{name}New", tip="New seed")
        self.new_button.setProperty("role", "icon")
        self._number.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        line = row(self._seed, self._number, self.new_button, spacing=4)
        line.setStretch(0, 2)
        line.setStretch(1, 1)
        self.setLayout(line)
        if not numbered:
            self._number.hide()
        self.setFocusProxy(self._seed)
        for editor in (self._seed, self._number):
            editor.valueChanged.connect(self.edited)

    @property
    def seed(self) -> int:
        """The seed, 0 to 2**31 - 1."""
        return self._seed.value()

    @property
    def number(self) -> int:
        """Which picture of the seed, counted from 0."""
        return self._number.value()

    def show_value(self, seed: int, number: int = 0) -> None:
        """Shows a seed, and which of its pictures."""
        before = (self.seed, self.number)
        with QSignalBlocker(self._seed), QSignalBlocker(self._number):
            self._seed.setValue(seed)
            self._number.setValue(number)
        if before != (self.seed, self.number):
            self.edited.emit()

    @Slot()
    def throw(self) -> None:
        """Takes a new seed, and its first picture."""
        self.show_value(secrets.randbelow(THROWN))


def _spin(most: int, name: str) -> QSpinBox:
    made = IntEditor(0, most, 1).widget
    assert isinstance(made, QSpinBox)  # noqa: S101 (for the type checker)
    made.setObjectName(name)
    made.setMinimumWidth(40)
    return made
