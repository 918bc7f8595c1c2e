"""The loop of every training: epochs, steps, what happens between them, and which weights are kept.

Knows no model, no loss and no run: a `Step` trains, `Batches` give what it is trained on, a `Reporter` gets the events.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from core.data.batches import Batches
from core.data.prefetch import prefetch
from core.errors import CancelledError, UserError
from core.events import Progress
from core.models.shared.variables import write_variables
from core.training.loop.checkpoints import TrainingState
from core.training.loop.epoch_callback import EpochCallback
from core.training.loop.fitted import Fitted
from core.training.loop.flight import Flight
from core.training.loop.journal import Journal
from core.training.loop.reporter import Reporter
from core.training.loop.step import Place, Step

REPORT_INTERVAL_S = 1 / 15
Row = Mapping[str, float]


class LoopSettings(Protocol):
    """What the loop reads of a training's settings."""

    @property
    def epochs(self) -> int:
        """How often the batches are gone through."""

    @property
    def checkpoint_s(self) -> float:
        """Within a long epoch a checkpoint is written this often."""

    @property
    def keep(self) -> Literal["best", "last"]:
        """Which epoch's weights the model has in the end."""


@dataclass(frozen=True)
class Hooks:
    """What differs from training to training beside the step.

    Args:
        callbacks: called after each epoch's last step, in this order.
        is_better: whether an epoch's row beats the best so far, or None where there is none yet.
        is_enough: whether to end early, asked after each epoch.
        best_when_stopped: bool, whether a training that the user stopped is given its best epoch's weights as well.
        on_status: called with "paused" and "running", for a run's record.
        model: str, a key of `catalog.MODELS`, in whose formats checkpoints are written; "" where they know but one.
    """

    callbacks: Sequence[EpochCallback] = ()
    is_better: Callable[[Row, Row | None], bool] = lambda row, best: True
    is_enough: Callable[[TrainingState], bool] = lambda state: False
    best_when_stopped: bool = True
    on_status: Callable[[Literal["paused", "running"]], object] = lambda status: None
    model: str = ""


