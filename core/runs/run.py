"""Runs and the workspace they lie in: plain folders, no database."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import platformdirs
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.errors import UserError, closest
from core.files.atomic import path_exists, path_of, read_json, write_json, writing_to
from core.files.migrations import Migration, migrate, newest
from core.files.sealed import clear_leftovers
from core.jobs import MIGRATIONS as JOB_MIGRATIONS
from core.jobs import Job


def _name_calibration_alike(values: dict[str, Any]) -> dict[str, Any]:
    """The calibration error of the test split is called "ece", in a training's result as in an evaluation's."""
    result = values.get("result", {})
    if "test_ece" not in result.get("metrics", {}):
        return values
    metrics = {"ece" if name == "test_ece" else name: value for name, value in result["metrics"].items()}
    return {**values, "result": {**result, "metrics": metrics}}


# Of run.json; the job in it has its own format.
MIGRATIONS: tuple[Migration, ...] = (_name_calibration_alike,)
FORMAT = newest(MIGRATIONS)
RunStatus = Literal["queued", "running", "paused", "done", "stopped", "failed", "interrupted"]
LIVING = ("running", "paused")
RESUMABLE = ("queued", "stopped", "failed", "interrupted")


class RunRecord(BaseModel):
    """What run.json holds.

    Args:
        format: int, version of this layout.
        id: str, the folder's name.
        name: str, what the user calls it.
        status: one of `RunStatus`.
        job: the job as it was given, every setting written out.
        created: str, ISO 8601 local time.
        ended: str, the same, or empty.
        dataset: dict: source, fingerprint, classes, counts a split, number of skipped files.
        versions: dict: pixelwright, python, keras, the backend ...
        result: dict, what the task returned.
        message: str, why it failed, for the table.
    """

    model_config = ConfigDict(extra="ignore")

    format: int = FORMAT
    id: str
    name: str
    status: RunStatus = "queued"
    job: Job
    created: str = Field(default_factory=lambda: datetime.now().isoformat(timespec="seconds"))
    ended: str = ""
    dataset: dict[str, Any] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    result: dict[str, Any] = Field(default_factory=dict)
    message: str = ""

    @field_validator("result")
    @classmethod
    def _numbers(cls, result: dict[str, Any]) -> dict[str, Any]:
        """A run may come from elsewhere: what the tables read must be numbers."""
        metrics = result.get("metrics", {})
        if not isinstance(metrics, dict) or not all(isinstance(value, int | float) for value in metrics.values()):
            raise ValueError("result.metrics does not hold numbers")
        return result

    @field_validator("dataset")
    @classmethod
    def _names(cls, dataset: dict[str, Any]) -> dict[str, Any]:
        """The same for what is listed of the data."""
        if not isinstance(dataset.get("classes", []), list) or not isinstance(dataset.get("counts", {}), dict):
            raise ValueError("dataset does not hold classes and counts")
        return dataset


class Run:
    """A folder on disk: one training, from job to report.

    Args:
        folder: the run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record_path = folder / "run.json"
        self.history_path = folder / "history.csv"
        self.metrics_path = folder / "metrics.jsonl"
        self.skipped_path = folder / "skipped.csv"
        self.log_path = folder / "log.txt"
        self.checkpoints = folder / "checkpoints"
        self.model_folder = folder / "model"
        self.samples = folder / "samples"
        self.snapshots = folder / "snapshots"
        self.seen = folder / "seen"

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    def record(self) -> RunRecord:
        """Reads run.json.

        Raises:
            UserError: it is missing, damaged or from a newer version.
        """
        values = read_json(self.record_path)
        try:
            values = migrate(values, MIGRATIONS, self.id)
            if isinstance(values, dict) and "job" in values:
                values = {**values, "job": migrate(values["job"], JOB_MIGRATIONS, self.id)}
            # The folder may have been renamed or copied since: its name is the id.
            return RunRecord.model_validate(values).model_copy(update={"id": self.id})
        except ValueError as error:
            raise UserError(
                "The run '{run}' is damaged: run.json does not hold what it should.",
                hint="Restore it from a copy, or delete the folder '{folder}'.",
                run=self.id,
                folder=self.folder,
            ) from error

    def update(self, **changes: Any) -> RunRecord:
        """Writes run.json anew with some of its fields changed."""
        record = self.record().model_copy(update=changes)
        write_json(self.record_path, record.model_dump(mode="json"))
        return record

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the run for this process; the system lets go by itself when the process dies.

        What a process that died left half-written is cleared away first.

        Raises:
            UserError: another process works on it, or it is not there: the lock alone would make its folder anew.
        """
        if not path_exists(self.record_path):
            raise UserError(
                "The run '{run}' is no longer there.",
                hint="It was deleted or moved: start a new one.",
                run=self.id,
            )
        lock = FileLock(self.folder / "run.lock")
        with writing_to(self.folder):
            try:
                lock.acquire(timeout=1)
            except Timeout:
                raise UserError(
                    "The run '{run}' is being trained by another window or command.",
                    hint="Wait for it to end, or stop it there.",
                    run=self.id,
                ) from None
        try:
            for folder in (self.folder, self.checkpoints, self.snapshots):
                clear_leftovers(folder)
            yield
        finally:
            lock.release()

    def in_use(self) -> bool:
        """Whether a living process holds the run."""
        if not path_exists(self.folder):
            return False
        lock = FileLock(self.folder / "run.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        except OSError:
            return False  # a read-only folder: nothing can be training there
        lock.release()
        return False

    def ages(self) -> list[int]:
        """Returns the ages that a GAN's training has kept beside its model, in epochs, youngest first."""
        with suppress(OSError):
            return sorted(int(folder.name) for folder in self.snapshots.iterdir() if folder.name.isdecimal())
        return []  # none, or deleted just now

    def epochs_done(self) -> int:
        """Returns how many epochs history.csv holds; 0 where there is none."""
        with suppress(OSError):
            return max(len(self.history_path.read_bytes().splitlines()) - 1, 0)
        return 0

    def resumable(self) -> bool:
        """Whether a training can go on, or start, here."""
        return self.record().status in RESUMABLE


