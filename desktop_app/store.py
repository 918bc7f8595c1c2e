"""What the window keeps: the workspace, its runs as rows, the preferences. It must not know a widget."""

from __future__ import annotations

import csv
import json
import logging
import math
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.errors import UserError
from core.events import Metric
from core.jobs import Job
from core.kinds.kind import Kind
from core.runs.run import RESUMABLE, Run, RunRecord, Workspace
from desktop_app.background import Background
from desktop_app.preferences import Preferences
from desktop_app.scores import Score, score_of
from desktop_app.uses import does, kind_of

logger = logging.getLogger(__name__)
METRIC = TypeAdapter(Metric)
WATCH_MS = 4000  # between two looks for runs that another window or command has made or changed
MOST_LOG_BYTES = 100_000
MOST_WITHIN_EPOCHS = 2000  # of a run's measurements; a plot shows no more


@dataclass(frozen=True)
class RunRow:
    """What the run table shows of one run.

    Args:
        run: the run.
        record: what its run.json held.
        has_model: bool, whether it can be used: with its model, or a checkpoint where it was cut off before.
        model_stamp: int, another number once the model has been saved anew.
        epochs_told: int, epochs that its history tells of, where its result doesn't and nothing trains it; else 0.
    """

    run: Run
    record: RunRecord
    has_model: bool = False
    model_stamp: int = 0
    epochs_told: int = 0

    @property
    def job(self) -> Job:
        """The job it was given."""
        return self.record.job

    @property
    def kind(self) -> Kind | None:
        """What kind its model is of; None for a model that this version doesn't know."""
        return kind_of(self.job.model)

    @property
    def classifies(self) -> bool:
        """Whether it can tell what is on pictures."""
        return self.does("classify")

    def does(self, task: str) -> bool:
        """Whether it is of use for a task, a key of `catalog.TASKS`."""
        return self.has_model and does(self.job.model, task)

    @property
    def caption(self) -> str:
        """One line that tells it from other runs, for lists to choose from."""
        parts = [self.record.name, self.data]
        if self.score is not None:
            parts.append(self.score.number())
        parts.append(self.record.created.replace("T", " ")[:16])
        return " · ".join(part for part in parts if part)

    @property
    def data(self) -> str:
        """The data's short name."""
        return Path(str(self.job.settings.get("data", ""))).name

    @property
    def resumable(self) -> bool:
        """Whether its training can go on."""
        return self.record.status in RESUMABLE

    @property
    def score(self) -> Score | None:
        """What came of it, or None where that is not known."""
        return score_of(self.record.result)

    @property
    def epochs(self) -> int | None:
        """Epochs trained, or None where it is not known."""
        value = self.record.result.get("epochs")
        return int(value) if isinstance(value, int | float) else self.epochs_told or None


@dataclass(frozen=True)
class _Found:
    """What a scan found: rows, newest first, and why a folder's run.json can't be read."""

    rows: list[RunRow]
    damaged: dict[str, str]


