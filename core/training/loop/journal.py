"""What a training writes down while it runs: checkpoints, history.csv, metrics.jsonl, progress. Knows no model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from core.context import Context
from core.errors import UserError
from core.events import Log, Metric, Progress
from core.runs.run import Run
from core.training.loop.callbacks import Speed
from core.training.loop.checkpoints import Checkpoints, TrainingState
from core.training.loop.clock import Clock
from core.training.loop.history import History, MetricsLog

LOG_INTERVAL_S = 0.5  # how often a running value goes into metrics.jsonl; the events are denser


class Journal:
    """Keeps one training's state, and writes it down so that nothing is lost.

    No method raises what a full disk may cause: it is kept as `error`, and the training is told to halt. Inside
    Keras's `fit` an exception would cost the JAX backend the model's variables.

    Args:
        run: whose folder is written.
        context: is told of the progress, and asked whether to pause.
        epochs: int, of the whole training.
        state: where a training that begins anew stands.
        on_halt: called once the training has to end early.
    """

    def __init__(
        self, run: Run, context: Context, epochs: int, state: TrainingState, on_halt: Callable[[], None] | None = None
    ) -> None:
        self._run, self._context, self._epochs = run, context, epochs
        self._checkpoints = Checkpoints(run.checkpoints, context.report)
        self._history, self._metrics = History(run.history_path), MetricsLog(run.metrics_path)
        self._clock = Clock()
        self._before = (0, 0.0)  # samples, and the seconds they took, of earlier processes
        self._began = 0.0
        self._begun: tuple[float, int] | None = None  # time and steps from which the time left is reckoned
        self._next_log = 0.0
        self._on_halt = on_halt
        self.speed = Speed(self._clock)
        self.state = state
        self.halted = False  # stopped by the user, or by an error
        self.error: UserError | None = None

    def restore(self) -> dict[str, np.ndarray] | None:
        """Takes over the run's newest checkpoint, and brings its files to where that stands.

        Returns:
            Its variables, name -> array, or None where the run has no checkpoint.

        Raises:
            UserError: it was made with other steps; or a file can't be written.
        """
        found = self._checkpoints.load_latest()
        values = None
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
            self._context.report(Log("Going on after {steps} steps, in epoch {epoch}.", values=place))
        self._history.mend(self.state.history)
        self._metrics.mend(self.state.steps)
        self._began = self._clock() - self.state.train_s
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
                run=self._run.id,
            ) from error

    def load_epoch(self, epoch: int) -> dict[str, np.ndarray] | None:
        """Reads the variables at the end of an epoch, as `Checkpoints.load_epoch`."""
        return self._checkpoints.load_epoch(epoch)

    def begin_steps(self) -> None:
        """Steps that compile come first: they say nothing about the time left."""
        self._begun = None

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
        if self._begun is None:
            self.speed = Speed(self._clock)
            self.speed.start()
            self._begun = (self._clock(), state.steps)
        size, done, total = state.batch_size, state.steps, self._epochs * state.steps_per_epoch
        began, first = self._begun
        eta = (self._clock() - began) / (done - first) * (total - done) if done > first else None
        epoch = f"epoch {min(state.epoch + 1, self._epochs)} of {self._epochs}"
        metric = Metric(done, done / state.steps_per_epoch, dict(values))
        self._context.report(metric)
        self._context.report(Progress("train", done * size, total * size, "samples", self.speed.rate(), eta, epoch))
        now = time.perf_counter()
        if now >= self._next_log:
            self._next_log = now + LOG_INTERVAL_S
            self.guard(lambda: self._metrics.append(metric))

    def pause(self) -> None:
        """Waits where the user wants it; the run is marked, and the clock stands still."""
        if not self._context.paused:
            return
        self.guard(lambda: self._run.update(status="paused"))
        with self._clock.paused():
            self._context.wait_while_paused()
        self.guard(lambda: self._run.update(status="running"))

    def save(self, values: dict[str, np.ndarray], *, stopping: bool = False) -> None:
        """Writes a checkpoint.

        Args:
            values: name -> array, all the variables of the training.
            stopping: bool, whether someone waits for the end: it is told that this takes a while.
        """
        if stopping:
            self._context.report(Progress("save"))
        state = self.state
        state.train_s = self._clock() - self._began
        state.samples = self._before[0] + self.speed.samples
        state.steps_s = self._before[1] + self.speed.seconds
        self.guard(lambda: self._checkpoints.save(state, values))

    def end_epoch(self, numbers: Mapping[str, float], values: dict[str, np.ndarray], *, best: bool, lr: float) -> None:
        """Adds an epoch to the state and writes its checkpoint, then its row; tells of it.

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
            self.guard(lambda: self._history.append(row))
            self.guard(lambda: self._metrics.append(metric))
            self._context.report(metric)

    def halt(self) -> None:
        """Ends the training after this step."""
        self.halted = True
        if self._on_halt is not None:
            self._on_halt()

    def fail(self, error: UserError) -> None:
        """Ends the training; the first error is the one to be told."""
        self.error = self.error or error
        self.halt()

    def guard(self, action: Callable[[], Any]) -> None:
        """Does what a full disk may prevent."""
        try:
            action()
        except UserError as error:
            self.fail(error)