class Loop:
    """One training, from its newest checkpoint where there is one.

    Order, augmentation and all else that is random follow from the seed and the place alone, so that a training that
    was cut off goes on as if nothing had happened.

    Args:
        step: what trains; its variables are built.
        batches: what it is trained on, all of an epoch.
        settings: how long.
        seed: int >= 0, is given to the step in each `Place`.
        reporter: gets the progress, and is asked whether to stop.
        folder: an existing one, where checkpoints, history.csv and metrics.jsonl go; None keeps nothing, so that only
            the last epoch's weights can be had.
        hooks: see there.
    """

    def __init__(
        self,
        step: Step,
        batches: Batches,
        settings: LoopSettings,
        seed: int,
        reporter: Reporter,
        folder: Path | None,
        hooks: Hooks = Hooks(),
    ) -> None:
        if folder is None and settings.keep == "best":
            raise ValueError("The best epoch can only be kept in a folder. Received: folder=None, keep='best'")
        state = TrainingState(seed=seed, batch_size=batches.batch_size, steps_per_epoch=len(batches))
        self._step, self._batches, self._settings, self._hooks = step, batches, settings, hooks
        self._journal = Journal(folder, reporter, settings.epochs, state, hooks.on_status, hooks.model)
        self._reporter = self._journal.reporter
        self._flight = Flight(step.take)
        self._next_report = 0.0
        self._next_checkpoint = 0.0
        self._diverged = False

    @property
    def state(self) -> TrainingState:
        """Where it stands."""
        return self._journal.state

    def run(self) -> Fitted:
        """Trains to the end or to a stop, and gives the model the weights to keep.

        Returns:
            Where it stands; also after Stop, and where it diverged after an epoch worth keeping.

        Raises:
            UserError: the disk is full, it diverged before that, or the checkpoint is not of such a training.
        """
        self._restore()
        self._next_checkpoint = time.perf_counter() + self._settings.checkpoint_s
        try:
            while not self._done():
                if self.state.step < len(self._batches):
                    self._run_epoch()
                if not self._journal.halted:
                    self._end_epoch()
        finally:
            self._step.sync()
        if self._journal.error is not None and not self._diverged:
            raise self._journal.error
        return self._keep()

    def _restore(self) -> None:
        values = self._journal.restore()
        if values is not None:
            with self._journal.taking_over():
                # After an epoch's last step its means are taken, and the next begins with none.
                self._step.restore(values, within=self.state.step > 0 and self.state.train_logs is None)
        if not self._done():
            self._reporter.report(Progress("compile"))

    def _done(self) -> bool:
        over = self.state.epoch >= self._settings.epochs or self._hooks.is_enough(self.state)
        return self._journal.halted or (over and not self.state.step)

    def _run_epoch(self) -> None:
        """Does the steps of an epoch that are left."""
        journal, state = self._journal, self.state
        if not state.step:
            self._step.sync()
            self._step.begin_epoch()
        journal.speed.start()
        with closing(self._coming()) as coming:
            for batch in coming:
                self._flight.add(self._step(batch, Place(state.seed, state.epoch, state.step)))
                journal.count(state.step + 1)
                self._look_up()
                if journal.halted:
                    break
        self._flight.land_all()
        journal.speed.stop()

    def _coming(self) -> Generator[tuple[np.ndarray, Any]]:
        """Gives the batches that are left of the epoch. Where one can't be made, the steps before it are kept.

        An error within a step is none of this: it may have left half of the variables new.
        """
        with closing(prefetch(self._batches, self.state.epoch, self.state.step, self._reporter.check)) as coming:
            try:
                yield from coming
            except CancelledError:
                self._save(stopping=True)
                self._journal.halt()
            except Exception:
                self._save()
                raise

    def _look_up(self) -> None:
        """Does what is wanted or due after a step; as little as possible."""
        now = time.perf_counter()
        if self._reporter.cancelled or self._reporter.paused or now >= self._next_checkpoint:
            self._pause_save_or_stop()
        if now >= self._next_report:
            self._next_report = now + REPORT_INTERVAL_S
            self._flight.land_all()
            self._journal.report({**self._step.live(), "lr": self._step.lr(self.state.steps)})

    def _pause_save_or_stop(self) -> None:
        journal = self._journal
        journal.speed.stop()
        self._reporter.wait_while_paused()
        cancelled, within = self._reporter.cancelled, self.state.step < len(self._batches)
        # At an epoch's end its callbacks come first, and it has its own checkpoint.
        if within and (cancelled or time.perf_counter() >= self._next_checkpoint):
            self._save(stopping=cancelled)
            self._next_checkpoint = time.perf_counter() + self._settings.checkpoint_s
        if within and cancelled:
            journal.halt()
        journal.speed.start()

    def _save(self, *, stopping: bool = False) -> None:
        """Writes a checkpoint within an epoch; at its beginning the one of the epoch before says the same."""
        values = self._sound_values() if self.state.step else None
        if values is not None:
            self._journal.save(values, stopping=stopping)

    def _sound_values(self) -> dict[str, np.ndarray] | None:
        """Returns all that a checkpoint holds; None where it is no numbers any more, which ends the training."""
        self._flight.land_all()
        self._step.sync()
        values = self._step.values()
        if all(np.isfinite(value).all() for value in values.values()):
            return values
        self._fail_diverged()
        return None

    def _fail_diverged(self) -> None:
        self._diverged = True
        self._journal.fail(self._step.diverged(self.state.epoch + 1))

    def _end_epoch(self) -> None:
        """Does what follows an epoch's last step; where that is cut short, it is done anew on resuming.

        The steps are never done anew: whatever ends it, they are written down first.
        """
        journal, state = self._journal, self.state
        values = self._sound_values()
        if values is None:
            return
        state.train_logs = state.train_logs or self._step.means(len(self._batches))
        if not all(map(math.isfinite, state.train_logs.values())):
            self._fail_diverged()
            return
        row = dict(state.train_logs)
        last = state.epoch + 1 == self._settings.epochs
        try:
            for callback in self._hooks.callbacks:
                row.update(callback(state.epoch, last=last, reporter=self._reporter))
        except CancelledError:
            journal.save(values, stopping=True)
            journal.halt()
            return
        except UserError as error:
            journal.fail(error)
            journal.save(values)
            return
        except Exception:
            journal.save(values)
            raise
        best = self._hooks.is_better(row, state.history[state.best_epoch] if state.best_epoch >= 0 else None)
        lr = self._step.lr((state.epoch + 1) * state.steps_per_epoch)
        journal.end_epoch(row, values, best=best, lr=lr)
        if self._reporter.cancelled and not self._done():
            journal.halt()

    def _keep(self) -> Fitted:
        """Gives the model the weights that are wanted; after it diverged, those of the best epoch.

        Raises:
            UserError: it diverged, and no epoch is left to keep.
        """
        state, error, halted = self.state, self._journal.error, self._journal.halted
        kept, best = state.epoch - 1, state.best_epoch
        wanted = self._settings.keep == "best" and (self._hooks.best_when_stopped or not halted)
        if error is not None or (wanted and (best != kept or state.step)):
            values = self._journal.load_epoch(best) if best >= 0 else None
            if values is None and error is not None:
                raise error
            if values is not None:
                with self._journal.taking_over():
                    write_variables(self._step.model_variables(), values)
                kept = best
        return Fitted(state, kept, halted and error is None, error)
