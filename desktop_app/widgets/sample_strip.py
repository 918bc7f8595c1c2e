"""What a generator drew, epoch by epoch: one sheet of samples, and a slider through time.

It reads no file: it asks for the sheet at the slider, and is given it later.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QSlider, QStackedWidget, QWidget

from desktop_app.translation import say
from desktop_app.widgets.elements import column, label, row
from desktop_app.widgets.picture_view import PictureView

LABEL_PX = 84


class SampleStrip(QWidget):
    """The sheets of one training. It follows the newest until the user looks at an older one.

    Signals:
        wanted: (epoch, `Path`) of the sheet that is to be shown and that it does not hold.
    """

    wanted = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sampleStrip")
        self._sheets: dict[int, Path] = {}
        self._epochs: list[int] = []
        self._newest: tuple[int, np.ndarray | None] = (0, None)
        self._following = True
        self.view = PictureView(crisp=True)
        say(self.view.setAccessibleName, "Samples")
        self.empty = label("Samples are drawn at the end of each epoch.", role="empty", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("sampleSlider")
        say(self.slider.setAccessibleName, "Epoch")
        say(self.slider.setToolTip, "Drag to look back; at its right end it follows the newest samples.")
        self.slider.valueChanged.connect(self._move)
        self.epoch = label(name="sampleEpoch")
        self.epoch.setMinimumWidth(LABEL_PX)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.view)
        line = row(self.epoch, self.slider)
        line.setStretch(1, 1)
        whole = column(self._pages, line)
        whole.setStretch(0, 1)
        self.setLayout(whole)
        self.clear()

    def clear(self) -> None:
        """Forgets all sheets."""
        self._sheets, self._epochs = {}, []
        self._newest = (0, None)
        self._following = True
        self.view.show_picture(None)
        self._renew()

    def add(self, epoch: int, path: Path, picture: np.ndarray) -> None:
        """Takes the newest sheet.

        Args:
            epoch: int, epochs trained when it was drawn.
            path: where it lies.
            picture: uint8 (H, W, C).
        """
        self._sheets[epoch] = path
        self._newest = (epoch, picture)
        self._renew()
        if self.shown() == epoch:
            self.view.show_picture(picture)

    def show_files(self, sheets: Mapping[int, Path]) -> None:
        """Takes sheets that lie on the disk, epoch -> path, beside those it has."""
        self._sheets = {**sheets, **self._sheets}
        self._renew()

    def show_picture(self, epoch: int, picture: np.ndarray | None) -> None:
        """Shows the sheet that was wanted, unless another one is by now; None where it can't be read."""
        if self._epochs and epoch == self._epochs[self.slider.value()]:
            self.view.show_picture(picture)

    def shown(self) -> int:
        """Returns the epoch whose sheet is shown; 0 where there is none."""
        return self._epochs[self.slider.value()] if self._epochs else 0

    def _renew(self) -> None:
        """Fits the slider to the sheets; the one that is looked at stays."""
        looked_at = self.shown()
        self._epochs = sorted(self._sheets)
        last = len(self._epochs) - 1
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, last))
            self.slider.setPageStep(max(1, len(self._epochs) // 10))
            known = looked_at in self._sheets and not self._following
            self.slider.setValue(self._epochs.index(looked_at) if known else max(0, last))
        self.slider.setEnabled(last > 0)
        self._pages.setCurrentWidget(self.view if self._epochs else self.empty)
        if not self._epochs:
            say(self.epoch.setText, "{nothing}", nothing="")
        elif self.shown() != looked_at:
            self._look()

    @Slot()
    def _move(self) -> None:
        self._following = self.slider.value() == self.slider.maximum()
        self._look()

    def _look(self) -> None:
        """Shows the sheet at the slider, or asks for it."""
        epoch = self.shown()
        if not epoch:
            return
        say(self.epoch.setText, "Epoch {epoch}", epoch=f"{epoch:,}")
        newest, picture = self._newest
        if epoch == newest and picture is not None:
            self.view.show_picture(picture)
        else:
            self.wanted.emit(epoch, self._sheets[epoch])
