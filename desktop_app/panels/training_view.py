"""The right side of the training panel: what the training that is looked at does. It starts and stops nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from core import catalog
from core.events import Images, Log, Metric, Progress, Status
from core.jobs import Job
from desktop_app.panels.training_pages import CURVES, TrainingPages
from desktop_app.scores import Score, score_of
from desktop_app.store import RunRow
from desktop_app.theme import SPACING, show_icon
from desktop_app.translation import mark, say, tr, tr_parts
from desktop_app.uses import kind_of
from desktop_app.widgets.elements import ButtonRow, button, card, label, row
from desktop_app.widgets.log_view import log_text
from desktop_app.widgets.progress_line import ProgressLine
from desktop_app.widgets.run_table import STATUS
from desktop_app.widgets.score_line import ScoreLine

MOST_REMARKS = 4  # the pictures need room too
ENDED = {
    "done": mark("Done. The model is saved."),
    "stopped": mark("Stopped. What it has learned is kept; the run can be resumed."),
    "interrupted": mark("Cut off. What it had saved is kept; the run can be resumed."),
    "queued": mark("It has not begun yet; Resume starts it."),
}


class TrainingView(QWidget):
    """Progress, buttons, pictures, curves and log.

    Signals:
        pause_requested, stop_requested, discard_requested: the buttons.
        use_requested: the button beside the score.
    """

    pause_requested = Signal()
    stop_requested = Signal()
    discard_requested = Signal()
    use_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title = label("Ready to train", role="title", name="trainingTitle")
        self.state = label(role="muted", name="trainingState")
        self.progress = ProgressLine()
        self.pause_button = button("Pause", self.pause_requested, icon="pause", name="pause")
        self.stop_button = button(
            "Stop", self.stop_requested, icon="stop", name="stop", tip="Ends the training and keeps the model."
        )
        self.discard_button = button(
            "Discard", self.discard_requested, icon="trash", role="quiet", name="discard", tip="Deletes the run."
        )
        self.warning = label(role="warning", wrap=True, name="trainingWarning")
        self.score = ScoreLine(self.use_requested)
        self.tabs = TrainingPages()
        self.pictures, self.plot, self.samples = self.tabs.pictures, self.tabs.plot, self.tabs.samples
        self.about, self.classes, self.log = self.tabs.about, self.tabs.classes, self.tabs.log
        self._build()
        self.idle()

    def _build(self) -> None:
        frame, layout = card()
        buttons = ButtonRow((self.pause_button, self.stop_button, self.discard_button), narrow_px=560, ground=self)
        head = row(self.title, self.state, 1, buttons)
        layout.addLayout(head)
        layout.addWidget(self.progress)
        layout.addWidget(self.warning)
        layout.addWidget(self.score)
        pages, pages_layout = card()
        pages_layout.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, 2 * SPACING)
        pages_layout.addWidget(self.tabs)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(SPACING + SPACING // 2)
        whole.addWidget(frame)
        whole.addWidget(pages, 1)

    # -- states -------------------------------------------------------------------------------------------

    def idle(self) -> None:
        """Shows that nothing runs, and no run."""
        say(self.title.setText, "Ready to train")
        self.plot.clear()
        self.log.clear_lines()
        self._rest("Press Start to train.")

    def begin(self, job: Job) -> None:
        """Shows a job from its beginning."""
        self._show_kind(job.model)
        self.log.clear_lines()
        data = Path(str(job.settings.get("data", ""))).name
        say(self.title.setText, "{name}", name=lambda: job.name or f"{tr(catalog.MODELS[job.model].title)} · {data}")
        self.tabs.setCurrentIndex(CURVES)
        self.score.hide()
        self.warning.hide()
        self.progress.show()
        self.progress.wait()
        self.progress.say("Starting the engine")
        self.show_state("starting")

    def _show_kind(self, model: str) -> None:
        """Shows the plots of a kind of model, empty, and what it is good for."""
        self.tabs.show_kind(kind_of(model))
        self.score.show_use(kind_of(model))

    def show_name(self, name: str) -> None:
        """Shows what the run is called."""
        say(self.title.setText, "{name}", name=name)

    def show_resumable(self, *, resumable: bool) -> None:
        """Lets the run that is shown be resumed, or not."""
        self._show_resume(shown=resumable)
        self._enable(self.pause_button, resumable)

    def _show_resume(self, *, shown: bool) -> None:
        say(self.pause_button.setText, "Resume" if shown else "Pause")
        show_icon(self.pause_button.setIcon, "play" if shown else "pause")

    def _enable(self, button: QPushButton, enabled: bool) -> None:  # noqa: FBT001 (as Qt's own)
        """Enables a button or not; one that has the focus does not leave it to its neighbour, to be pressed next."""
        if not enabled and button.hasFocus():
            self.tabs.setFocus()
        button.setEnabled(enabled)

    def show_state(self, state: str, waiting: int = 0) -> None:
        """Shows what the training does, and what can be pressed now.

        Args:
            state: "starting", "running", "pausing", "paused" or "stopping".
            waiting: how many trainings wait for this one.
        """
        self._show_resume(shown=state == "paused")
        self._enable(self.pause_button, state in ("running", "pausing", "paused"))
        self._enable(self.stop_button, state != "stopping")
        self.discard_button.setEnabled(True)
        if state == "pausing":
            say(self.pause_button.setText, "Pausing…")
        say(self.stop_button.setText, "Stopping…" if state == "stopping" else "Stop")
        if waiting:
            say(self.state.setText, "{state}, {waiting} waiting", state=lambda: tr(state), waiting=waiting)
        else:
            say(self.state.setText, state)

    def show_ending(self, status: Status) -> None:
        """Shows how the job ended."""
        if status.state == "finished":
            self._rest(ENDED["done"])
            self.progress.fill()
            say(self.state.setText, STATUS["done"])
            self._show_score(score_of(status.result))
        elif status.state == "cancelled":
            self._rest(ENDED["stopped"])
            say(self.state.setText, STATUS["stopped"])
        else:
            self._rest("{reason}", reason=lambda: tr_parts(status.message, status.values))
            say(self.state.setText, STATUS["failed"])

    def show_run(self, row: RunRow, metrics: list[Metric], log: str) -> None:
        """Shows a run that is not being trained now.

        Args:
            row: the run.
            metrics: all it has measured.
            log: what its training said.
        """
        self._show_kind(row.job.model)
        self.plot.show_earlier(metrics)
        self.log.show_text(log)
        self.show_name(row.record.name)
        self.tabs.setCurrentIndex(CURVES)
        self._rest(ENDED.get(row.record.status, "{reason}"), reason=row.record.message)
        self._show_score(row.score)
        self.show_resumable(resumable=row.resumable)
        say(self.state.setText, STATUS[row.record.status])

    def _rest(self, text: str, **values: Any) -> None:
        self.score.hide()
        self.warning.hide()
        self.progress.show()
        self.progress.rest(text, **values)
        self.show_resumable(resumable=False)
        self.stop_button.setEnabled(False)
        self.discard_button.setEnabled(False)
        say(self.stop_button.setText, "Stop")
        say(self.state.setText, "{nothing}", nothing="")

    def _show_score(self, score: Score | None) -> None:
        if score is not None:
            self.score.show_score(score)
            self.progress.hide()

    # -- events -------------------------------------------------------------------------------------------

    @Slot(object)
    def show_progress(self, progress: Progress) -> None:
        """Shows how far the job is."""
        self.progress.show_progress(progress)

    @Slot(list)
    def add_metrics(self, metrics: list) -> None:
        """Draws a bundle of numbers."""
        self.plot.add(metrics)

    @Slot(list)
    def add_log(self, events: list[Log]) -> None:
        """Writes log lines; the newest warning is shown with the progress as well."""
        self.log.add(events)
        for event in events:
            if event.level == "warning":
                say(self.warning.setText, "{text}", text=lambda event=event: log_text(event))
                self.warning.show()

    def show_remarks(self, remarks: Sequence[Mapping[str, Any]]) -> None:
        """Shows what is to be said of the data before they are trained on.

        Args:
            remarks: "message", an English template, and its "values", of each.
        """
        more = len(remarks) - MOST_REMARKS

        def lines() -> str:
            shown = [tr_parts(remark["message"], remark["values"]) for remark in remarks[:MOST_REMARKS]]
            return "\n".join(shown if more <= 0 else [*shown, tr("{count} more stand in the log.", count=more)])

        say(self.tabs.remarks.setText, "{lines}", lines=lines)
        self.tabs.remarks.setVisible(bool(remarks))

    @Slot(object)
    def show_preview(self, images: Images) -> None:
        """Shows some pictures of the data, each with its class."""
        details = images.details or tuple({} for _ in images.pictures)
        texts = [str(detail.get("label", "")) for detail in details]
        self.pictures.show_pictures(images.pictures, texts, [str(detail.get("path", "")) for detail in details])
