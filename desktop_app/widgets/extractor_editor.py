"""The editor of the setting that names the feature extractor that drawn pictures are measured by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog

from desktop_app.translation import tr, translator
from desktop_app.widgets.editor import Editor

SHORTEST = 5  # letters it has room for
FILE = object()  # what stands behind the row that asks for a file


class ExtractorEditor(Editor):
    """Which feature extractor: a network of the data's own, a classifier's run, or a file of weights."""

    def __init__(self) -> None:
        self._box = QComboBox()
        self._box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._box.setMinimumContentsLength(SHORTEST)
        super().__init__(self._box)
        self._runs: list[tuple[str, str]] = []
        self._value = ""
        self._fill()
        self._box.activated.connect(self._choose)
        translator().changed.connect(self._fill)

    def value(self) -> str:
        """Empty, a run's id, or a path."""
        return self._value

    def show_value(self, value: Any) -> None:
        """Chooses one; what is not in the list is added to it."""
        self._value = str(value)
        self._fill()
        self.edited.emit()

    def offer_runs(self, runs: Sequence[tuple[str, str]]) -> None:
        """Offers classifiers."""
        if list(runs) != self._runs:
            self._runs = list(runs)
            self._fill()

    @Slot()
    def _fill(self) -> None:
        rows: list[tuple[str, Any]] = [(tr("Automatic"), ""), *self._runs]
        if self._value not in [known for _, known in rows]:
            rows.append((Path(self._value).name or self._value, self._value))
        rows.append((tr("InceptionV3 weights…"), FILE))
        with QSignalBlocker(self._box):
            self._box.clear()
            for place, (caption, known) in enumerate(rows):
                self._box.addItem(caption, known)
                self._box.setItemData(place, known if known not in ("", FILE) else caption, Qt.ItemDataRole.ToolTipRole)
            self._box.setCurrentIndex([known for _, known in rows].index(self._value))

    @Slot(int)
    def _choose(self, index: int) -> None:
        chosen = self._box.itemData(index)
        if chosen is FILE:
            path, _ = QFileDialog.getOpenFileName(self._box, tr("InceptionV3 weights…"), "", "HDF5 (*.h5 *.hdf5)")
            chosen = path or self._value
        self.show_value(chosen)
