"""Fits a model: the only caller of `model.fit`. Knows batches and a loss, and no files but the run's own."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from core.context import Context
from core.errors import UserError
from core.events import Progress
from core.models.shared.variables import named_variables, read_variables, write_variables
from core.runs.run import Run
from core.settings.fit import FitSettings
from core.training.loop.batches import BatchInput, keras_input
from core.training.loop.callbacks import EvaluationWatch, StepWatch, as_floats
from core.training.loop.checkpoints import TrainingState
from core.training.loop.journal import Journal
from core.training.objectives.objective import Objective
from core.training.optimizers import make_optimizer, make_schedule
from core.training.steps.randomness import seed_step


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


def fit(model: keras.Model, objective: Objective, settings: FitSettings, context: Context, run: Run) -> Fitted:
    """Trains the model, from the run's newest checkpoint where it has one, and gives it the weights to keep.

    Epochs, order and augmentation follow from the job's seed alone, so that a training that was cut off goes on
    as if nothing had happened.

    Args:
        model: built, not compiled; from what the batches hold to logits.
        objective: batches, loss and metrics.
        settings: how.
        context: is told of the progress, and asked whether to stop.
        run: where checkpoints, history.csv and metrics.jsonl go.

    Returns:
        Where it stands; also after Stop, and where it diverged after an epoch worth keeping.

    Raises:
        UserError: the disk is full, it diverged before that, or the run's checkpoint is not of such a training.
    """
    training = Training(model, objective, settings, context, run)
    training.go_on()
    return training.keep()


class Training:
    """One training: its state, and what to do between steps and epochs.

    Args:
        model: as in `fit`, and so on.
    """

    def __init__(
        self, model: keras.Model, objective: Objective, settings: FitSettings, context: Context, run: Run
    ) -> None:
        self._model, self._settings, self._context = model, settings, context
        self._objective, self._batches, validation = objective, objective.batches, objective.validation
        self._validation_steps = len(validation)
        self._validation_input = keras_input(BatchInput(validation)) if len(validation) else None
        self._schedule = make_schedule(settings, len(self._batches))
        self._diverged = False
        self._metric_values: dict[str, np.ndarray] = {}  # of the part of an epoch done before this process
        state = TrainingState(
            seed=context.job.seed, batch_size=self._batches.batch_size, steps_per_epoch=len(self._batches)
        )
        self._journal = Journal(run, context, settings.epochs, state, self._stop_fit)

    @property
    def state(self) -> TrainingState:
        """Where it stands."""
        return self._journal.state

    def go_on(self) -> None:
        """Trains up to the end, or to a stop.

        Raises:
            UserError: as in `fit`.
        """
        self._compile()
        self._restore()
        while not self._done():
            if self.state.train_logs is not None:
                self._finish_epoch(self.state.train_logs)
            else:
                self._fit()
            if self._journal.error is not None and not self._diverged:
                raise self._journal.error

    def keep(self) -> Fitted:
        """Gives the model the weights that the settings ask for; after it diverged, those of the best epoch.

        Raises:
            UserError: it diverged, and no epoch is left to keep.
        """
        state = self.state
        if self._journal.error is not None:
            return self._keep_despite(self._journal.error)
        kept = state.epoch - 1
        best = state.best_epoch
        if self._settings.keep == "best" and best >= 0 and (best != kept or state.step):
            values = self._journal.load_epoch(best)
            if values is not None:
                with self._journal.taking_over():
                    write_variables(named_variables(self._model), values)
                kept = best
        return Fitted(state, kept, self._journal.halted)

    def _keep_despite(self, error: UserError) -> Fitted:
        best = self.state.best_epoch
        values = self._journal.load_epoch(best) if best >= 0 else None
        if values is None:
            raise error
        with self._journal.taking_over():
            write_variables(named_variables(self._model), values)
        return Fitted(self.state, best, stopped=False, error=error)

    def _compile(self) -> None:
        model = self._model
        model.compile(
            optimizer=make_optimizer(self._settings, self._schedule),
            loss=self._objective.loss,
            metrics=list(self._objective.metrics),
        )
        model.optimizer.build(model.trainable_variables)

    def _restore(self) -> None:
        values = self._journal.restore()
        if values is None:
            return
        within = self.state.step and self.state.train_logs is None
        if within:
            # Keras makes the metrics' variables at the first step; these steps' sums belong into them.
            self._model.test_on_batch(*self._batches.batch(0, 0))
        trained = named_variables(self._model, training=True)
        sums = [name for name in trained if name.startswith("metrics/")]
        with self._journal.taking_over():
            write_variables({name: trained[name] for name in trained if within or name not in sums}, values)
        if within:
            self._metric_values = {name: values[name] for name in sums}  # `fit` sets them to zero first

    def _done(self) -> bool:
        return self._journal.halted or self.state.epoch >= self._settings.epochs or self._should_stop_early()

    def _should_stop_early(self) -> bool:
        waited = self.state.epoch - 1 - self.state.best_epoch
        return self._settings.early_stopping and bool(self._validation_steps) and waited >= self._settings.patience

    def _fit(self) -> None:
        """Calls `model.fit`: for the rest of an epoch, or for all the epochs that are left."""
        state, model = self.state, self._model
        self._source = BatchInput(self._batches, state.epoch, state.step)
        self._first_step = state.step
        self._journal.begin_steps()
        self._context.report(Progress("compile"))
        self._watch = StepWatch(model, self._context, self, self._settings.checkpoint_s)
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
        self._journal.speed.start()

    def begin_step(self) -> None:
        """Sets the random numbers of the step."""
        seed_step(self.state.seed, self._source.epoch, self._first_step + self._watch.steps)

    def attend(self, logs: dict[str, Any]) -> None:
        """Waits while paused; writes a checkpoint where one is due; ends the training where the user wants it."""
        self._count()
        self._journal.speed.stop()
        self._journal.pause()
        now = time.perf_counter()
        if self._context.cancelled or now >= self._watch.next_checkpoint:
            if self.state.step < len(self._batches):  # at an epoch's end its validation comes first
                self._sync()
                if self._check_numbers(as_floats(logs)):
                    self._journal.save(self._values(), stopping=self._context.cancelled)
            if self._context.cancelled:
                self._journal.halt()
        self._journal.speed.start()

    def report(self, logs: dict[str, Any]) -> None:
        """Sends the running numbers."""
        self._count()
        self._journal.report({**self._objective.tell(as_floats(logs)), "lr": self._schedule.at(self.state.steps)})

    def end_epoch(self, logs: dict[str, float]) -> None:
        """Validates, writes the checkpoint, then the row; unless the epoch was left early."""
        self._count()
        self._journal.speed.stop()
        if self.state.step < len(self._batches):
            return
        self._finish_epoch(self._objective.tell(logs))
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
            self._journal.save(self._values(), stopping=True)
            self._journal.halt()
            return
        numbers = {**train_logs, **validation}
        best = _is_better(numbers, state.history[state.best_epoch] if state.best_epoch >= 0 else None)
        lr = self._schedule.at((state.epoch + 1) * state.steps_per_epoch)
        self._journal.end_epoch(numbers, self._values(), best=best, lr=lr)

    def _check_numbers(self, logs: dict[str, float]) -> bool:
        """Returns whether the running means and the weights are finite; if not, the training ends."""
        weights = read_variables(named_variables(self._model)).values()
        if all(map(math.isfinite, logs.values())) and all(np.isfinite(value).all() for value in weights):
            return True
        self._diverged = True
        self._journal.fail(
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
        watch = EvaluationWatch(self._model, self._context, self._validation_steps, self._journal.pause)
        logs = self._model.evaluate(self._validation_input, callbacks=watch, return_dict=True, verbose=0)
        if self._context.cancelled:
            return None
        return {f"val_{name}": value for name, value in self._objective.tell(as_floats(logs)).items()}

    def _count(self) -> None:
        """Takes over how many steps `fit` has done."""
        self._journal.count(self._first_step + self._watch.steps)

    def _sync(self) -> None:
        """JAX holds the variables outside the model during an epoch: fetches them."""
        if keras.backend.backend() == "jax":
            self._model.jax_state_sync()

    def _values(self) -> dict[str, np.ndarray]:
        return read_variables(named_variables(self._model, training=True))

    def _stop_fit(self) -> None:
        self._model.stop_training = True


def _is_better(row: dict[str, float], best: dict[str, float] | None) -> bool:
    """Whether an epoch beats the best so far: by validation loss, since accuracy on few pictures is mostly luck."""
    if best is None or "val_loss" not in row or not math.isfinite(best["val_loss"]):
        return True
    return row["val_loss"] < best["val_loss"]
