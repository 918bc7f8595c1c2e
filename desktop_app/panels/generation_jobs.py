"""What the generation panel has asked the engine for. Of pictures to be shown the newest wins; files are all written.

It must not know a page, nor what pictures mean.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from core.events import Images, Log, Progress, Status, Text
from core.jobs import Job
from desktop_app.engines import Engines
from desktop_app.job_handle import JobHandle

# A job that another one takes the place of may be importing the backend, which the other one needs as well: it is asked
# to stop, and not killed for being slow.
PATIENCE_S = 600.0


class GenerationJobs(QObject):
    """Starts jobs and passes on what they tell.

    Signals:
        progressed: a `Progress` of any of the jobs.
        pictures_arrived: (Job, Images), of the newest job that is to be shown.
        wrote: (Job, Text), of the same.
        warned: a `Log` that the user should read, of the newest job that is to be shown.
        replaced: the `Job` that another one takes the place of; its end is not told.
        ended: (Job, Status), of any job but those that another one has taken the place of.
        busy_changed: the first job has begun, or the last one has ended.

    Args:
        engines: where the jobs are done.
    """

    progressed = Signal(object)
    pictures_arrived = Signal(object, object)
    wrote = Signal(object, object)
    warned = Signal(object)
    replaced = Signal(object)
    ended = Signal(object, object)
    busy_changed = Signal()

    def __init__(self, engines: Engines, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engines = engines
        self._handles: dict[str, JobHandle] = {}
        self._shown = ""  # id of the job whose pictures are to be shown
        self._replaced: set[str] = set()

    @property
    def busy(self) -> bool:
        """Whether anything is being done, or waits for it."""
        return bool(self._handles)

    def show(self, job: Job) -> None:
        """Starts a job whose pictures are to be shown, instead of the one before."""
        if (before := self._handles.get(self._shown)) is not None:
            self._replaced.add(self._shown)
            before.cancel(grace_s=PATIENCE_S)
            self.replaced.emit(before.job)
        self._shown = job.id
        self._start(job)

    def write(self, job: Job) -> None:
        """Starts a job that writes a file, after what is being done."""
        self._start(job)

    def give_up(self) -> None:
        """Asks the job to stop whose pictures were to be shown; files are written to their end."""
        if (shown := self._handles.get(self._shown)) is not None:
            shown.cancel(grace_s=PATIENCE_S)

    def stop(self) -> None:
        """Asks everything to stop."""
        for handle in list(self._handles.values()):
            handle.cancel()

    def _start(self, job: Job) -> None:
        handle = self._handles[job.id] = self._engines.start(job)
        handle.progressed.connect(self._pass_progress)
        handle.pictures_arrived.connect(self._pass_pictures)
        handle.wrote.connect(self._pass_text)
        handle.logged.connect(self._pass_warnings)
        handle.ended.connect(self._end)
        if len(self._handles) == 1:
            self.busy_changed.emit()

    @Slot(object)
    def _pass_progress(self, progress: Progress) -> None:
        self.progressed.emit(progress)

    @Slot(object)
    def _pass_pictures(self, images: Images) -> None:
        handle = self.sender()
        if isinstance(handle, JobHandle) and handle.job.id == self._shown:
            self.pictures_arrived.emit(handle.job, images)

    @Slot(object)
    def _pass_text(self, piece: Text) -> None:
        handle = self.sender()
        if isinstance(handle, JobHandle) and handle.job.id == self._shown:
            self.wrote.emit(handle.job, piece)

    @Slot(list)
    def _pass_warnings(self, logs: list[Log]) -> None:
        handle = self.sender()
        if isinstance(handle, JobHandle) and handle.job.id == self._shown:
            for log in logs:
                if log.level == "warning":
                    self.warned.emit(log)

    @Slot(object)
    def _end(self, status: Status) -> None:
        handle = self.sender()
        if not isinstance(handle, JobHandle):
            return
        job = handle.job
        self._handles.pop(job.id, None)
        if job.id in self._replaced:
            self._replaced.discard(job.id)
        else:
            self.ended.emit(job, status)
        if not self._handles:
            self.busy_changed.emit()
