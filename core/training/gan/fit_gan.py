"""Trains two networks against each other: the loop. Knows settings and arrays, but no files but the run's own."""

from __future__ import annotations

import json
import math
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

import keras
import numpy as np

from core.context import Context
from core.data.augment import Augmentation
from core.data.batches import Batches
from core.data.dataset import Dataset
from core.errors import CancelledError, UserError
from core.events import Progress, Saved
from core.files.sealed import seal
from core.models.dcgan import Gan
from core.models.shared.variables import named, pack, read_variables, write_variables
from core.runs.run import Run
from core.settings.dcgan import AdversarialFitSettings
from core.training.gan.adversarial import METRICS, AdversarialStep
from core.training.loop.callbacks import REPORT_INTERVAL_S, STEPS_IN_FLIGHT
from core.training.loop.checkpoints import TrainingState
from core.training.loop.fit import Fitted
from core.training.loop.journal import Journal

SUMS = "sums"  # the part of a checkpoint that holds the epoch's means so far
WEIGHTS, STAGE = "weights.safetensors", "stage.json"
LATE = 0.1  # share of the running mean that a new step makes up, in what is shown between epochs


class Attendant(Protocol):
    """What is done with the GAN at the end of an epoch, before the epoch is written down."""

    @property
    def decides(self) -> bool:
        """Whether its distances are sure enough to choose the epoch to keep by; else the last one is kept."""

    def attend(self, epoch: int, *, last: bool) -> Mapping[str, float]:
        """Draws and measures; returns the same numbers by name each time, NaN where they weren't taken.

        Raises:
            CancelledError: the user has asked the job to stop.
        """


def fit_gan(
    gan: Gan,
    generator: keras.Model,
    dataset: Dataset,
    settings: AdversarialFitSettings,
    context: Context,
    run: Run,
    attendant: Attendant,
) -> Fitted:
    """Trains the GAN, from the run's newest checkpoint where it has one, and gives it the weights to keep.

    Order, augmentation and latents follow from the job's seed and the place alone, so that a training that was cut
    off goes on as if nothing had happened.

    Args:
        gan: built; its generator becomes the running mean that is kept.
        generator: of the same build; the one that is trained.
        dataset: its train split is learnt.
        settings: how.
        context: is told of the progress, and asked whether to stop.
        run: where checkpoints, snapshots, history.csv and metrics.jsonl go.
        attendant: draws and measures at an epoch's end.

    Returns:
        Where it stands; also after Stop, and where it diverged after an epoch worth keeping.

    Raises:
        UserError: the disk is full, it diverged before that, or the run's checkpoint is not of such a training.
    """
    training = AdversarialTraining(gan, generator, dataset, settings, context, run, attendant)
    training.go_on()
    return training.keep()