class Store(QObject):
    """Holds the workspace and reads its runs in a worker thread.

    Signals:
        runs_changed: `rows` is new.
        interrupted_found: list of `RunRow`, newest first, that were cut off, or left waiting by an earlier window,
            and can be resumed.
        failed: a `UserError` from work on the disk.

    Args:
        workspace: where runs lie.
        preferences: what the window remembers.
    """

    runs_changed = Signal()
    interrupted_found = Signal(list)
    failed = Signal(object)

    def __init__(self, workspace: Workspace, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.preferences = preferences
        self.rows: list[RunRow] = []
        self.background = Background(self)
        self.background.failed.connect(self.failed)
        self._seen: dict[str, tuple[tuple[int, ...], RunRow]] = {}
        self._since = datetime.now().isoformat(timespec="seconds")
        self._told: set[str] = set()  # damaged runs that have been named
        self._scanning = False
        self._scan_again = False
        self._watch = QTimer(self, singleShot=True, interval=WATCH_MS)
        self._watch.timeout.connect(self._look)

    def watch(self) -> None:
        """Looks from now on every few seconds for runs that another window or command has made, changed or deleted."""
        self._watch.start()

    @Slot()
    def refresh(self) -> None:
        """Reads the runs again, off the window's thread; `runs_changed` tells when that is done."""
        if self._scanning:
            self._scan_again = True
            return
        self._scanning = True
        self.background.do(self._scan, self._take, self._give_up)

    def find_interrupted(self) -> None:
        """Looks for runs that were cut off; `interrupted_found` tells of them."""
        self.background.do(self._mark_and_scan, self._offer, lambda _: self.refresh())

    def delete(self, run: Run) -> None:
        """Deletes a run's folder, off the window's thread."""
        self.background.do(lambda: self.workspace.delete_run(run), lambda _: self.refresh())

    def read_metrics(self, run: Run, then: Callable[[list[Metric]], None]) -> None:
        """Reads all a run has measured, off the window's thread."""
        self.background.do(lambda: _metrics(run), then)

    def read_log(self, run: Run, then: Callable[[str], None]) -> None:
        """Reads the end of what a run's training has said, off the window's thread."""
        self.background.do(lambda: _log(run), then)

    def row(self, run_id: str) -> RunRow | None:
        """Returns the row of the run with that id."""
        return next((row for row in self.rows if row.run.id == run_id), None)

    def close(self) -> None:
        """Ends the worker thread and writes the preferences."""
        self._watch.stop()
        self.background.close()
        self.preferences.save()

    def _scan(self) -> _Found:
        rows = []
        damaged = {}
        seen = {}
        for run in _runs(self.workspace):
            try:
                stamp = _stamp(run)
            except OSError:
                continue  # no run, or deleted just now
            try:
                known = self._seen.get(run.id)
                row = known[1] if known is not None and known[0] == stamp else _read(run, stamp[-1])
            except Exception as error:
                # A run.json may come from anywhere and hold anything: it must not hide the others.
                if run.id not in self._told:
                    logger.warning("%s can't be read", run.record_path, exc_info=True)
                damaged[run.id] = str(error)[:300]
                continue
            seen[run.id] = (stamp, row)
            rows.append(row)
        self._seen = seen
        return _Found(sorted(rows, key=lambda row: (row.record.created, row.run.id), reverse=True), damaged)

    @Slot()
    def _look(self) -> None:
        if self._scanning:
            self._watch.start()
        else:
            self._scanning = True
            self.background.do(self._scan, self._take_look, self._give_up)

    def _take_look(self, found: _Found) -> None:
        """Tells only of what the table shows: a checkpoint saved meanwhile would draw all anew for nothing."""
        if _told_by(found.rows) == _told_by(self.rows) and self._told.issuperset(found.damaged):
            self._end_scan()
        else:
            self._take(found)
        self._watch.start()

    def _give_up(self, _: object) -> None:
        self._scanning = False
        self._scan_again = False

    def _take(self, found: _Found) -> None:
        self._show(found)
        self._end_scan()

    def _end_scan(self) -> None:
        self._scanning = False
        if self._scan_again:
            self._scan_again = False
            self.refresh()

    def _show(self, found: _Found) -> None:
        self.rows = found.rows
        self.runs_changed.emit()
        for name, reason in found.damaged.items():
            if name not in self._told:
                self._told.add(name)
                self.failed.emit(UserError("The run '{run}' is left out: {reason}", run=name, reason=reason))

    def _mark_and_scan(self) -> tuple[_Found, set[str]]:
        self.workspace.mark_interrupted()
        found = self._scan()
        left = {row.run.id for row in found.rows if row.record.status == "interrupted" or self._left_waiting(row)}
        return found, left

    def _left_waiting(self, row: RunRow) -> bool:
        """Whether an earlier window queued it and nobody has begun with it."""
        return row.record.status == "queued" and row.record.created <= self._since and not row.run.in_use()

    def _offer(self, result: tuple[_Found, set[str]]) -> None:
        found, left = result
        self._show(found)
        dismissed = self.preferences.get("dismissed", [])
        if fresh := [row for row in found.rows if row.run.id in left and row.run.id not in dismissed]:
            self.interrupted_found.emit(fresh)


def _told_by(rows: list[RunRow]) -> list[tuple[str, RunRecord, bool]]:
    return [(row.run.id, row.record, row.has_model) for row in rows]


def _runs(workspace: Workspace) -> list[Run]:
    """Every folder that may be a run, unread: `Workspace.runs` would read each run.json each time."""
    try:
        entries = list(os.scandir(workspace.runs_folder))
    except OSError:
        return []  # no run yet
    return [Run(Path(entry.path)) for entry in entries if not entry.name.startswith(".") and entry.is_dir()]


def has_model(run: Run) -> bool:
    """Whether a run can be used, as in `RunRow`. Reads the disk: call it off the window's thread."""
    return _model_stamp(run) > 0


def _stamp(run: Run) -> tuple[int, ...]:
    status = run.record_path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino, _model_stamp(run)


def _model_stamp(run: Run) -> int:
    """When the model was saved, in ns; of a run that was cut off before, its last checkpoint; 0 without either."""
    for folder, names in ((run.model_folder, "*"), (run.checkpoints, "[0-9]*")):
        with suppress(OSError):
            if saved := [path.stat().st_mtime_ns for path in folder.glob(names)]:
                return max(saved)
    return 0


def _read(run: Run, model_stamp: int) -> RunRow:
    record = run.record()
    at_rest = record.status not in ("queued", "running", "paused")
    told = run.epochs_done() if at_rest and "epochs" not in record.result else 0
    row = RunRow(run, record, model_stamp > 0, model_stamp, told)
    _ = (row.data, row.score, row.epochs)  # what the table asks for: odd values raise here, not in a paint
    return row


def _metrics(run: Run) -> list[Metric]:
    """The run's measurements, of those inside epochs an even choice; lines that are torn or foreign are left out.

    Where metrics.jsonl is gone, the epochs' rows of history.csv stand in.
    """
    found: list[Metric] = []
    with suppress(OSError), run.metrics_path.open("rb") as lines:
        for line in lines:
            with suppress(ValueError, TypeError, KeyError, AttributeError):
                found.append(_metric(line))
    if not found:
        found = _history(run)
    within = [metric for metric in found if metric.per == "batch"]
    every = 1 + len(within) // MOST_WITHIN_EPOCHS
    chosen = {id(metric) for metric in within[::every]}
    return [metric for metric in found if metric.per != "batch" or id(metric) in chosen]


def _metric(line: bytes) -> Metric:
    """Reads a line of metrics.jsonl; a value of null was not measured."""
    told = json.loads(line)
    values = {name: value for name, value in told["values"].items() if value is not None}
    return METRIC.validate_python({**told, "values": values})


def _history(run: Run) -> list[Metric]:
    """The rows of history.csv; what is no number there is left out."""
    found: list[Metric] = []
    with suppress(OSError, csv.Error), run.history_path.open(encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            numbers: dict[str, float] = {}
            for name, text in row.items():
                with suppress(ValueError, TypeError):
                    numbers[str(name)] = float(text)
            epoch = numbers.pop("epoch", math.nan) + 1
            if math.isfinite(epoch):
                found.append(Metric(int(epoch), epoch, numbers, "epoch"))
    return found


def _log(run: Run) -> str:
    """The end of the run's log, "" where there is none."""
    with suppress(OSError), run.log_path.open("rb") as file:
        file.seek(max(0, run.log_path.stat().st_size - MOST_LOG_BYTES))
        return file.read().decode("utf-8", "replace")
    return ""
