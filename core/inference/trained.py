"""Gets the model of a run: from memory, from its folder, or from its checkpoints where it was cut off since."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

import keras
import numpy as np

from core import catalog
from core.context import Context
from core.data.dataset import target_in
from core.errors import UserError
from core.events import Log, Progress
from core.files.atomic import file_stamp
from core.files.sealed import MANIFEST
from core.inference.cached import cached
from core.models.shared.saved import ModelDescription, load_model, rebuild
from core.runs.run import Run, RunRecord
from core.training.loop.checkpoints import Checkpoints

MODELS_KEPT = 3


class Aged(Protocol):
    """What says of a model how long it was trained."""

    @property
    def epochs(self) -> int:
        """Epochs trained when its weights were taken."""


Model = TypeVar("Model")
Description = TypeVar("Description", bound=Aged)
Rebuild = Callable[[int, Mapping[str, np.ndarray]], tuple[Model, Description]]


def trained_model(run: Run, context: Context) -> tuple[keras.Model, ModelDescription]:
    """Returns the run's model, from memory where it is unchanged since it was last used; see `newest_model`.

    Raises:
        UserError: there is none, or it is damaged.
    """
    record = run.record()

    def from_checkpoint(epochs: int, values: Mapping[str, np.ndarray]) -> tuple[keras.Model, ModelDescription]:
        shape = tuple(record.dataset["shape"])
        # A GAN reads pictures at a side that it can draw, whatever the job asks for.
        settings = {**record.job.settings, "image_px": shape[0]}
        reading = str(record.dataset.get("reading", ""))
        description = ModelDescription(record.job.model, settings, target_in(record.dataset), shape, epochs, reading)
        return rebuild(description, {name: v for name, v in values.items() if name.startswith("model/")}), description

    key = (str(run.folder), record.status == "done", stamp(run))
    return cached(
        context, "models", key, MODELS_KEPT, lambda: newest_model(run, record, context, load_model, from_checkpoint)
    )


def stamp(run: Run) -> tuple[int, ...]:
    """Returns other numbers once there are other weights to use."""
    found = (file_stamp(path.stat()) for path in (run.model_folder / MANIFEST, run.checkpoints) if path.exists())
    return tuple(number for numbers in found for number in numbers)


def newest_model(
    run: Run,
    record: RunRecord,
    context: Context,
    load: Callable[[Path], tuple[Model, Description]],
    from_checkpoint: Rebuild[Model, Description],
) -> tuple[Model, Description]:
    """Returns the model that a run has saved, or the newer one that its checkpoints hold.

    A run that is not done may have gone on after its model was saved, and been cut off: where its checkpoints know
    more epochs, their weights are taken, with a warning.

    Args:
        run: whose model it is.
        record: what run.json says.
        context: gets the progress.
        load: opens the run's `model/`.
        from_checkpoint: builds the model from the epochs done and a checkpoint's variables; raises ValueError,
            TypeError or KeyError where they don't belong to the run.

    Raises:
        UserError: there is none, or it is damaged.
    """
    context.report(Progress("load"))
    saved = load(run.model_folder) if run.model_folder.is_dir() else None
    if saved is not None and record.status == "done":
        return saved
    found = Checkpoints(run.checkpoints, context.report, record.job.model).weights_to_keep(
        best=_wants_best(record, has_saved=saved is not None)
    )
    if found is None or (saved is not None and found[0] <= saved[1].epochs):
        if saved is None:
            _check_checkpoints(run)
        return saved or load(run.model_folder)  # which says that there is none
    try:
        newest = from_checkpoint(*found)
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            "The checkpoints of the run '{run}' do not belong to it: {reason}.",
            hint="Resume the run, or restore it from a copy.",
            run=run.id,
            reason=error,
        ) from error
    context.report(
        Log(
            "The run has saved no model yet: its checkpoint's weights are used, those after epoch {epochs}."
            if saved is None
            else (
                "The run was interrupted after it had been resumed: its checkpoint's weights are "
                "used, those after epoch {epochs}."
            ),
            "warning",
            {"epochs": found[0]},
        )
    )
    return newest


def _check_checkpoints(run: Run) -> None:
    """Raises an error where there are checkpoints, of which none is intact."""
    if run.checkpoints.is_dir() and any(run.checkpoints.iterdir()):
        raise UserError(
            "The run '{run}' has saved no model, and no checkpoint of it is intact.",
            hint="Restore '{folder}' from a copy, or start a new run with the same settings.",
            run=run.id,
            folder=run.checkpoints,
        )


def _wants_best(record: RunRecord, *, has_saved: bool) -> bool:
    """Whether the best epoch's weights are wanted, rather than the newest."""
    if record.status == "failed" and has_saved:
        return True  # a training that diverged has saved its best epoch, whatever it was asked to keep
    if catalog.kind_of(record.job.model).newest_is_best:
        return False  # the best that was measured may lie far back, and be next to noise
    return bool(record.job.settings.get("keep") == "best")
