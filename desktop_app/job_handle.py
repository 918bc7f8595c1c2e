"""What a panel holds of a job that an engine does: its state, its signals, and the four things one can ask of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from core.events import ENDINGS, Event, Images, Log, Metric, Progress, Saved, Status, Text
from core.jobs import Job
from desktop_app.engine_thread import STOP_GRACE_S, EngineThread


class JobHandle(QObject):
    """One job in an engine. Lives in the window's thread.

    Signals:
        status_changed: a `Status`, the ending included.
        ended: the `Status` that ends the job; always emitted once, as the last signal.
        progressed: the newest `Progress` of a bundle; older ones of it are skipped.
        measured: the list of the bundle's `Metric` events.
        pictures_arrived: an `Images`.
        wrote: a `Text`.
        logged: the list of the bundle's `Log` events.
        saved: a `Saved`; the one of kind "run" names the run folder.

    Args:
        job: what is done.
        engine: the engine that does it.
    """

    status_changed = Signal(object)
    ended = Signal(object)
    progressed = Signal(object)
    measured = Signal(list)
    pictures_arrived = Signal(object)
    wrote = Signal(object)
    logged = Signal(list)
    saved = Signal(object)

    def __init__(self, job: Job, engine: EngineThread) -> None:
        super().__init__()
        self.job = job
        self.state = "queued"
        self.stopping = False
        self.run_folder = ""
        self.ending: Status | None = None
        self._engine = engine

    @property
    def active(self) -> bool:
        """Whether the job has not ended yet."""
        return self.ending is None

    def cancel(self, *, grace_s: float = STOP_GRACE_S) -> None:
        """Asks the job to stop; after the grace its engine is ended with it."""
        self.stopping = True
        self._engine.cancel(self.job.id, grace_s=grace_s)

    def pause(self) -> None:
        """Asks the job to wait."""
        self._engine.pause(self.job.id)

    def resume(self) -> None:
        """Lets the paused job go on."""
        self._engine.resume(self.job.id)

    def deliver(self, events: Sequence[Event]) -> None:
        """Emits a bundle of events, metrics and log lines together, so that a widget is drawn once a bundle."""
        metrics: list[Metric] = []
        logs: list[Log] = []
        progress: Progress | None = None
        statuses: list[Status] = []
        single: list[tuple[Callable[[object], None], Event]] = []
        for event in events:
            match event:
                case Metric():
                    metrics.append(event)
                case Log():
                    logs.append(event)
                case Progress():
                    progress = event
                case Status():
                    statuses.append(event)
                case Saved():
                    if event.kind == "run":
                        self.run_folder = event.path
                    single.append((self.saved.emit, event))
                case Images():
                    single.append((self.pictures_arrived.emit, event))
                case Text():
                    single.append((self.wrote.emit, event))
        for status in statuses:
            if status.state not in ENDINGS:
                self.state = status.state
                self.status_changed.emit(status)
        for emit, event in single:
            emit(event)
        if metrics:
            self.measured.emit(metrics)
        if logs:
            self.logged.emit(logs)
        if progress is not None:
            self.progressed.emit(progress)
        for status in statuses:
            if status.state in ENDINGS and self.active:
                self.state = status.state
                self.ending = status
                self.status_changed.emit(status)
                self.ended.emit(status)
