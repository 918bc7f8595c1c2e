"""Data that are dropped on the training panel in several pieces: which of them is taken, and that it is said."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot

from core import catalog
from desktop_app.panel import Studio
from desktop_app.translation import mark
from desktop_app.widgets.data_chooser import DataChooser

COMMON_FOLDER = "core.data.sources.together:common_folder"  # looks at the disk: call it off the window's thread


class TrainingDrops(QObject):
    """Chooses the folder that holds just what was dropped, class folders say, or else the first of it.

    Args:
        studio: what the panels share.
        data: where data are chosen; this object belongs to it.
    """

    def __init__(self, studio: Studio, data: DataChooser) -> None:
        super().__init__(data)
        self._studio = studio
        self._data = data
        data.several.connect(self.take)

    @Slot(list)
    def take(self, paths: list[Path]) -> None:
        """Takes several paths."""

        def choose(folder: Path | None) -> None:
            chosen = folder or paths[0]
            self._data.choose(str(chosen))
            self._studio.messages.show_message(
                mark("The folder '{name}' is taken, which holds the {count} that were dropped.")
                if folder
                else mark(
                    "Of the {count} that were dropped only '{name}' is taken: put all of them, and nothing else, into "
                    "one folder, and drop that."
                ),
                level="info" if folder else "warning",
                seconds=20,
                name=chosen.name,
                count=len(paths),
            )

        self._studio.store.background.do(lambda: catalog.load(COMMON_FOLDER)(paths), choose)