class Workspace:
    """The folder that holds runs and caches.

    Args:
        folder: where; made at the first write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()
        self.runs_folder = self.folder / "runs"
        self.cache_folder = self.folder / "cache"
        self._ended: dict[str, tuple[int, ...]] = {}  # runs that need no look until their run.json changes

    def create_run(self, job: Job) -> tuple[Run, Job]:
        """Makes the folder of a new training, with the status "queued".

        Args:
            job: a training job.

        Returns:
            The run, and the job that names it and spells out every setting.

        Raises:
            UserError: a setting does not fit, or the workspace can't be written.
        """
        now = datetime.now()
        run_id = f"{now:%Y%m%d-%H%M%S}-{job.model or job.task}-{uuid4().hex[:4]}"
        job = job.complete().model_copy(update={"run": run_id})
        data = Path(str(job.settings.get("data", ""))).stem
        record = RunRecord(id=run_id, name=job.name or self._free_name(f"{job.model} {data}".strip()), job=job)
        run = Run(self.runs_folder / run_id)
        with writing_to(run.folder):
            run.folder.mkdir(parents=True)
        write_json(run.record_path, record.model_dump(mode="json"))
        return run, job

    def _free_name(self, name: str) -> str:
        """Returns the name, with a number where another run has it: "cnn digits 2"."""
        taken = {record.name for _, record in self._records()}
        numbered = (f"{name} {number}" for number in itertools.count(2))
        return name if name not in taken else next(other for other in numbered if other not in taken)

    def runs(self) -> list[Run]:
        """Returns every readable run, newest first; damaged ones are left out (`damaged_runs` lists them)."""
        return [run for run, _ in self._newest_first()]

    def damaged_runs(self) -> list[Run]:
        """Returns the folders under runs/ whose run.json can't be read."""
        readable = {run.folder for run in self.runs()}
        return [Run(folder) for folder in self._folders() if folder not in readable]

    def find(self, text: str) -> Run:
        """Finds a run by its id, its name, the start of its id, or its folder.

        Args:
            text: what the user typed. Of several runs with that name the newest is taken.

        Raises:
            UserError: there is none.
        """
        for run in self.fitting(text):
            return run
        guess = self.closest(text)
        raise UserError(
            "There is no run '{text}' in '{workspace}'.",
            hint="Did you mean '{guess}'? `pixelwright runs` lists them all."
            if guess
            else "`pixelwright runs` lists those there are.",
            text=text,
            guess=guess,
            workspace=self.folder,
        )

    def fitting(self, text: str) -> list[Run]:
        """Returns the runs that `find` chooses from: one of that folder or id, else all of that name, newest first."""
        if not text:
            return []
        for folder in (path_of(text), self.runs_folder / text):
            if path_exists(folder / "run.json"):
                return [Run(folder.absolute())]
        return [run for run, record in self._newest_first() if record.name == text or run.id.startswith(text)]

    def closest(self, text: str) -> str:
        """Returns the name or id of the run that mistyped text most likely stands for; "" where none is like it."""
        return closest(text, [word for run, record in self._newest_first() for word in (record.name, run.id)])

    def mark_interrupted(self) -> list[Run]:
        """Gives runs whose process is gone the status "interrupted" and returns them, newest first.

        Clears away what is left of deleted ones, too. Cheap to call often: what has ended is read once.
        """
        self._clear_deleted()
        found = []
        for run in map(Run, self._folders()):
            with suppress(OSError, UserError):  # a damaged run, or a read-only workspace: nobody is there to read of it
                status = run.record_path.stat()
                stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
                if self._ended.get(run.id) == stamp:
                    continue
                if run.record().status not in LIVING:
                    self._ended[run.id] = stamp
                elif not run.in_use():
                    with run.locked():
                        if run.record().status in LIVING:  # it may have ended just now
                            found.append((run.update(status="interrupted").created, run.id, run))
        return [run for _, _, run in sorted(found, key=lambda row: row[:2], reverse=True)]

    def delete_run(self, run: Run) -> None:
        """Removes the run's folder for good.

        Raises:
            UserError: a living process holds it, or it can't be moved out of the table.
        """
        with run.locked():
            pass
        with writing_to(run.folder):
            # Out of the table in one step, then deleted at leisure.
            doomed = run.folder.with_name(f".deleted-{run.id}")
            run.folder.replace(doomed)
        shutil.rmtree(doomed, ignore_errors=True)  # what resists goes another time

    def _clear_deleted(self) -> None:
        """Finishes deletions that a kill cut short."""
        for doomed in self.runs_folder.glob(".deleted-*"):
            if not Run(doomed).in_use():
                shutil.rmtree(doomed, ignore_errors=True)

    def _folders(self) -> list[Path]:
        with suppress(OSError):
            return [
                Path(entry.path)
                for entry in os.scandir(self.runs_folder)
                if entry.is_dir() and not entry.name.startswith(".")
            ]
        return []

    def _newest_first(self) -> list[tuple[Run, RunRecord]]:
        return sorted(self._records(), key=lambda pair: (pair[1].created, pair[0].id), reverse=True)

    def _records(self) -> Iterator[tuple[Run, RunRecord]]:
        """Reads every run.json once; leaves out what is damaged, or deleted meanwhile."""
        for run in map(Run, self._folders()):
            with suppress(UserError):
                yield run, run.record()


def default_workspace() -> Path:
    """Returns the folder PIXELWRIGHT_WORKSPACE names, else one in the user's data folder."""
    named = os.environ.get("PIXELWRIGHT_WORKSPACE", "")
    return Path(named) if named else Path(platformdirs.user_data_path("Pixelwright", appauthor=False))


def safe_name(text: str) -> str:
    """Returns the text as a file name every system takes: no separators or control characters, at most 80 long."""
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]+', "_", text).strip(" .")[:80] or "unnamed"
