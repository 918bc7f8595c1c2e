"""How far a job is: phase, bar, speed and time left, in one line and in plain words."""

from __future__ import annotations

import time

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QProgressBar, QWidget

from core.engine.phases import PHASES
from core.events import Progress
from desktop_app.theme import SPACING
from desktop_app.translation import say, tr
from desktop_app.widgets.elements import column, label, row
from desktop_app.widgets.elided_label import ElidedLabel

BRIEF_S = 0.7  # a validation shorter than this does not take the training's figures away


class ProgressLine(QWidget):
    """A thin bar under a line of words."""

    def __init__(self) -> None:
        super().__init__()
        self.phase = ElidedLabel("progressPhase")
        self.numbers = label(role="muted", name="progressNumbers")
        self.bar = QProgressBar(textVisible=False)
        self.bar.setObjectName("progressBar")
        say(self.bar.setAccessibleName, "Progress")
        self._figures = ("", "")  # speed and time left, and the time alone, for where there is no room for both
        self._trained = 0.0  # when this training last told how far it is, monotonic seconds; 0 before
        self.setLayout(column(row(self.phase, 1, self.numbers), self.bar, spacing=6))
        self.rest("")

    def rest(self, text: str, /, **values: object) -> None:
        """Shows a text and an empty bar: nothing is being done."""
        self._trained = 0.0
        self.bar.setRange(0, 1)
        self.bar.setValue(0)
        self._show_figures("", "")
        self.say(text, **values)

    def fill(self) -> None:
        """Shows a full bar: all is done."""
        self.bar.setRange(0, 1)
        self.bar.setValue(1)
        self._show_figures("", "")

    def wait(self) -> None:
        """Shows a bar that moves to and fro: something is being done, nobody knows how long."""
        self._trained = 0.0
        self.bar.setRange(0, 0)

    def say(self, text: str, /, **values: object) -> None:
        """Shows a text and leaves the bar as it is."""
        say(self.phase.setText, text or "{nothing}", **(values or ({} if text else {"nothing": ""})))
        self._fit_figures()

    def show_progress(self, progress: Progress) -> None:
        """Shows what a task reports."""
        now = time.monotonic()
        in_training = progress.phase == "validate" and self._trained > 0
        if in_training and now - self._trained < BRIEF_S:
            return
        if progress.phase == "train":
            self._trained = now
        template = PHASES.get(progress.phase, progress.phase.capitalize())
        text = tr(template, detail=progress.detail) if "{detail}" in template else tr(template)
        if progress.detail and "{detail}" not in template:
            text = f"{text} · {tr_detail(progress.detail)}"
        self.say("{text}", text=text)
        if in_training:
            return  # the bar and the time left are the whole training's, of which this is a part
        self._show_figures(rate_text(progress), time_text(progress.eta_s))
        # A range of nought makes the bar move to and fro.
        self.bar.setRange(0, max(0, progress.total))
        self.bar.setValue(progress.done)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Shows of the figures what there is room for."""
        super().resizeEvent(event)
        self._fit_figures()

    def _show_figures(self, rate: str, left: str) -> None:
        self._figures = (" · ".join(part for part in (rate, left) if part), left)
        self._fit_figures()

    def _fit_figures(self) -> None:
        room = self.width() - self.phase.sizeHint().width() - 2 * SPACING
        for text in self._figures:
            self.numbers.setText(text)
            if self.numbers.sizeHint().width() <= room:
                break


def rate_text(progress: Progress) -> str:
    """Returns the speed in words, or "" where it is not known."""
    if progress.rate <= 0:
        return ""
    if progress.unit in ("samples", "pictures"):
        return tr("{rate} samples/s", rate=f"{progress.rate:,.0f}")
    return tr("{rate} a second", rate=f"{progress.rate:,.{1 if progress.rate < 100 else 0}f}")


def time_text(seconds: float | None) -> str:
    """Returns the time left in words, or "" where it is not known."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return tr("{seconds} s left", seconds=whole)
    if whole < 3600:
        return tr("{minutes} min {seconds} s left", minutes=whole // 60, seconds=whole % 60)
    return tr("{hours} h {minutes} min left", hours=whole // 3600, minutes=whole % 3600 // 60)


def tr_detail(detail: str) -> str:
    """Returns a task's detail in the language that is shown; "epoch 3 of 12" is taken apart for it."""
    words = detail.split()
    if len(words) == 4 and words[0] == "epoch" and words[2] == "of":
        return tr("epoch {epoch} of {epochs}", epoch=words[1], epochs=words[3])
    return tr(detail)
