"""What a training writes down while it runs: checkpoints, history.csv, metrics.jsonl, progress. Knows no model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np

from core.errors import UserError
from core.events import Log, Metric, Progress
from core.training.loop.checkpoints import Checkpoints, TrainingState
from core.training.loop.clock import Clock
from core.training.loop.history import History, MetricsLog
from core.training.loop.pausing import PausingReporter
from core.training.loop.reporter import Reporter
from core.training.loop.speed import Speed

LOG_INTERVAL_S = 0.5  # how often a running value goes into metrics.jsonl; the events are denser


class Journal:
    """Keeps one training's state, and writes it down so that nothing is lost.

    No method but `restore` raises what a full disk may cause: it is kept as `error`, and the training is to halt. What
    it has learnt so far is not lost with it.

    Args:
        folder: where checkpoints, history.csv and metrics.jsonl go; None writes nothing.
        reporter: gets the progress, and is asked whether to pause.
        epochs: int, of the whole training.
        state: where a training that begins anew stands.
        on_status: called with "paused" and "running"; may raise UserError.
        model: str, a key of `catalog.MODELS`, in whose formats checkpoints are written; "" where they know but one.
    """

    def __init__(
        self,
        folder: Path | None,
        reporter: Reporter,
        epochs: int,
        state: TrainingState,
        on_status: Callable[[Literal["paused", "running"]], object] = lambda status: None,
        model: str = "",
    ) -> None:
        self._epochs = epochs
        self._files = _Files(folder, reporter, model) if folder is not None else None
        self._clock = Clock()
        self._before = (0, 0.0)  # samples, and the seconds they took, of earlier processes
        self._began = 0.0
        self._begun: tuple[float, int] | None = None  # time and steps from which the time left is reckoned
        self._next_log = 0.0
        self.reporter: Reporter = PausingReporter(
            reporter, self._clock, lambda status: self._guard(lambda: on_status(status))
        )  # its waits are no part of the training's time
        self.speed = Speed(self._clock)
        self.state = state
        self.halted = False  # stopped by the user, or by an error
        self.error: UserError | None = None

    def restore(self) -> dict[str, np.ndarray] | None:
        """Takes over the newest checkpoint, and brings the other files to where that stands.

        Returns:
            Its variables, name -> array, or None where there is no checkpoint.

        Raises:
            UserError: it was made with other steps, can't be read or is gone; or a file can't be written.
        """
        self._began = self._clock()
        if self._files is None:
            return None
        found = self._files.checkpoints.load_latest()
        values = None
        if found is None and self._files.history.has_begun():
            # An epoch's checkpoint comes before its row: it was there. To begin anew would delete what was measured.
            raise UserError(
                "The run '{run}' has trained, but no checkpoint is left to go on from.",
                hint="Restore '{folder}' from a copy, or start a new run with the same settings.",
                run=self._files.folder.name,
                folder=self._files.checkpoints.folder,
            )
        if found is not None:
            state, values = found
            if (state.steps_per_epoch, state.batch_size) != (self.state.steps_per_epoch, self.state.batch_size):
                raise UserError(
                    "The run's checkpoint was made with {before} steps an epoch, not {now}.",
                    hint="Resume it with the data and the batch size it began with, or start a new run.",
                    before=state.steps_per_epoch,
                    now=self.state.steps_per_epoch,
                )
            self.state = state
            self._before = (state.samples, state.steps_s)
            place = {"steps": state.steps, "epoch": f"{min(state.epoch + 1, self._epochs)}/{self._epochs}"}
            self.reporter.report(Log("Resuming after {steps} steps, in epoch {epoch}.", values=place))
        self._files.history.mend(self.state.history)
        self._files.metrics.mend(self.state.steps)
        self._began -= self.state.train_s
        return values

    @contextmanager
    def taking_over(self) -> Iterator[None]:
        """Tells in a sentence where what is done inside finds that a checkpoint's values are not this training's.

        Raises:
            UserError: a value is missing or of another shape: another version, or another program, has made them.
        """
        try:
            yield
        except (KeyError, ValueError) as error:
            raise UserError(
                "The run '{run}' can't be resumed by this version: its checkpoint holds other weights than its model.",
                hint="Resume it with the version it began with, or start a new run with its settings.",
                run=self._files.folder.name if self._files is not None else "",
            ) from error

    def load_epoch(self, epoch: int) -> dict[str, np.ndarray] | None:
        """Reads the variables at the end of an epoch, as `Checkpoints.load_epoch`; None where nothing is written."""
        return self._files.checkpoints.load_epoch(epoch) if self._files is not None else None

    def count(self, step: int) -> None:
        """Takes over how many steps of the epoch are done.

        Args:
            step: int, of this epoch.
        """
        self.speed.samples += max(0, step - self.state.step) * self.state.batch_size
        self.state.step = step

    def report(self, values: Mapping[str, float]) -> None:
        """Sends the running numbers, how far the training is and how long it will take.

        Args:
            values: name -> value, of the epoch so far or of late.
        """
        state = self.state
        if self._begun is None:  # the first steps compile: they say nothing about the time left
            self.speed = Speed(self._clock)
            self.speed.start()
            self._begun = (self._clock(), state.steps)
        size, done, total = state.batch_size, state.steps, self._epochs * state.steps_per_epoch
        began, first = self._begun
        eta = (self._clock() - began) / (done - first) * (total - done) if done > first else None
        epoch = f"epoch {min(state.epoch + 1, self._epochs)} of {self._epochs}"
        metric = Metric(done, done / state.steps_per_epoch, dict(values))
        self.reporter.report(metric)
        self.reporter.report(Progress("train", done * size, total * size, "samples", self.speed.rate(), eta, epoch))
        now = time.perf_counter()
        if now >= self._next_log:
            self._next_log = now + LOG_INTERVAL_S
            self._write(lambda files: files.metrics.append(metric))

    def save(self, values: dict[str, np.ndarray], *, stopping: bool = False) -> None:
        """Writes a checkpoint.

        Args:
            values: name -> array, all the variables of the training.
            stopping: bool, whether the user waits for the end: a message says that this takes a while.
        """
        if stopping:
            self.reporter.report(Progress("save"))
        state = self.state
        state.train_s = self._clock() - self._began
        state.samples = self._before[0] + self.speed.samples
        state.steps_s = self._before[1] + self.speed.seconds
        self._write(lambda files: files.checkpoints.save(state, values))

    def end_epoch(self, numbers: Mapping[str, float], values: dict[str, np.ndarray], *, best: bool, lr: float) -> None:
        """Adds an epoch to the state and writes its checkpoint, then its row; reports it.

        Args:
            numbers: name -> value, the epoch's row in history.csv.
            values: as in `save`.
            best: bool, whether this epoch is the best so far.
            lr: float, the learning rate it ended with, for the plots.
        """
        state = self.state
        row = {"epoch": state.epoch, **numbers}
        state.history.append(row)
        if best:
            state.best_epoch = state.epoch
        state.epoch, state.step, state.train_logs = state.epoch + 1, 0, None
        metric = Metric(state.steps, float(state.epoch), {**numbers, "lr": lr}, "epoch")
        self.save(values)
        if self.error is None:
            self._write(lambda files: files.history.append(row))
            self._write(lambda files: files.metrics.append(metric))
            self.reporter.report(metric)

    def halt(self) -> None:
        """Ends the training after this step."""
        self.halted = True

    def fail(self, error: UserError) -> None:
        """Ends the training; the first error is the one to be reported."""
        self.error = self.error or error
        self.halt()

    def _write(self, action: Callable[[_Files], object]) -> None:
        """Writes a file, where any are written."""
        files = self._files
        if files is not None:
            self._guard(lambda: action(files))

    def _guard(self, action: Callable[[], object]) -> None:
        """Does what a full disk may prevent."""
        try:
            action()
        except UserError as error:
            self.fail(error)


class _Files:
    """What is written into a training's folder."""

    def __init__(self, folder: Path, reporter: Reporter, model: str) -> None:
        self.folder = folder
        self.checkpoints = Checkpoints(folder / "checkpoints", reporter.report, model)
        self.history, self.metrics = History(folder / "history.csv"), MetricsLog(folder / "metrics.jsonl")
