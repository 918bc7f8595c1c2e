"""The training panel: choose pictures, press Start, watch, stop, resume. It joins its parts to the engines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QSplitter

from core.errors import UserError
from core.events import Metric, Saved, Status
from core.jobs import Job
from core.runs.run import Run
from desktop_app.job_handle import JobHandle
from desktop_app.panel import Panel, Studio
from desktop_app.panels.training_drops import TrainingDrops
from desktop_app.panels.training_looks import TrainingLooks
from desktop_app.panels.training_memory import TrainingMemory
from desktop_app.panels.training_moved import TrainingMoved
from desktop_app.panels.training_offers import TrainingOffers
from desktop_app.panels.training_report import TrainingReport
from desktop_app.panels.training_runs import TrainingRuns
from desktop_app.panels.training_samples import TrainingSamples
from desktop_app.panels.training_setup import TrainingSetup
from desktop_app.panels.training_view import TrainingView
from desktop_app.store import RunRow
from desktop_app.theme import SPACING
from desktop_app.translation import mark, tr_parts
from desktop_app.widgets.loss_plot import import_curves

START = "start"  # what messages that refuse a start are about


class TrainingPanel(Panel):
    """Trains models on pictures."""

    key = "training"
    title = mark("Training")
    icon = "training"

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.setup = TrainingSetup()
        self.view = TrainingView()
        self.report = TrainingReport(studio)
        self.runs = TrainingRuns(studio.store, studio.engines, self.report)
        self.looks = TrainingLooks(studio.engines, self.setup, self.view)
        self.samples = TrainingSamples(studio.store.background, self.view.samples)
        self._shown: JobHandle | None = None  # the training the view shows
        self._discarding: set[str] = set()  # job ids whose run goes when they end
        self.offers = TrainingOffers(studio, self)
        self.moved = TrainingMoved(studio.messages, self, self._go_on)
        self._viewed = ""  # the run whose curves and score are shown
        self._to_choose = ""  # the job whose run is to be chosen in the table: the one just started
        self._pausing = False  # whether the training that is shown has been asked to wait, and does not yet
        self._measured = False  # whether the training that is shown has measured anything yet
        self.drops = TrainingDrops(studio, self.setup.data)
        self.memory = TrainingMemory(studio.store.preferences, self.setup)
        right = QSplitter(Qt.Orientation.Vertical)
        right.setHandleWidth(SPACING + SPACING // 2)
        right.setChildrenCollapsible(False)
        right.addWidget(self.view)
        right.addWidget(self.runs)
        right.setStretchFactor(0, 2)
        right.setStretchFactor(1, 1)
        right.setSizes([490, 240])  # of the runs, four are seen from the beginning
        right.setContentsMargins(0, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING // 2)
        layout.addWidget(self.setup)
        layout.addWidget(right, 1)
        self._connect()
        self.memory.recall()
        self.setFocusProxy(self.setup.start_button)

    def _connect(self) -> None:
        self.setup.start_requested.connect(self.start)
        self.setup.data_changed.connect(self._withdraw_refusal)
        self.view.pause_requested.connect(self.pause_or_resume)
        self.view.stop_requested.connect(self.stop)
        self.view.discard_requested.connect(self.discard)
        self.view.use_requested.connect(self._use_viewed)
        self.runs.looked_at.connect(self.look_at)
        self.runs.resume_requested.connect(self.resume)
        self.runs.use_requested.connect(self._use)
        self.runs.report_requested.connect(self.report.show_report)
        self.runs.repeat_requested.connect(self._repeat)
        self.runs.delete_requested.connect(self.delete)
        self.offers.accepted.connect(self._resume_all)
        self.studio.store.runs_changed.connect(self._renew_viewed)

    def begin(self) -> None:
        """Makes the curves, looks at the data and for runs that were cut off. Called after the first paint."""
        self.looks.begin()
        self.offers.look()
        # Its import takes 0.4 s: in a thread it costs the window a few ms at a time.
        self.studio.store.background.do(import_curves, lambda _: self.view.plot.ensure_curves())
        self.memory.check_data()

    def take_paths(self, paths: list[Path]) -> None:
        """Chooses the data that was dropped."""
        self.setup.data.take_paths(paths)

    def take_model(self, model: str) -> None:
        """Chooses a model that another panel wants to be trained."""
        self.setup.model.setCurrentIndex(self.setup.model.findData(model))

    def remember(self) -> None:
        """Keeps the last data and model for the next start."""
        self.offers.end()
        self.looks.end()
        self.memory.keep()

    # -- what the user asks -------------------------------------------------------------------------------

    @Slot()
    def start(self) -> None:
        """Queues a training with what the left side shows."""
        self.studio.messages.withdraw(START)
        if problem := self.setup.problem():
            self.studio.messages.show_message("{problem}", level="warning", about=START, problem=problem)
            return
        if (error := self.looks.problem) is not None:
            self.studio.messages.show_error(error, about=START)
            self.looks.look_again()  # it may have been mended since
            return
        self.looks.make_room()
        self._follow(self.studio.engines.start(self.setup.job()))

    @Slot()
    def _withdraw_refusal(self) -> None:
        """Other data are chosen: why Start was refused holds no longer."""
        self.studio.messages.withdraw(START)

    @Slot(object)
    def resume(self, row: RunRow) -> None:
        """Goes on with a run that was stopped, cut off or failed."""
        if self.studio.engines.handle(row.job.id) is not None:
            return  # it waits its turn already
        self.offers.forget(row)
        self._go_on(row.job, str(row.run.folder))

    def _go_on(self, job: Job, run_folder: str) -> None:
        self.studio.messages.withdraw(job.id)
        self.looks.make_room()
        self._follow(self.studio.engines.start(job, run_folder))

    @Slot(list)
    def _resume_all(self, rows: list[RunRow]) -> None:
        for row in rows:
            self.resume(row)

    @Slot()
    def pause_or_resume(self) -> None:
        """Lets the training wait, or go on; or resumes the run that is shown."""
        if self._shown is None:
            if (row := self.studio.store.row(self._viewed)) is not None and row.resumable:
                self.resume(row)
        elif self._shown.state == "paused":
            self._shown.resume()
        elif not self._pausing:
            self._pausing = True
            self._renew_state()
            self._shown.pause()

    @Slot()
    def stop(self) -> None:
        """Ends the training and keeps its model. The button answers at once; the engine has 5 s."""
        if self._shown is not None:
            self._shown.cancel()
            self._renew_state()

    @Slot()
    def discard(self) -> None:
        """Asks whether the training is to be ended and its run deleted."""
        if (handle := self._shown) is None:
            return

        def do() -> None:
            if handle.active:
                self._cancel_and_delete(handle)

        self._ask("End this training and delete all it has learned?", mark("Discard"), do, about=handle.job.id)

    @Slot(object)
    def delete(self, row: RunRow) -> None:
        """Asks whether a run is to be deleted; one that waits its turn is taken out of the queue first."""

        def do() -> None:
            handle = self.studio.engines.handle(row.job.id)
            if handle is not None and handle.state != "queued":  # it has begun since the question was asked
                self.studio.messages.show_message(
                    "'{name}' is being trained by now. Stop it first.",
                    level="warning",
                    seconds=12,
                    name=row.record.name,
                )
            elif handle is not None and handle.run_folder in ("", str(row.run.folder)):
                self._cancel_and_delete(handle)
            else:
                self.studio.store.delete(row.run)

        self._ask(
            "Delete the run '{name}' of {when} with its model for good?",
            mark("Delete"),
            do,
            about=row.job.id,
            name=row.record.name,
            when=row.record.created.replace("T", " "),
        )

    def _cancel_and_delete(self, handle: JobHandle) -> None:
        """Ends a training that is queued or running; its run goes when it has ended."""
        self._discarding.add(handle.job.id)
        handle.cancel()
        self._renew_state()

    def _ask(self, question: str, answer: str, do: Callable[[], None], *, about: str, **values: Any) -> None:
        self.studio.messages.show_message(
            question,
            level="warning",
            actions=((answer, do), (mark("Keep it"), lambda: None)),
            about=about,
            **values,
        )

    @Slot(object)
    def _use(self, row: RunRow) -> None:
        if (kind := row.kind) is not None:
            self.run_offered.emit(kind.panel, row.run.id)

    @Slot()
    def _use_viewed(self) -> None:
        if (row := self.studio.store.row(self._viewed)) is not None:
            self._use(row)

    @Slot(object)
    def _repeat(self, row: RunRow) -> None:
        self.setup.show_job(row.job)

    # -- what the engine says -----------------------------------------------------------------------------

    def _follow(self, handle: JobHandle) -> None:
        handle.ended.connect(self._end)
        handle.saved.connect(self._notice_saved)
        self._to_choose = handle.job.id
        if self._shown is None:
            self._show(handle)
        else:
            self.studio.messages.show_message(
                "The training waits for the one that runs. Waiting: {waiting}.", seconds=6, waiting=self._waiting()
            )
            self._renew_state()

    def _waiting(self) -> int:
        waiting = (other for other in self.studio.engines.active_trainings() if other is not self._shown)
        return sum(other.state == "queued" and not other.stopping for other in waiting)

    def _renew_state(self) -> None:
        """Shows what the training does; a button that was pressed is answered before the engine can."""
        if (handle := self._shown) is None or not handle.active:
            return
        state = "starting" if handle.state == "queued" else handle.state
        if self._pausing:
            state = "pausing"
        self.view.show_state("stopping" if handle.stopping else state, self._waiting())

    def _show(self, handle: JobHandle) -> None:
        self._shown = handle
        self._viewed = Path(handle.run_folder).name
        self._measured = False
        self._pausing = False
        self.view.begin(handle.job)
        self.samples.follow(handle)
        self._renew_state()
        handle.status_changed.connect(self._show_status)
        handle.progressed.connect(self.view.show_progress)
        handle.measured.connect(self._add_metrics)
        handle.logged.connect(self.view.add_log)

    @Slot(list)
    def _add_metrics(self, metrics: list[Metric]) -> None:
        self.view.add_metrics(metrics)
        if not self._measured:
            self._measured = True
            self._show_earlier(before=metrics[0].step)

    def _show_earlier(self, *, before: int) -> None:
        """Draws what the run had measured when it was gone on with."""
        viewed = self._viewed

        def show(metrics: list[Metric]) -> None:
            if self._viewed == viewed:
                self.view.plot.show_earlier([metric for metric in metrics if metric.step < before])

        if self._shown is not None:
            self.studio.store.read_metrics(Run(Path(self._shown.run_folder)), show)

    @Slot(object)
    def look_at(self, row: RunRow) -> None:
        """Shows a run's curves and score, unless a training is being shown."""
        if self._shown is not None:
            if row.job.id != self._shown.job.id:
                self.studio.messages.show_message(
                    "'{name}' can be looked at once no training runs.", seconds=5, name=row.record.name
                )
            return
        self._viewed = row.run.id
        store = self.studio.store

        def show(metrics: list[Metric], log: str) -> None:
            if self._shown is None and self._viewed == row.run.id:
                self.view.show_run(row, metrics, log)
                self.samples.show_run(row.run)

        store.read_log(row.run, lambda log: store.read_metrics(row.run, lambda metrics: show(metrics, log)))

    def _show_nothing(self) -> None:
        self.view.idle()
        self.samples.clear()

    @Slot()
    def _renew_viewed(self) -> None:
        """Follows what has become of the run that is shown, and which classifiers there are to measure by."""
        self.setup.offer_extractors([(row.caption, row.run.id) for row in self.studio.store.rows if row.classifies])
        row = self.studio.store.row(self._viewed)
        if row is not None:
            self.view.show_name(row.record.name)
        if self._shown is not None or not self._viewed:
            return
        if row is None:  # deleted
            self._viewed = ""
            self._show_nothing()
        else:
            queued = self.studio.engines.handle(row.job.id) is not None
            self.view.show_resumable(resumable=row.resumable and not queued)

    @Slot(object)
    def _notice_saved(self, saved: Saved) -> None:
        if saved.kind not in ("run", "model"):
            return
        handle = self.sender()
        if saved.kind == "run" and isinstance(handle, JobHandle):
            run_id = Path(saved.path).name
            if handle is self._shown:
                self._viewed = run_id
            if handle.job.id == self._to_choose:
                self._to_choose = ""
                self.runs.choose(run_id)
        self.studio.store.refresh()

    @Slot(object)
    def _show_status(self, status: Status) -> None:
        if status.state == "paused":
            self._pausing = False
        self._renew_state()
        self.studio.store.refresh()

    @Slot(object)
    def _end(self, status: Status) -> None:
        handle = self.sender()
        if not isinstance(handle, JobHandle):
            return
        self.studio.messages.withdraw(handle.job.id)
        shown = handle is self._shown
        if shown:
            self._shown = None
            self._viewed = Path(handle.run_folder).name
            self.view.show_ending(status)
            QTimer.singleShot(0, self, self._show_next)
        if handle.job.id in self._discarding:
            self._discarding.discard(handle.job.id)
            if shown:
                self._show_nothing()
            if handle.run_folder:
                self.studio.store.delete(Run(Path(handle.run_folder)))
        elif self.moved.offer(handle, status):
            pass  # it has said what is wrong
        elif status.state == "failed":
            error = UserError(status.message, hint=status.hint, **status.values)
            self.studio.messages.show_error(error, details=status.trace, about=handle.job.id)
        elif status.message:
            self.studio.messages.show_message(
                "{text}", text=lambda: tr_parts(status.message, status.values), seconds=10
            )
        self._renew_state()
        if not self.studio.engines.active_trainings():
            self.looks.room_again()
        self.studio.store.refresh()

    @Slot()
    def _show_next(self) -> None:
        if self._shown is None and (waiting := self.studio.engines.active_trainings()):
            self._show(waiting[0])
