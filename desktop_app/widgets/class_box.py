"""Chooses one of the classes that a run has learnt to draw, or none of them in particular."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QComboBox

from desktop_app.translation import tr, translator


class ClassBox(QComboBox):
    """A box of class names; its first line stands for none of them.

    Args:
        name: str, object name.
        none: str, English, what the first line says.
    """

    def __init__(self, name: str, none: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self._none = none
        self._classes: tuple[str, ...] = ()
        self.addItem(tr(none), "")
        translator().changed.connect(self._name_none)

    @property
    def label(self) -> str:
        """The class that is chosen; "" for none in particular."""
        return str(self.currentData() or "")

    def show_classes(self, classes: Sequence[str]) -> None:
        """Offers other classes; the one that is chosen stays where it is among them."""
        if tuple(classes) == self._classes:
            return
        chosen, self._classes = self.label, tuple(classes)
        with QSignalBlocker(self):
            self.clear()
            self.addItem(tr(self._none), "")
            for name in classes:
                self.addItem(name, name)
            self.choose(chosen)

    def choose(self, label: str) -> None:
        """Chooses a class; one that is not offered chooses none."""
        self.setCurrentIndex(max(0, self.findData(label)))

    def call_none(self, none: str) -> None:
        """Names the first line otherwise.

        Args:
            none: str, English.
        """
        self._none = none
        self._name_none()

    @Slot()
    def _name_none(self) -> None:
        self.setItemText(0, tr(self._none))
