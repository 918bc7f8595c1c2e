"""Brings the sheets of samples to the training panel: as they are drawn, or from a run's folder.

Files are read in the store's worker thread, one at a time, and only the newest wish.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Slot

from core.errors import UserError
from core.events import Images
from core.runs.run import Run
from desktop_app.background import Background
from desktop_app.job_handle import JobHandle
from desktop_app.widgets.sample_strip import SampleStrip

TITLE = "samples"  # of the events


class TrainingSamples(QObject):
    """Feeds a strip of samples.

    Args:
        background: reads files.
        strip: where they are shown.
    """

    def __init__(self, background: Background, strip: SampleStrip) -> None:
        super().__init__(strip)
        self._background = background
        self._strip = strip
        self._folder: Path | None = None  # of the sheets that are shown
        self._reading = False
        self._wish: tuple[int, Path] | None = None
        strip.wanted.connect(self._want)

    def follow(self, handle: JobHandle) -> None:
        """Shows what a training draws from now on."""
        self._begin(None)
        handle.pictures_arrived.connect(self._take)

    def show_run(self, run: Run) -> None:
        """Shows what a run has drawn."""
        self._begin(run.samples)
        self._list(run.samples)

    def clear(self) -> None:
        """Shows nothing."""
        self._begin(None)

    def _begin(self, folder: Path | None) -> None:
        self._folder = folder
        self._wish = None
        self._strip.clear()

    @Slot(object)
    def _take(self, images: Images) -> None:
        for picture, detail in zip(images.pictures, images.details, strict=False):
            if images.title != TITLE or not isinstance(detail.get("path"), str):
                continue
            epoch, path = int(detail.get("epoch", 0)), Path(detail["path"])
            if self._folder is None:  # the first: a training that is gone on with has older ones
                self._folder = path.parent
                self._list(path.parent, before=epoch)
            self._strip.add(epoch, path, picture)

    def _list(self, folder: Path, before: int | None = None) -> None:
        def show(sheets: dict[int, Path]) -> None:
            if self._folder == folder:
                self._strip.show_files({at: path for at, path in sheets.items() if before is None or at < before})

        self._background.do(lambda: sheets_of(folder), show)

    @Slot(int, object)
    def _want(self, epoch: int, path: Path) -> None:
        self._wish = (epoch, path)
        self._read_next()

    def _read_next(self) -> None:
        if self._reading or self._wish is None:
            return
        self._reading = True
        (epoch, path), folder = self._wish, self._folder
        self._wish = None

        def show(picture: np.ndarray | None) -> None:
            self._reading = False
            if self._folder == folder:
                self._strip.show_picture(epoch, picture)
            self._read_next()

        self._background.do(lambda: read_sheet(path), show, lambda _: show(None))


def sheets_of(folder: Path) -> dict[int, Path]:
    """Returns epoch -> file of the sheets in a run's folder of samples."""
    found: dict[int, Path] = {}
    with suppress(OSError):
        for path in folder.iterdir():
            if path.suffix == ".png" and path.stem.isdecimal() and int(path.stem) > 0:
                found[int(path.stem)] = path
    return found


def read_sheet(path: Path) -> np.ndarray | None:
    """Returns a sheet, uint8 (H, W, C), or None where it can't be read: a run may come from anywhere."""
    from core.data.decode import decode  # brings Pillow: not on the way to the first paint

    try:
        return decode(path)
    except (UserError, OSError):
        return None
