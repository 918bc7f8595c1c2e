"""Chooses the network that compares pictures: a convolutional classifier's run, or a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog

from desktop_app.translation import mark, say, tr, translator

FILE = object()  # what stands behind the line that asks for a file
ASK = mark("A .keras file…")


class BackboneBox(QComboBox):
    """A box of runs; its last line asks for a file.

    Args:
        name: str, object name.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        say(self.setPlaceholderText, "none chosen")
        self._runs: list[tuple[str, str]] = []
        self._value = ""
        self.activated.connect(self._choose)
        translator().changed.connect(self._fill)
        self._fill()

    @property
    def value(self) -> str:
        """A run's id, a path, or "" where none is chosen."""
        return self._value

    def offer_runs(self, runs: Sequence[tuple[str, str]]) -> None:
        """Offers runs, (caption, id) each; where none is chosen yet, the first is."""
        before = [known for _, known in self._runs]
        self._runs = list(runs)
        known = [run for _, run in self._runs]
        if not self._value or (self._value in before and self._value not in known):
            self._value = known[0] if known else ""
        self._fill()

    def take(self, value: str) -> None:
        """Chooses a run or a file; one that is not offered is added."""
        self._value = value
        self._fill()

    @Slot()
    def _fill(self) -> None:
        rows: list[tuple[str, object]] = list(self._runs)
        if self._value and self._value not in [known for _, known in rows]:
            rows.append((Path(self._value).name, self._value))
        rows.append((tr(ASK), FILE))
        with QSignalBlocker(self):
            self.clear()
            for place, (caption, known) in enumerate(rows):
                self.addItem(caption, known)
                self.setItemData(place, caption, Qt.ItemDataRole.ToolTipRole)
            self.setCurrentIndex([known for _, known in rows].index(self._value) if self._value else -1)

    @Slot(int)
    def _choose(self, index: int) -> None:
        chosen = self.itemData(index)
        if chosen is FILE:
            path, _ = QFileDialog.getOpenFileName(self.window(), tr(ASK), "", "Keras (*.keras)")
            chosen = path or self._value
        self.take(str(chosen))
