"""Gets the model of a run: from memory, from its folder, or from its checkpoints where it was cut off since."""

from __future__ import annotations

from typing import Any

import keras

from core import catalog
from core.context import Context
from core.errors import UserError
from core.events import Log, Progress
from core.models.saved import ModelDescription, load_model, rebuild
from core.runs import Run, RunRecord
from core.sealed import MANIFEST
from core.training.checkpoints import Checkpoints

MODELS_KEPT = 3


def trained_model(run: Run, context: Context) -> tuple[keras.Model, ModelDescription]:
    """Returns the run's model, from memory where it is unchanged since it was last used.

    A run that is not done may have gone on after its model was saved, and been cut off: where its checkpoints know
    more epochs, their weights are taken, which is told.

    Raises:
        UserError: there is none, or it is damaged.
    """
    record = run.record()
    key = (str(run.folder), record.status == "done", stamp(run))
    kept: dict[Any, tuple[keras.Model, ModelDescription]] = context.cache.setdefault("models", {})
    if key not in kept:
        context.report(Progress("load"))
        kept[key] = _load(run, record, context)
    kept[key] = kept.pop(key)  # the last used stand last
    while len(kept) > MODELS_KEPT:
        kept.pop(next(iter(kept)))
    return kept[key]


def stamp(run: Run) -> tuple[int, ...]:
    """Returns other numbers once there are other weights to use."""
    return tuple(path.stat().st_mtime_ns for path in (run.model_folder / MANIFEST, run.checkpoints) if path.exists())


def _load(run: Run, record: RunRecord, context: Context) -> tuple[keras.Model, ModelDescription]:
    saved = load_model(run.model_folder) if run.model_folder.is_dir() else None
    if saved is not None and record.status == "done":
        return saved
    # A training that diverged has saved its best epoch, whatever it was asked to keep.
    best = record.job.settings.get("keep") == "best" or (saved is not None and record.status == "failed")
    draws = catalog.find(catalog.MODELS, record.job.model, "model").kind == "gan"
    if draws and record.status != "failed":
        best = False  # the best that was measured may lie far back, and be next to noise
    found = Checkpoints(run.checkpoints, context.report).weights_to_keep(best=best)
    if found is None or (saved is not None and found[0] <= saved[1].epochs):
        return saved or load_model(run.model_folder)  # which says that there is none
    epochs, values = found
    try:
        classes, shape = tuple(record.dataset["classes"]), tuple(record.dataset["shape"])
        # A GAN reads pictures at a side that it can draw, whatever the job asks for.
        settings = {**record.job.settings, **({"image_px": shape[0]} if draws else {})}
        description = ModelDescription(record.job.model, settings, classes, shape, epochs)
        model = rebuild(description, {name: value for name, value in values.items() if name.startswith("model/")})
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            "The checkpoints of the run '{run}' do not belong to it: {reason}.",
            hint="Resume the run, or restore it from a copy.",
            run=run.id,
            reason=error,
        ) from error
    context.report(
        Log(
            "The run has saved no model yet: its checkpoint's weights are used (epochs done: {epochs})."
            if saved is None
            else "The run was cut off after it went on: its checkpoint's weights are used (epochs done: {epochs}).",
            "warning",
            {"epochs": epochs},
        )
    )
    return model, description
