"""Fits a classifier: the only caller of `model.fit`. Knows settings and arrays, but no files but the run's own."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from core.context import Context
from core.data.batches import Augmentation, Batches
from core.data.dataset import Dataset
from core.errors import UserError
from core.events import Log, Metric, Progress
from core.models.variables import named_variables, read_variables, write_variables
from core.runs import Run
from core.settings.fit import FitSettings
from core.training.batches import BatchInput, keras_input
from core.training.callbacks import EvaluationWatch, Speed, StepWatch, as_floats, batch_metric
from core.training.checkpoints import Checkpoints, TrainingState
from core.training.clock import Clock
from core.training.history import History, MetricsLog
from core.training.losses import ClassifierLoss
from core.training.optimizers import make_optimizer, make_schedule
from core.training.randomness import seed_step

LOG_INTERVAL_S = 0.5  # how often a running value goes into metrics.jsonl; the events are denser


@dataclass(frozen=True)
class Fitted:
    """What came of a training.

    Args:
        state: where it stands.
        kept_epoch: int, index of the epoch whose weights the model has now; -1 for those of an unfinished first.
        stopped: bool, whether the user stopped it before its end.
        error: what ended it, where an epoch's weights are kept all the same; to be raised once they are saved.
    """

    state: TrainingState
    kept_epoch: int
    stopped: bool
    error: UserError | None = None


def fit(model: keras.Model, dataset: Dataset, settings: FitSettings, context: Context, run: Run) -> Fitted:
    """Trains the model, from the run's newest checkpoint where it has one, and gives it the weights to keep.

    Epochs, order and augmentation follow from the job's seed alone, so that a training that was cut off goes on
    as if nothing had happened.

    Args:
        model: built, not compiled; raw pixels in, logits out.
        dataset: its train split is trained on, its validation split measured after each epoch.
        settings: how.
        context: is told of the progress, and asked whether to stop.
        run: where checkpoints, history.csv and metrics.jsonl go.

    Returns:
        Where it stands; also after Stop, and where it diverged after an epoch worth keeping.

    Raises:
        UserError: the disk is full, or it diverged before that.
    """
    training = Training(model, dataset, settings, context, run)
    training.go_on()
    return training.keep()


class Training:
    """One training: its state, and what to do between steps and epochs.

    Args:
        model: as in `fit`, and so on.
    """

    def __init__(self, model: keras.Model, dataset: Dataset, settings: FitSettings, context: Context, run: Run) -> None:
        self._model, self._settings, self._context = model, settings, context
        pad = round(settings.crop * min(dataset.shape[:2]))
        data = (dataset.images, dataset.labels)
        self._batches = Batches(
            *data,
            dataset.splits["train"],
            settings.batch_size,
            context.job.seed,
            Augmentation(pad, settings.flip) if pad or settings.flip else None,
        )
        validation = Batches(*data, dataset.splits["validation"], settings.batch_size)
        self._validation_steps = len(validation)
        self._validation_input = keras_input(BatchInput(validation)) if len(validation) else None
        self._schedule = make_schedule(settings, len(self._batches))
        self._checkpoints = Checkpoints(run.checkpoints, context.report)
        self._run, self._history, self._metrics = run, History(run.history_path), MetricsLog(run.metrics_path)
        self._clock = Clock()
        self._speed = Speed(self._clock)
        self._before = (0, 0.0)  # samples, and the seconds they took, of earlier processes
        self._error: UserError | None = None
        self._diverged = False
        self._halted = False  # stopped by the user, or by an error
        self._metric_values: dict[str, np.ndarray] = {}  # of the part of an epoch done before this process
        self._next_log = 0.0
        self.state = TrainingState(
            seed=context.job.seed, batch_size=self._batches.batch_size, steps_per_epoch=len(self._batches)
        )

    def go_on(self) -> None:
        """Trains up to the end, or to a stop.

        Raises:
            UserError: as in `fit`.
        """
        self._compile()
        self._restore()
        self._began = self._clock() - self.state.train_s
        while not self._done():
            if self.state.train_logs is not None:
                self._finish_epoch(self.state.train_logs)
            else:
                self._fit()
            if self._error is not None and not self._diverged:
                raise self._error

    def keep(self) -> Fitted:
        """Gives the model the weights that the settings ask for; after it diverged, those of the best epoch.

        Raises:
            UserError: it diverged, and no epoch is left to keep.
        """
        state = self.state
        if self._error is not None:
            return self._keep_despite(self._error)
        kept = state.epoch - 1
        best = state.best_epoch
        if self._settings.keep == "best" and best >= 0 and (best != kept or state.step):
            values = self._checkpoints.load_epoch(best)
            if values is not None:
                write_variables(named_variables(self._model), values)
                kept = best
        return Fitted(state, kept, self._halted)

    def _keep_despite(self, error: UserError) -> Fitted:
        best = self.state.best_epoch
        values = self._checkpoints.load_epoch(best) if best >= 0 else None
        if values is None:
            raise error
        write_variables(named_variables(self._model), values)
        return Fitted(self.state, best, stopped=False, error=error)

    def _compile(self) -> None:
        model = self._model
        model.compile(
            optimizer=make_optimizer(self._settings, self._schedule),
            loss=ClassifierLoss(self._settings.label_smoothing),
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        )
        model.optimizer.build(model.trainable_variables)

    def _restore(self) -> None:
        found = self._checkpoints.load_latest()
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
            if state.step and state.train_logs is None:
                # Keras makes the metrics' variables at the first step; these steps' sums belong into them.
                self._model.test_on_batch(*self._batches.batch(0, 0))
                self._metric_values = {name: value for name, value in values.items() if name.startswith("metrics/")}
            trained = named_variables(self._model, training=True)
            write_variables({name: v for name, v in trained.items() if not name.startswith("metrics/")}, values)
            self._context.report(
                Log("Going on after {steps} steps, in epoch {epoch}.", values=_place(self.state, self._settings))
            )
        self._history.mend(self.state.history)
        self._metrics.mend(self.state.steps)

    def _done(self) -> bool:
        return self._halted or self.state.epoch >= self._settings.epochs or self._should_stop_early()

    def _should_stop_early(self) -> bool:
        waited = self.state.epoch - 1 - self.state.best_epoch
        return self._settings.early_stopping and bool(self._validation_steps) and waited >= self._settings.patience

    def _fit(self) -> None:
        """Calls `model.fit`: for the rest of an epoch, or for all the epochs that are left."""
        state, model = self.state, self._model
        self._source = BatchInput(self._batches, state.epoch, state.step)
        self._first_step = state.step
        self._compiling = True
        self._context.report(Progress("compile"))
        self._watch = StepWatch(model, self._context, self, self._settings.checkpoint_s)
        self._fit_began, self._fit_from = self._clock(), state.steps
        model.fit(
            keras_input(self._source),
            initial_epoch=state.epoch,
            epochs=state.epoch + 1 if state.step else self._settings.epochs,
            shuffle=False,  # the batches come shuffled
            verbose=0,
            callbacks=self._watch,
        )

    # What follows is called by the callbacks, inside `fit`, and raises nothing.

    def begin_epoch(self, epoch: int) -> None:
        """Sets the order; and the metrics of the part already done."""
        self._source.epoch = epoch
        if self._metric_values:
            variables = named_variables(self._model, training=True)
            write_variables({name: variables[name] for name in self._metric_values}, self._metric_values)
            self._metric_values = {}
        self._speed.start()

    def begin_step(self) -> None:
        """Sets the random numbers of the step."""
        seed_step(self.state.seed, self._source.epoch, self._first_step + self._watch.steps)

    def attend(self, logs: dict[str, Any]) -> None:
        """Waits while paused; writes a checkpoint where one is due; ends the training where the user wants it."""
        self._count()
        self._speed.stop()
        self._pause()
        now = time.perf_counter()
        if self._context.cancelled or now >= self._watch.next_checkpoint:
            if self.state.step < len(self._batches):  # at an epoch's end its validation comes first
                self._sync()
                if self._check_numbers(as_floats(logs)):
                    self._save(stopping=self._context.cancelled)
            if self._context.cancelled:
                self._halt()
        self._speed.start()

    def report(self, logs: dict[str, Any]) -> None:
        """Sends the running numbers."""
        values = as_floats(logs)
        self._count()
        if self._compiling:  # the first step compiles: it says nothing about the speed
            self._compiling = False
            self._speed = Speed(self._clock)
            self._speed.start()
            self._fit_began, self._fit_from = self._clock(), self.state.steps
        state = self.state
        per_epoch, size = state.steps_per_epoch, state.batch_size
        lr = self._schedule.at(state.steps)
        metric = batch_metric(state.steps, state.steps / per_epoch, values, lr)
        done, total = state.steps, self._settings.epochs * per_epoch
        passed = done - self._fit_from
        eta = (self._clock() - self._fit_began) / passed * (total - done) if passed else None
        self._context.report(metric)
        self._context.report(
            Progress(
                "train",
                done * size,
                total * size,
                "samples",
                self._speed.rate(),
                eta,
                f"epoch {min(state.epoch + 1, self._settings.epochs)} of {self._settings.epochs}",
            )
        )
        now = time.perf_counter()
        if now >= self._next_log:
            self._next_log = now + LOG_INTERVAL_S
            self._guard(lambda: self._metrics.append(metric))

    def end_epoch(self, logs: dict[str, float]) -> None:
        """Validates, writes the checkpoint, then the row; unless the epoch was left early."""
        self._count()
        self._speed.stop()
        if self.state.step < len(self._batches):
            return
        self._finish_epoch(logs)
        self._first_step = 0
        if self._done():
            self._model.stop_training = True

    def _finish_epoch(self, train_logs: dict[str, float]) -> None:
        """Does what follows an epoch's last step."""
        state = self.state
        if not self._check_numbers(train_logs):
            return
        validation = self._validate()
        if validation is None:
            state.train_logs = train_logs
            self._save(stopping=True)
            self._halt()
            return
        row = {"epoch": state.epoch, **train_logs, **validation}
        state.history.append(row)
        if _is_better(row, state.history[state.best_epoch] if state.best_epoch >= 0 else None):
            state.best_epoch = state.epoch
        state.epoch, state.step, state.train_logs = state.epoch + 1, 0, None
        metric = Metric(
            state.steps,
            float(state.epoch),
            {**train_logs, **validation, "lr": self._schedule.at(state.steps)},
            "epoch",
        )
        self._save()
        if self._error is None:
            self._guard(lambda: self._history.append(row))
            self._guard(lambda: self._metrics.append(metric))
            self._context.report(metric)

    def _check_numbers(self, logs: dict[str, float]) -> bool:
        """Returns whether the running means and the weights are finite; if not, the training ends."""
        weights = read_variables(named_variables(self._model)).values()
        if all(map(math.isfinite, logs.values())) and all(np.isfinite(value).all() for value in weights):
            return True
        self._diverged = True
        self._fail(
            UserError(
                "The training diverged: the loss is no longer a number in epoch {epoch}.",
                hint="Start again with a lower learning rate; the epochs before are kept.",
                epoch=self.state.epoch + 1,
            )
        )
        return False

    def _validate(self) -> dict[str, float] | None:
        """Returns the validation half of a row, empty without a validation split; None where the user stopped it."""
        if not self._validation_steps:
            return {}
        if self._context.cancelled:
            return None
        self._context.report(Progress("validate", 0, self._validation_steps))
        watch = EvaluationWatch(self._model, self._context, self._validation_steps, self._pause)
        logs = self._model.evaluate(self._validation_input, callbacks=watch, return_dict=True, verbose=0)
        if self._context.cancelled:
            return None
        return {f"val_{name}": value for name, value in as_floats(logs).items()}

    def _count(self) -> None:
        """Takes over how many steps `fit` has done."""
        step = self._first_step + self._watch.steps
        self._speed.samples += max(0, step - self.state.step) * self.state.batch_size
        self.state.step = step

    def _pause(self) -> None:
        """Waits where the user wants it; the run is marked, and the clock stands still."""
        if not self._context.paused:
            return
        self._guard(lambda: self._run.update(status="paused"))
        with self._clock.paused():
            self._context.wait_while_paused()
        self._guard(lambda: self._run.update(status="running"))

    def _sync(self) -> None:
        """JAX holds the variables outside the model during an epoch: fetches them."""
        if keras.backend.backend() == "jax":
            self._model.jax_state_sync()

    def _save(self, *, stopping: bool = False) -> None:
        if stopping:  # who waits for the end may have to wait a little longer
            self._context.report(Progress("save"))
        state = self.state
        state.train_s = self._clock() - self._began
        state.samples = self._before[0] + self._speed.samples
        state.steps_s = self._before[1] + self._speed.seconds
        values = read_variables(named_variables(self._model, training=True))
        self._guard(lambda: self._checkpoints.save(state, values))

    def _halt(self) -> None:
        self._halted = True
        self._model.stop_training = True

    def _fail(self, error: UserError) -> None:
        self._error = self._error or error
        self._halt()

    def _guard(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except UserError as error:
            self._fail(error)


def _is_better(row: dict[str, float], best: dict[str, float] | None) -> bool:
    """Whether an epoch beats the best so far: by validation loss, since accuracy on few pictures is mostly luck."""
    if best is None or "val_loss" not in row or not math.isfinite(best["val_loss"]):
        return True
    return row["val_loss"] < best["val_loss"]


def _place(state: TrainingState, settings: FitSettings) -> dict[str, Any]:
    return {"steps": state.steps, "epoch": f"{min(state.epoch + 1, settings.epochs)}/{settings.epochs}"}
