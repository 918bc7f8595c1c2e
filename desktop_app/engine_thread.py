"""The worker thread that owns one engine process: starts it, feeds it, listens to it, buries it.

It knows jobs and events, but no widget and no panel. What a task does happens in the process, never here.
"""

from __future__ import annotations

import multiprocessing
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QThread, QTimer, Signal, Slot

from core import catalog
from core.errors import UserError
from core.events import ENDINGS, Event, Progress, Saved, Status
from core.jobs import Job
from core.runs.run import Run, Workspace
from desktop_app.translation import mark

DELIVERY_MS = 66  # events reach the window at most 15 times a second
STOP_GRACE_S = 5.0  # a job that has not ended this long after Stop is ended with its engine
SAVE_GRACE_S = 120.0  # how much longer it may take once it says that it saves
RETIRE_GRACE_S = 8.0  # how long an engine may take to go once it has nothing to do
CLOSE_GRACE_S = 3.0  # how long a closed window waits for a training's last checkpoint before it leaves it alone

# Exit status -> what the user reads.
ENGINE_ENDED = "The engine ended unexpectedly: {reason}."
SIGNAL_REASONS = {
    -9: mark("it was killed, most often because the memory ran out"),
    -11: mark("it crashed inside a library"),
}


@dataclass
class _Current:
    """The job the process is doing."""

    job: Job
    run_folder: str
    deadline: float = float("inf")  # monotonic seconds after which the process is killed
    cancelled: bool = False
    saving: bool = False  # has said so since it was cancelled


