"""The three engines of the window, and which of them does which job."""

from __future__ import annotations

import os

from PySide6.QtCore import QObject, Signal, Slot

from core import catalog
from core.events import Status
from core.jobs import Job
from core.runs.run import Workspace
from desktop_app.engine_thread import EngineThread
from desktop_app.job_handle import JobHandle


class Engines(QObject):
    """Starts jobs and hands out their handles.

    Signals:
        run_ended: a training has ended, whoever started it: (JobHandle, Status).

    Args:
        workspace: where runs lie.
    """

    run_ended = Signal(object, object)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        cores = os.cpu_count() or 2
        self.training = EngineThread("training", workspace, fresh=True, parent=self)
        self.interactive = EngineThread("interactive", workspace, threads=max(1, cores // 2), parent=self)
        self.data = EngineThread("data", workspace, threads=1, eager=True, parent=self)
        self.all = {engine.name: engine for engine in (self.training, self.interactive, self.data)}
        self._handles: dict[str, JobHandle] = {}
        self._closed = False
        for engine in self.all.values():
            engine.delivered.connect(self._deliver)

    def begin(self) -> None:
        """Starts the data engine; the others start with their first job."""
        self.data.start()

    def start(self, job: Job, run_folder: str = "") -> JobHandle:
        """Queues a job in the engine its task names.

        Args:
            job: what to do.
            run_folder: an existing run to go on with.

        Returns:
            Its handle. A job that is queued or being done already keeps the one it has.
        """
        if (known := self._handles.get(job.id)) is not None:
            return known
        engine = self.all[catalog.find(catalog.TASKS, job.task, "task").engine]
        handle = self._handles[job.id] = JobHandle(job, engine)
        handle.ended.connect(self._forget)
        if not self._closed:
            engine.submit(job, run_folder)
        return handle

    def handle(self, job_id: str) -> JobHandle | None:
        """Returns the handle of a job that is queued or being done, else None."""
        return self._handles.get(job_id)

    def active_trainings(self) -> list[JobHandle]:
        """Returns the trainings that are queued or running, in their order."""
        return [handle for handle in self._handles.values() if handle.job.row.writes_run]

    def close(self) -> None:
        """Ends all engines; waits a few seconds at most."""
        self._closed = True
        for engine in self.all.values():
            if engine.isRunning():
                engine.close()
        for engine in self.all.values():
            engine.wait(10_000)

    @Slot(str, list)
    def _deliver(self, job_id: str, events: list) -> None:
        if not self._closed and (handle := self._handles.get(job_id)) is not None:
            handle.deliver(events)

    @Slot(object)
    def _forget(self, status: Status) -> None:
        handle = self.sender()
        if isinstance(handle, JobHandle):
            self._handles.pop(handle.job.id, None)
            if handle.job.row.writes_run:
                self.run_ended.emit(handle, status)
            handle.deleteLater()
