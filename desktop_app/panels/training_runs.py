"""The runs below the training: the table and what can be done with the run that is chosen."""

from __future__ import annotations

from PySide6.QtCore import QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from core.kinds.kind import Kind
from desktop_app.engines import Engines
from desktop_app.store import RunRow, Store
from desktop_app.theme import SPACING, show_icon
from desktop_app.translation import say
from desktop_app.widgets.elements import ButtonRow, button, card, label, row
from desktop_app.widgets.run_table import RunTable

MIN_ROWS = 3
NARROW_PX = 760  # below this width the captions of six buttons have no room


class TrainingRuns(QWidget):
    """The run table with its buttons.

    Signals:
        resume_requested, use_requested, report_requested, delete_requested, repeat_requested: a `RunRow`.
        looked_at: the `RunRow` that was clicked.

    Args:
        store: where the rows come from.
        engines: know which of the runs is queued.
        report: the line that shows how far the scoring of a run is.
    """

    resume_requested = Signal(object)
    use_requested = Signal(object)
    report_requested = Signal(object)
    delete_requested = Signal(object)
    repeat_requested = Signal(object)
    looked_at = Signal(object)

    def __init__(self, store: Store, engines: Engines, report: QWidget) -> None:
        super().__init__()
        self._store = store
        self._engines = engines
        self.table = RunTable()
        self._empty = label("No runs yet. Each training you start is listed here.", role="empty", wrap=True)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.table)
        self.resume_button = button("Resume", self._resume, icon="resume", name="resumeRun")
        self.use_button = button("Classify with it", self._use, icon="classification", name="useRun")
        self.report_button = button(
            "Report",
            self._report,
            icon="text",
            name="reportRun",
            tip="Scores the model on what its training never saw, and opens a page with all there is to see.",
        )
        self.repeat_button = button(
            "Repeat", self._repeat, icon="copy", name="repeatRun", tip="Takes its data, model and settings over."
        )
        self.folder_button = button("Open folder", self._open_folder, icon="folder", name="openRun")
        self.delete_button = button("Delete", self._delete, icon="trash", role="quiet", name="deleteRun")
        frame, layout = card()
        layout.setContentsMargins(2 * SPACING, SPACING + 4, 2 * SPACING, SPACING + 4)
        buttons = (
            self.resume_button,
            self.use_button,
            self.report_button,
            self.repeat_button,
            self.folder_button,
            self.delete_button,
        )
        layout.addLayout(row(label("Runs", role="section"), 1, ButtonRow(buttons, narrow_px=NARROW_PX, ground=self)))
        layout.addWidget(report)
        layout.addWidget(self._pages, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        self.table.setMinimumHeight(self.table.height_of(MIN_ROWS))
        self._wanted = ""  # a run that is to be chosen once it is listed
        self.table.row_chosen.connect(self._enable)
        self.table.clicked.connect(self._look)
        self.table.activated.connect(self._look)
        store.runs_changed.connect(self._show_rows)
        self._enable(None)

    def choose(self, run_id: str) -> None:
        """Chooses a run now, or as soon as it is listed."""
        self._wanted = run_id
        self._choose_wanted()

    def _choose_wanted(self) -> None:
        if self._wanted and self._store.row(self._wanted) is not None:
            self.table.choose(self._wanted)
            self._wanted = ""

    @Slot()
    def _look(self) -> None:
        self._emit(self.looked_at)

    @Slot()
    def _show_rows(self) -> None:
        self.table.show_rows(self._store.rows)
        self._choose_wanted()
        self._pages.setCurrentWidget(self.table if self._store.rows else self._empty)

    @Slot(object)
    def _enable(self, chosen: RunRow | None) -> None:
        running = chosen is not None and chosen.record.status in ("running", "paused")
        queued = chosen is not None and self._engines.handle(chosen.job.id) is not None
        resumable = chosen is not None and chosen.resumable and not queued
        if not resumable and self.resume_button.hasFocus():
            self.table.setFocus()  # else its neighbour would get it, to be pressed next
        self.resume_button.setEnabled(resumable)
        self._name_use(chosen.kind if chosen is not None else None, usable=bool(chosen and chosen.has_model))
        self.report_button.setEnabled(chosen is not None and chosen.has_model and not running and not queued)
        self.repeat_button.setEnabled(chosen is not None)
        self.folder_button.setEnabled(chosen is not None)
        self.delete_button.setEnabled(chosen is not None and not running)

    def _name_use(self, kind: Kind | None, *, usable: bool) -> None:
        """Names the button after what the chosen run's model is good for."""
        self.use_button.setEnabled(usable and kind is not None)
        if kind is not None:
            say(self.use_button.setText, kind.use)
            say(self.use_button.setAccessibleName, kind.use)
            show_icon(self.use_button.setIcon, kind.icon)

    @Slot()
    def _resume(self) -> None:
        self._emit(self.resume_requested)

    @Slot()
    def _use(self) -> None:
        self._emit(self.use_requested)

    @Slot()
    def _report(self) -> None:
        self._emit(self.report_requested)

    @Slot()
    def _repeat(self) -> None:
        self._emit(self.repeat_requested)

    @Slot()
    def _delete(self) -> None:
        self._emit(self.delete_requested)

    @Slot()
    def _open_folder(self) -> None:
        if (chosen := self.table.chosen()) is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(chosen.run.folder)))

    def _emit(self, signal: object) -> None:
        if (chosen := self.table.chosen()) is not None:
            signal.emit(chosen)  # type: ignore[attr-defined]