class AdversarialTraining:
    """One training: its state, and what to do between steps and epochs. The arguments are those of `fit_gan`."""

    def __init__(
        self,
        gan: Gan,
        generator: keras.Model,
        dataset: Dataset,
        settings: AdversarialFitSettings,
        context: Context,
        run: Run,
        attendant: Attendant,
    ) -> None:
        self._gan, self._settings, self._context, self._run = gan, settings, context, run
        self._attendant = attendant
        rounds = settings.critic_steps
        train = dataset.splits["train"]
        if len(train) < rounds:
            raise UserError(
                "There are fewer pictures to learn from ({count}) than critic steps ({steps}).",
                hint="Add pictures, or lower the critic steps.",
                count=len(train),
                steps=rounds,
            )
        # Every critic step has pictures of its own; so few that they don't reach make smaller batches.
        self._batch = max(1, min(settings.batch_size, len(train) // rounds))
        flip = Augmentation(0, settings.flip) if settings.flip else None
        self._batches = Batches(dataset.images, dataset.targets, train, self._batch * rounds, context.job.seed, flip)
        self._step = AdversarialStep(gan, generator, settings, settings.epochs * len(self._batches))
        state = TrainingState(
            seed=context.job.seed, batch_size=self._batches.batch_size, steps_per_epoch=len(self._batches)
        )
        self._journal = Journal(run, context, settings.epochs, state)
        self._flight: deque[Any] = deque()
        self._sums = np.zeros(len(METRICS))
        self._late: np.ndarray | None = None  # a running mean of the last steps, for the plots
        self._next_report = 0.0
        self._diverged = False

    def go_on(self) -> None:
        """Trains up to the end, or to a stop.

        Raises:
            UserError: as in `fit_gan`.
        """
        values = self._journal.restore()
        if values is not None:
            with self._journal.taking_over():
                self._sums = values[SUMS].reshape(self._sums.shape)
                write_variables(self._step.variables(), values)
        self._next_checkpoint = time.perf_counter() + self._settings.checkpoint_s
        self._journal.begin_steps()
        self._context.report(Progress("compile"))
        while not self._journal.halted and self._journal.state.epoch < self._settings.epochs:
            if self._journal.state.step < len(self._batches):
                self._run_epoch()
            if not self._journal.halted:
                self._end_epoch()
        self._step.sync()
        error = self._journal.error
        if error is not None and not self._diverged:
            raise error

    def keep(self) -> Fitted:
        """Gives the GAN the weights to keep: after it diverged, those of the best epoch; after a stop, the last.

        Raises:
            UserError: it diverged, and no epoch is left to keep.
        """
        state, error = self._journal.state, self._journal.error
        kept, best = state.epoch - 1, state.best_epoch
        # A training that was stopped goes on: the best that was measured may lie far back.
        done = not self._journal.halted
        wanted = done and self._settings.keep == "best" and best >= 0 and best != kept
        if error is not None or wanted:
            values = self._journal.load_epoch(best) if best >= 0 else None
            if values is None and error is not None:
                raise error
            if values is not None:
                with self._journal.taking_over():
                    write_variables(dict(named("model", self._gan.variables)), values)
                kept = best
        return Fitted(state, kept, self._journal.halted and error is None, error)

    def _run_epoch(self) -> None:
        journal = self._journal
        journal.speed.start()
        while journal.state.step < len(self._batches) and not journal.halted:
            state = journal.state
            images, labels = self._batches.batch(state.epoch, state.step)
            noise = self._step.noise(state.seed, state.epoch, state.step, self._batch)
            self._flight.append(self._step(images, labels, noise))
            if len(self._flight) > STEPS_IN_FLIGHT:
                self._land()
            journal.count(state.step + 1)
            self._look_up()
        self._land_all()
        journal.speed.stop()

    def _look_up(self) -> None:
        """Tells how far it is, and does what someone wants or is due."""
        context, journal = self._context, self._journal
        now = time.perf_counter()
        if now >= self._next_report:
            self._next_report = now + REPORT_INTERVAL_S
            self._land_all()
            if self._late is not None:
                journal.report({**dict(zip(METRICS, map(float, self._late), strict=True)), "lr": self._lr()})
        if not (context.cancelled or context.paused or now >= self._next_checkpoint):
            return
        journal.speed.stop()
        journal.pause()
        self._land_all()
        within = journal.state.step < len(self._batches)  # an epoch's end has its own checkpoint
        if (context.cancelled or now >= self._next_checkpoint) and within and self._is_sound():
            journal.save(self._values(), stopping=context.cancelled)
            self._next_checkpoint = time.perf_counter() + self._settings.checkpoint_s
        if context.cancelled and within:
            journal.halt()
        journal.speed.start()

    def _land(self) -> None:
        """Waits for the oldest step under way, and takes its numbers."""
        found = np.asarray(keras.ops.convert_to_numpy(self._flight.popleft()), np.float64)
        self._sums += found
        self._late = found if self._late is None else (1 - LATE) * self._late + LATE * found

    def _land_all(self) -> None:
        while self._flight:
            self._land()

    def _end_epoch(self) -> None:
        """Draws, measures, and writes the epoch down; where that is cut short, a checkpoint of its last step."""
        journal = self._journal
        if not self._is_sound():
            return
        self._step.sync()
        epoch = journal.state.epoch
        last = epoch + 1 == self._settings.epochs
        try:
            taken = dict(self._attendant.attend(epoch, last=last))
        except CancelledError:
            journal.save(self._values(), stopping=True)
            journal.halt()
            return
        except UserError as error:  # a full disk
            journal.fail(error)
            return
        means = dict(zip(METRICS, map(float, self._sums / len(self._batches)), strict=True))
        self._sums = np.zeros(len(METRICS))
        self._take_snapshot(epoch)
        if journal.error is None:
            best = self._is_best(taken.get("fid", math.nan))
            journal.end_epoch({**means, **taken}, self._values(), best=best, lr=self._lr())

    def _lr(self) -> float:
        """The generator's learning rate, as it is now."""
        state = self._journal.state
        return self._step.schedule.at(state.epoch * len(self._batches) + state.step)

    def _is_best(self, fid: float) -> bool:
        """Whether an epoch's Fréchet distance is the lowest so far; an epoch that wasn't measured never is."""
        state = self._journal.state
        lowest = state.history[state.best_epoch]["fid"] if state.best_epoch >= 0 else math.inf
        return self._attendant.decides and fid < lowest  # NaN is not

    def _is_sound(self) -> bool:
        """Returns whether the numbers are still numbers; if not, the training ends."""
        if all(np.isfinite(value).all() for value in self._values().values()):
            return True
        self._diverged = True
        self._journal.fail(
            UserError(
                "The training diverged: the losses are no longer numbers in epoch {epoch}.",
                hint="Start again with lower learning rates or spectral norm; the epochs before are kept.",
                epoch=self._journal.state.epoch + 1,
            )
        )
        return False

    def _values(self) -> dict[str, np.ndarray]:
        self._step.sync()
        return {**read_variables(self._step.variables()), SUMS: self._sums}

    def _take_snapshot(self, epoch: int) -> None:
        if epoch in snapshot_epochs(self._settings):
            folder = self._run.snapshots / f"{epoch + 1:06d}"
            values = read_variables(dict(named("generator", self._gan.generator.variables)))
            content: dict[str, Any] = {WEIGHTS: pack(values), STAGE: json.dumps({"epoch": epoch + 1}).encode()}
            self._journal.guard(lambda: seal(folder, content))
            self._context.report(Saved(str(folder), "snapshot", epoch + 1))


def snapshot_epochs(settings: AdversarialFitSettings) -> set[int]:
    """Returns the indices of the epochs after which the generator is kept: closer together while it is young."""
    count, epochs = min(settings.snapshots, settings.epochs), settings.epochs
    if not count:
        return set()
    return {max(place, round(epochs ** ((place + 1) / count)) - 1) for place in range(count)}
