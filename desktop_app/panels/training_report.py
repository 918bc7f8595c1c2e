"""Scores a run when it is asked for, shows how far that is, and opens the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from core.errors import UserError
from core.events import Status
from core.jobs import Job, installed_backends
from desktop_app.job_handle import JobHandle
from desktop_app.panel import Studio
from desktop_app.store import RunRow
from desktop_app.translation import mark
from desktop_app.widgets.elements import button, row
from desktop_app.widgets.progress_line import ProgressLine

ABOUT = "report"
REPORT, MODEL = "report.html", "model.json"


class TrainingReport(QWidget):
    """A line with the progress of the evaluation and a button that ends it; hidden while there is none.

    Args:
        studio: whose interactive engine does it, also while a training runs.
        open_file: shows a file to the user.
    """

    def __init__(self, studio: Studio, open_file: Callable[[Path], None] | None = None) -> None:
        super().__init__()
        self._studio = studio
        self._open = open_file or _open_outside
        self._row: RunRow | None = None
        self._handle: JobHandle | None = None
        self.progress = ProgressLine()
        self.stop_button = button("Stop", self.stop, icon="stop", name="stopReport")
        line = row(self.progress, self.stop_button)
        line.setStretch(0, 1)
        self.setLayout(line)
        self.hide()

    def show_report(self, chosen: RunRow) -> None:
        """Opens a run's report; where there is none, or an older model's, the run is scored first."""
        if _is_current(chosen):
            self._open(chosen.run.folder / REPORT)
            return
        if self._handle is not None:
            self._studio.messages.show_message(
                "Another run is being scored. Ask again when that is done, or stop it.", level="warning", seconds=8
            )
            return
        self._studio.messages.withdraw(ABOUT)
        backend = chosen.job.backend
        given = {"backend": backend} if backend in installed_backends() else {}
        self._row = chosen
        self._handle = self._studio.engines.start(Job(task="evaluate", settings={"run": chosen.run.id}, **given))
        self._handle.progressed.connect(self.progress.show_progress)
        self._handle.ended.connect(self._end)
        self.progress.wait()
        self.progress.say("Scoring '{name}'", name=chosen.record.name)
        self.stop_button.setEnabled(True)
        self.show()

    @Slot()
    def stop(self) -> None:
        """Ends the scoring."""
        if self._handle is not None:
            self.stop_button.setEnabled(False)
            self._handle.cancel()

    @Slot(object)
    def _end(self, status: Status) -> None:
        chosen, self._row, self._handle = self._row, None, None
        self.hide()
        if status.state == "failed":
            error = UserError(status.message, hint=status.hint, **status.values)
            self._studio.messages.show_error(error, details=status.trace, about=ABOUT)
        if status.state != "finished" or chosen is None:
            return
        if report := str(status.result.get("report", "")):
            self._studio.messages.show_message(
                "'{name}' is scored.",
                level="good",
                seconds=20,
                actions=((mark("Open the report"), lambda: self._open(Path(report))),),
                name=chosen.record.name,
            )
            self._open(Path(report))
        else:
            self._studio.messages.show_message(
                "{problem}", level="error", about=ABOUT, problem=str(status.result.get("error", ""))
            )


def _is_current(chosen: RunRow) -> bool:
    """Whether the report is of the model that the run has now."""
    try:
        report = (chosen.run.folder / REPORT).stat()
        return report.st_mtime_ns >= (chosen.run.model_folder / MODEL).stat().st_mtime_ns
    except OSError:
        return False


def _open_outside(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
