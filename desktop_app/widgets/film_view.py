"""Pictures one after the other, over and over: play, pause, and a slider over them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QSlider, QWidget

from desktop_app.theme import show_icon
from desktop_app.translation import say
from desktop_app.widgets.elements import button, column, label, row
from desktop_app.widgets.picture_view import PictureView

PLACE_PX = 96


class FilmView(QWidget):
    """Plays pictures. It stands still while it can't be seen.

    Signals:
        moved: int, the place of the picture that is shown now.
    """

    moved = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("filmView")
        self._pictures: list[np.ndarray] = []
        self._playing = False
        self.view = PictureView(crisp=True)
        self.play_button = button("", self.play_or_pause, icon="play", name="filmPlay", tip="Play")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("filmSlider")
        say(self.slider.setAccessibleName, "Place on the way")
        self.place = label(role="muted", name="filmPlace")
        self.place.setMinimumWidth(PLACE_PX)
        self.place.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line = row(self.play_button, self.slider, self.place)
        line.setStretch(1, 1)
        whole = column(self.view, line)
        whole.setStretch(0, 1)
        self.setLayout(whole)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go_on)
        self.slider.valueChanged.connect(self._show)
        self.slider.sliderPressed.connect(self._pause)
        self.set_pace(12.0)

    @property
    def playing(self) -> bool:
        """Whether it plays, or would if it could be seen."""
        return self._playing

    def count(self) -> int:
        """Returns how many pictures there are."""
        return len(self._pictures)

    def show_pictures(self, pictures: Sequence[np.ndarray]) -> None:
        """Replaces the pictures, and plays them from the first on; none shows nothing.

        Args:
            pictures: uint8 (H, W, C).
        """
        self._pictures = list(pictures)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, len(self._pictures) - 1))
            self.slider.setValue(0)
        self._show()
        self._play(playing=len(self._pictures) > 1)

    def set_pace(self, fps: float) -> None:
        """Plays so many pictures a second, 0.5 to 50."""
        self._timer.setInterval(max(1, round(1000 / fps)))

    @Slot()
    def play_or_pause(self) -> None:
        """Plays on, or stands still."""
        self._play(playing=not self._playing)

    def _play(self, *, playing: bool) -> None:
        self._playing = playing and len(self._pictures) > 1
        show_icon(self.play_button.setIcon, "pause" if self._playing else "play")
        for setter in (self.play_button.setToolTip, self.play_button.setAccessibleName):
            say(setter, "Pause" if self._playing else "Play")
        self._run()

    def _run(self) -> None:
        if self._playing and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    @Slot()
    def _pause(self) -> None:
        self._play(playing=False)

    @Slot()
    def _go_on(self) -> None:
        self.slider.setValue((self.slider.value() + 1) % len(self._pictures))

    @Slot()
    def _show(self) -> None:
        place = self.slider.value()
        self.view.show_picture(self._pictures[place] if self._pictures else None)
        say(self.place.setText, "{place} of {count}", place=place + 1, count=len(self._pictures))
        self.moved.emit(place)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Goes on playing."""
        super().showEvent(event)
        self._run()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 (Qt's name)
        """Stands still: nobody looks."""
        super().hideEvent(event)
        self._timer.stop()
