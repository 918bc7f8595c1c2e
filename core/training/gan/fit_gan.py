"""Trains two networks against each other. Knows settings and arrays, but no files but the training's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, Protocol

import keras

from core.data.augment import Augmentation
from core.data.dataset import Dataset
from core.data.picture_batches import PictureBatches
from core.errors import UserError
from core.models.dcgan import Gan
from core.settings.dcgan import AdversarialFitSettings
from core.training.gan.adversarial import AdversarialStep
from core.training.gan.snapshots import Snapshots
from core.training.loop.epoch_callback import EpochCallback
from core.training.loop.fitted import Fitted
from core.training.loop.loop import Hooks, Loop
from core.training.loop.reporter import Reporter


class DecidingCallback(EpochCallback, Protocol):
    """Draws and measures at an epoch's end; the row gets its Fréchet distance as "fid"."""

    @property
    def decides(self) -> bool:
        """Whether its distances are sure enough to choose the epoch to keep by; else the last one is kept."""


def fit_gan(
    gan: Gan,
    generator: keras.Model,
    dataset: Dataset,
    settings: AdversarialFitSettings,
    seed: int,
    reporter: Reporter,
    folder: Path,
    callback: DecidingCallback,
    on_status: Callable[[Literal["paused", "running"]], object] = lambda status: None,
    model_key: str = "",
) -> Fitted:
    """Trains the GAN, from the folder's newest checkpoint where it has one, and gives it the weights to keep.

    Args:
        gan: built; its generator becomes the running mean that is kept.
        generator: of the same build; the one that is trained.
        dataset: its train split is learnt.
        settings: how.
        seed: int >= 0, from which follow order, augmentation and latents.
        reporter: gets the progress, and is asked whether to stop.
        folder: where checkpoints, snapshots, history.csv and metrics.jsonl go.
        callback: draws and measures at an epoch's end.
        on_status: called with "paused" and "running", for a run's record.
        model_key: str, as `Hooks.model`.

    Returns:
        Where it stands; also after Stop, and where it diverged after an epoch worth keeping.

    Raises:
        UserError: the disk is full, it diverged before that, or the folder's checkpoint is not of such a training.
    """
    batches = _batches(dataset, settings, seed)
    step = AdversarialStep(gan, generator, settings, settings.epochs * len(batches))

    def is_better(row: Mapping[str, float], best: Mapping[str, float] | None) -> bool:
        """Whether the distance is the lowest so far; an epoch that wasn't measured never is."""
        lowest = best["fid"] if best is not None else math.inf
        return callback.decides and row.get("fid", math.nan) < lowest  # NaN is not

    hooks = Hooks(
        [callback, Snapshots(gan, settings, folder / "snapshots", model_key)],
        is_better,
        best_when_stopped=False,  # it goes on: the best that was measured may lie far back
        on_status=on_status,
        model=model_key,
    )
    return Loop(step, batches, settings, seed, reporter, folder, hooks).run()


def _batches(dataset: Dataset, settings: AdversarialFitSettings, seed: int) -> PictureBatches:
    """Returns what the steps are given: every critic step has pictures of its own."""
    rounds, count = settings.critic_steps, len(dataset.splits["train"])
    if count < rounds:
        raise UserError(
            "There are fewer pictures to learn from ({count}) than critic steps ({steps}).",
            hint="Add pictures, or lower the critic steps.",
            count=count,
            steps=rounds,
        )
    each = max(1, min(settings.batch_size, count // rounds))  # so few that they don't reach make smaller batches
    flip = Augmentation(0, settings.flip) if settings.flip else None
    return PictureBatches.of(dataset, "train", each * rounds, seed, flip)
