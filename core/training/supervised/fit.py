"""Fits a model to an objective. Knows batches and a loss, and no files but the training's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import keras

from core.settings.fit import FitSettings
from core.training.loop.checkpoints import TrainingState
from core.training.loop.fitted import Fitted
from core.training.loop.loop import Hooks, Loop
from core.training.loop.reporter import Reporter
from core.training.objectives.objective import Objective
from core.training.supervised.step import SupervisedStep
from core.training.supervised.validation import Validation


def fit(
    model: keras.Model,
    objective: Objective,
    settings: FitSettings,
    seed: int,
    reporter: Reporter,
    folder: Path | None,
    on_status: Callable[[Literal["paused", "running"]], object] = lambda status: None,
    model_key: str = "",
) -> Fitted:
    """Trains the model, from the folder's newest checkpoint where it has one, and gives it the weights to keep.

    Args:
        model: built; from what the batches hold to logits.
        objective: batches, loss and metrics.
        settings: how.
        seed: int >= 0, from which follows what is random in a step; order and augmentation are the objective's.
        reporter: gets the progress, and is asked whether to stop.
        folder: where checkpoints, history.csv and metrics.jsonl go; None, with `keep` "last", keeps nothing.
        on_status: called with "paused" and "running", for a run's record.
        model_key: str, as `Hooks.model`.

    Returns:
        Where it stands; also after Stop, and where it diverged after an epoch worth keeping.

    Raises:
        UserError: the disk is full, it diverged before that, or the folder's checkpoint is not of such a training.
    """
    step = SupervisedStep(model, objective, settings)
    validated = len(objective.validation) > 0

    def is_enough(state: TrainingState) -> bool:
        waited = state.epoch - 1 - state.best_epoch
        return settings.early_stopping and validated and waited >= settings.patience

    callbacks = [Validation(step, objective.validation)] if validated else []
    hooks = Hooks(callbacks, is_better, is_enough, on_status=on_status, model=model_key)
    return Loop(step, objective.batches, settings, seed, reporter, folder, hooks).run()


def is_better(row: Mapping[str, float], best: Mapping[str, float] | None) -> bool:
    """Whether an epoch beats the best so far: by validation loss, since accuracy on few pictures is mostly luck."""
    if best is None or "val_loss" not in row or not math.isfinite(best["val_loss"]):
        return True
    return row["val_loss"] < best["val_loss"]
