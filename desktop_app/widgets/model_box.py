"""Chooses a model: one of the workspace's runs, or a file or folder from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop_app.translation import say, tr, translator
from desktop_app.widgets.caption_box import CaptionBox
from desktop_app.widgets.elements import plain_tip

OTHER = object()  # what stands behind the line that asks for a file or folder
MOST_FOREIGN = 5


def choose_keras_file(parent: QWidget) -> str:
    """Asks for a .keras file; "" where the user thinks better of it."""
    return QFileDialog.getOpenFileName(parent, "", "", "Keras (*.keras)")[0]


def choose_folder(parent: QWidget) -> str:
    """Asks for a folder; "" where the user thinks better of it."""
    return QFileDialog.getExistingDirectory(parent)


class ModelBox(CaptionBox):
    """A box of runs; its last line asks for a file or folder, which is offered from then on.

    Signals:
        chosen: the user has chosen another one.

    Args:
        name: str, object name.
        ask: str, English, the last line.
        choose: asks the user, and returns a path or "".
    """

    chosen = Signal()

    def __init__(self, name: str, ask: str, choose: Callable[[QWidget], str]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setMinimumContentsLength(8)
        say(self.setPlaceholderText, "none chosen")
        self._ask = ask
        self._choose_path = choose
        self._runs: list[tuple[str, str]] = []
        self._foreign: list[str] = []
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
        self._foreign = [path for path in self._foreign if path not in known]
        if not self._value or (self._value in before and self._value not in known):
            self._value = known[0] if known else ""
        self._fill()

    def take(self, value: str) -> None:
        """Chooses a run or a path; one that is not offered is added."""
        self._value = value
        if value and value not in [known for _, known in self._runs] and value not in self._foreign:
            self._foreign = [*self._foreign, value][-MOST_FOREIGN:]
        self._fill()

    def ask(self) -> None:
        """Asks for a file or folder, and chooses it."""
        if path := self._choose_path(self.window()):
            self.take(path)
            self.chosen.emit()
        else:
            self._fill()

    @Slot()
    def _fill(self) -> None:
        rows: list[tuple[str, object]] = [*self._runs, *((Path(path).name, path) for path in self._foreign)]
        rows.append((tr(self._ask), OTHER))
        with QSignalBlocker(self):
            self.clear()
            for place, (caption, known) in enumerate(rows):
                self.addItem(caption, known)
                tip = str(known) if known in self._foreign else caption
                self.setItemData(place, plain_tip(tip), Qt.ItemDataRole.ToolTipRole)
            self.setCurrentIndex([known for _, known in rows].index(self._value) if self._value else -1)

    @Slot(int)
    def _choose(self, index: int) -> None:
        if self.itemData(index) is OTHER:
            self.ask()
        else:
            self.take(str(self.itemData(index)))
            self.chosen.emit()