class EngineThread(QThread):
    """One engine: a queue of jobs and the process that does them, one at a time.

    All public methods may be called from the thread this object lives in, and return at once.

    Signals:
        delivered: (job id, list of events), in the thread this object lives in. The last event of every job
            is one ending.

    Args:
        name: "training", "interactive" or "data".
        workspace: where runs are made.
        threads: how many threads the engine's numeric libraries may use; 0 leaves it to them.
        fresh: bool, whether each job gets a new process (so a GPU's memory comes back for certain).
        eager: bool, whether the process starts with the thread instead of with the first job.
        main: what the process runs, importable by name; `core.engine.engine.serve` where None.
    """

    delivered = Signal(str, list)
    _pending = Signal()

    def __init__(
        self,
        name: str,
        workspace: Workspace,
        *,
        threads: int = 0,
        fresh: bool = False,
        eager: bool = False,
        main: Callable[[Connection, str, int], None] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"engine-{name}")
        self.name = name
        self._workspace = workspace
        self._threads = threads
        self._fresh = fresh
        self._eager = eager
        self._main = main
        # The worker thread's own:
        self._waiting: deque[tuple[Job, str]] = deque()
        self._current: _Current | None = None
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._backend: tuple[str, str] | None = None
        self._retire_by = float("inf")
        self._closing = False
        # Shared, each safe by itself:
        self._orders: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._wake_reader, self._wake_writer = multiprocessing.Pipe(duplex=False)
        self._lock = threading.Lock()
        self._events: list[tuple[str, Event]] = []
        # The window's side:
        self._since_delivery = QElapsedTimer()
        self._since_delivery.start()
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._deliver)
        self._pending.connect(self._schedule)

    # -- the window's side ------------------------------------------------------------------------------

    def submit(self, job: Job, run_folder: str = "") -> None:
        """Queues a job.

        Args:
            job: what to do.
            run_folder: an existing run to go on with; a training without one gets a new run.
        """
        self._order("submit", job, run_folder)

    def cancel(self, job_id: str, *, grace_s: float = STOP_GRACE_S) -> None:
        """Asks a job to stop; if it has not ended after the grace, its engine is ended with it."""
        self._order("cancel", job_id, grace_s)

    def pause(self, job_id: str) -> None:
        """Asks a job to wait."""
        self._order("pause", job_id)

    def resume(self, job_id: str) -> None:
        """Lets a paused job go on."""
        self._order("resume", job_id)

    def close(self) -> None:
        """Begins the end: the engine saves what it does and goes. `wait()` for it, but not for ever."""
        self._order("close")

    @property
    def backend(self) -> str:
        """The backend the living process has loaded, or ""."""
        return self._backend[0] if self._backend else ""

    @property
    def process_id(self) -> int:
        """The engine process's id, 0 where there is none."""
        process = self._process
        return (process.pid or 0) if process is not None else 0

    def _order(self, *order: Any) -> None:
        if not self.isRunning() and order[0] != "close":
            self.start()
        self._orders.put(order)
        with suppress(OSError):
            self._wake_writer.send_bytes(b"!")

    @Slot()
    def _schedule(self) -> None:
        if not self._timer.isActive():
            self._timer.start(max(0, DELIVERY_MS - self._since_delivery.elapsed()))

    @Slot()
    def _deliver(self) -> None:
        self._since_delivery.restart()
        with self._lock:
            events, self._events = self._events, []
        grouped: dict[str, list[Event]] = {}
        for job_id, event in events:
            grouped.setdefault(job_id, []).append(event)
        for job_id, group in grouped.items():
            self.delivered.emit(job_id, group)

    # -- the worker thread ------------------------------------------------------------------------------

    def run(self) -> None:
        """The thread's own function: waits for orders, events and the process's end until it is closed."""
        if self._eager:
            self._spawn()
        while not (self._closing and self._process is None):
            self._start_next()
            sources: list[Any] = [self._wake_reader]
            if self._connection is not None:
                sources.append(self._connection)
            if self._process is not None:
                sources.append(self._process.sentinel)
            ready = wait(sources, self._seconds_left())
            if self._wake_reader in ready:
                self._wake_reader.recv_bytes()
                self._obey(self._orders.get())
            if self._connection in ready:
                self._receive()
            if self._process is not None and self._process.sentinel in ready:
                self._bury()
            self._enforce()

    def _obey(self, order: tuple[Any, ...]) -> None:
        verb, *rest = order
        if verb == "submit":
            self._accept(*rest)
        elif verb == "cancel":
            self._cancel(*rest)
        elif verb == "close":
            self._close()
        elif self._current is not None and self._current.job.id == rest[0]:
            self._send(verb, rest[0])

    def _accept(self, job: Job, run_folder: str) -> None:
        if job.row.writes_run and not run_folder:
            try:
                run, job = self._workspace.create_run(job)
            except UserError as error:
                self._post(job.id, Status("failed", error.message, error.hint, error.values))
                return
            run_folder = str(run.folder)
        if run_folder:
            self._post(job.id, Saved(run_folder, "run"))
        self._waiting.append((job, run_folder))

    def _cancel(self, job_id: str, grace_s: float) -> None:
        for item in self._waiting:
            if item[0].id == job_id:
                self._waiting.remove(item)
                _mark(item[1], status="stopped")
                self._post(job_id, Status("cancelled"))
                return
        if self._current is not None and self._current.job.id == job_id:
            self._current.cancelled = True
            self._current.deadline = min(self._current.deadline, time.monotonic() + grace_s)
            self._send("cancel", job_id)

    def _close(self) -> None:
        self._closing = True
        self._waiting.clear()  # their runs stay "queued" and can be resumed
        if self._current is None:
            self._send("end")
        self._drop_connection()  # a training that runs: the engine sees it, saves, and marks its run interrupted
        saves = self._current is not None and bool(self._current.run_folder)
        self._retire_by = time.monotonic() + (CLOSE_GRACE_S if saves else 0.3)

    def _start_next(self) -> None:
        if self._current is not None or not self._waiting or self._closing:
            return
        job, run_folder = self._waiting[0]
        wanted = (job.backend, job.device) if job.row.keras else None
        if self._process is not None and wanted and self._backend not in (None, wanted):
            self._retire()  # a backend is read once per process
        if self._process is not None and self._retire_by < float("inf"):
            return  # going; the next one starts when it is gone
        if self._process is None:
            self._spawn()
        self._waiting.popleft()
        self._current = _Current(job, run_folder)
        self._backend = wanted or self._backend
        self._send("run", job.model_dump(mode="json"), run_folder)

    def _spawn(self) -> None:
        main = self._main or catalog.load("core.engine.engine:serve")
        spawn = multiprocessing.get_context("spawn")
        self._connection, theirs = spawn.Pipe()
        arguments = (theirs, str(self._workspace.folder), self._threads)
        self._process = spawn.Process(target=main, args=arguments, name=f"pixelwright-{self.name}")
        self._process.start()
        theirs.close()  # else the engine's death would not close the pipe
        self._backend = None
        self._retire_by = float("inf")

    def _receive(self) -> None:
        """Takes every bundle that has arrived."""
        try:
            while self._connection is not None and self._connection.poll():
                for job_id, event in self._connection.recv():
                    self._take(job_id, event)
        except (EOFError, OSError):
            self._drop_connection()  # the process is ending; its sentinel tells when it has
            self._retire_by = min(self._retire_by, time.monotonic() + RETIRE_GRACE_S)
        except Exception:  # noqa: BLE001 (what is unpickled may raise anything)
            # The ending may have been in it: without the process, its job is ended by its sentinel.
            if self._process is not None:
                self._process.kill()
            self._drop_connection()

    def _take(self, job_id: str, event: Event) -> None:
        current = self._current
        if current is None or current.job.id != job_id:
            return
        self._post(job_id, event)
        saves = isinstance(event, Saved) or (isinstance(event, Progress) and event.phase == "save")
        if saves and current.cancelled and not current.saving:
            current.saving = True  # killed in the middle of it, all work would be lost
            current.deadline = max(current.deadline, time.monotonic() + SAVE_GRACE_S)
        if isinstance(event, Status) and event.state in ENDINGS:
            self._current = None
            if self._fresh:
                self._retire()

    def _retire(self) -> None:
        if self._retire_by == float("inf"):
            self._send("end")
            self._retire_by = time.monotonic() + RETIRE_GRACE_S

    def _bury(self) -> None:
        """The process is gone: reads its last words, and ends its job if it could not."""
        if self._connection is not None:
            self._receive()
            self._drop_connection()
        assert self._process is not None  # noqa: S101 (for the type checker)
        self._process.join()
        exit_code = self._process.exitcode or 0
        self._process.close()
        self._process = None
        self._backend = None
        self._retire_by = float("inf")
        current, self._current = self._current, None
        if current is not None and not self._closing:
            self._end_for_it(current, exit_code)

    def _end_for_it(self, current: _Current, exit_code: int) -> None:
        if current.cancelled:
            ending = Status("cancelled", "The engine was ended because it did not stop by itself.")
            status = "stopped"
        else:
            ending = Status(
                "failed",
                ENGINE_ENDED,
                "What was saved is kept: start or resume it again, with a smaller batch if the memory ran out.",
                {"reason": SIGNAL_REASONS.get(exit_code, f"exit status {exit_code}")},
            )
            status = "failed"
        _mark(current.run_folder, status=status, message=str(UserError(ending.message, **ending.values)))
        self._post(current.job.id, ending)

    def _enforce(self) -> None:
        """Kills a process whose time is over. An engine that saves for a closed window is left alone."""
        now = time.monotonic()
        late = now > self._retire_by or (self._current is not None and now > self._current.deadline)
        if self._process is None or not late:
            return
        if self._closing and self._current is not None and self._current.run_folder:
            self._process = None  # it writes its last checkpoint as an orphan
        else:
            self._process.kill()
            self._retire_by = float("inf")
            if self._current is not None:
                self._current.deadline = float("inf")

    def _seconds_left(self) -> float | None:
        deadline = min(self._retire_by, self._current.deadline if self._current else float("inf"))
        return None if deadline == float("inf") else max(0.0, deadline - time.monotonic()) + 0.001

    def _send(self, *message: Any) -> None:
        if self._connection is not None:
            with suppress(OSError):  # its end is noticed by the sentinel
                self._connection.send(message)

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, job_id: str, event: Event) -> None:
        with self._lock:
            first = not self._events
            self._events.append((job_id, event))
        if first:
            self._pending.emit()


def _mark(run_folder: str, **changes: Any) -> None:
    """Writes into run.json what the engine could not; a place that can't be written to is no reason to fail."""
    if run_folder:
        with suppress(UserError):
            Run(Path(run_folder)).update(**changes)
