"""Choosing data: a folder, a zip, or an embedded set. Shows what is chosen; it does not look inside."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QFileDialog, QPushButton, QWidget

from core import catalog
from desktop_app.theme import SPACING
from desktop_app.translation import say
from desktop_app.widgets.drop_area import DropTarget
from desktop_app.widgets.elements import button, column, label, row

EMBEDDED, TEXTS = catalog.embedded("pictures"), catalog.embedded("texts")


class DataChooser(QWidget):
    """Buttons for one's own pictures or texts, one for each embedded set, and the name of what is chosen.

    Signals:
        chosen: str, a path or an embedded name, whenever it changes.
        several: list of paths that were dropped at once: whoever can look at the disk finds out what they are together.
    """

    chosen = Signal(str)
    several = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("dataChooser")
        self._data = ""
        self.folder_button = button("Folder…", self._ask_folder, icon="folder", name="chooseFolder")
        self.zip_button = button("Zip…", self._ask_zip, icon="archive", name="chooseZip")
        self.text_button = button("Text…", self._ask_text, icon="text", name="chooseText")
        self._embedded = QButtonGroup(self)
        self._embedded.setExclusive(False)
        second = row(self.text_button)  # beside the sets with sentences there is room for it
        for key in EMBEDDED:
            found = catalog.DATASETS[key]
            choice = button(found.title, self._take_embedded, name=f"choose_{key}", tip=found.help)
            choice.setCheckable(True)
            choice.setProperty("data", key)
            self._embedded.addButton(choice)
            second.addWidget(choice)
        self.name = label(role="heading", wrap=True, name="dataName")
        self.name.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.about = label(role="muted", wrap=True, name="dataAbout")
        first = row(self.folder_button, self.zip_button)
        self.setLayout(column(first, second, -(SPACING // 2), self.name, self.about))
        self.show_samples("pictures")
        self.target = DropTarget(self)
        self.target.dropped.connect(self.take_paths)

    def show_samples(self, samples: Literal["pictures", "texts"]) -> None:
        """Offers what a model learns from; embedded data that it can't learn from give way to others."""
        texts = samples == "texts"
        self.text_button.setVisible(texts)
        for choice in self._embedded.buttons():
            choice.setVisible(not texts or choice.property("data") in TEXTS)
        if texts and self._data in EMBEDDED and self._data not in TEXTS:
            self.choose(TEXTS[0])

    @property
    def data(self) -> str:
        """What is chosen: a path or an embedded name."""
        return self._data

    def choose(self, data: str) -> None:
        """Chooses data, as if the user had."""
        changed = data != self._data
        self._data = data
        for choice in self._embedded.buttons():
            with QSignalBlocker(choice):
                choice.setChecked(choice.property("data") == data)
        if data in EMBEDDED:
            say(self.name.setText, catalog.DATASETS[data].title)
            say(self.about.setText, catalog.DATASETS[data].help)
        else:
            say(self.name.setText, "{name}", name=Path(data).name or data)
            say(self.about.setText, "{path}", path=data)
        if changed:
            self.chosen.emit(data)

    @Slot(list)
    def take_paths(self, paths: list[Path]) -> None:
        """Chooses what was dropped, or hands on several paths."""
        if len(paths) > 1:
            self.several.emit(paths)
        elif paths:
            self.choose(str(paths[0]))

    def show_counts(self, text: str, **values: object) -> None:
        """Replaces the line under the name by what is known of the data by now."""
        say(self.about.setText, text, **values)

    @Slot()
    def _take_embedded(self) -> None:
        choice = self.sender()
        if isinstance(choice, QPushButton):
            choice.setChecked(True)
            self.choose(str(choice.property("data")))

    @Slot()
    def _ask_folder(self) -> None:
        if path := QFileDialog.getExistingDirectory(self, self.folder_button.text(), self._start_folder()):
            self.choose(path)

    @Slot()
    def _ask_zip(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.zip_button.text(), self._start_folder(), "*.zip")
        if path:
            self.choose(path)

    @Slot()
    def _ask_text(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.text_button.text(), self._start_folder(), "*.txt")
        if path:
            self.choose(path)

    def _start_folder(self) -> str:
        # Not looked at: a share that is gone would keep the window waiting.
        return str(Path.home() if self._data in EMBEDDED else Path(self._data).parent)
