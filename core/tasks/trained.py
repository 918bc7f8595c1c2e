"""Gets the model of a run: from memory, from its folder, or from its checkpoints where it was cut off before."""

from __future__ import annotations

from typing import Any

import keras

from core.context import Context
from core.errors import UserError
from core.events import Log, Progress
from core.models.saved import ModelDescription, load_model, rebuild
from core.runs import Run
from core.sealed import MANIFEST
from core.training.checkpoints import Checkpoints

MODELS_KEPT = 3


def trained_model(run: Run, context: Context) -> tuple[keras.Model, ModelDescription]:
    """Returns the run's model, from memory where it is unchanged since it was last used.

    Raises:
        UserError: there is none, or it is damaged.
    """
    key = (str(run.folder), _stamp(run))
    kept: dict[Any, tuple[keras.Model, ModelDescription]] = context.cache.setdefault("models", {})
    if key not in kept:
        context.report(Progress("load"))
        kept[key] = load_model(run.model_folder) if run.model_folder.is_dir() else _from_checkpoints(run, context)
    kept[key] = kept.pop(key)  # the last used stand last
    while len(kept) > MODELS_KEPT:
        kept.pop(next(iter(kept)))
    return kept[key]


def _stamp(run: Run) -> int:
    """Returns another number once there are other weights to use."""
    for path in (run.model_folder / MANIFEST, run.checkpoints):
        if path.exists():
            return path.stat().st_mtime_ns
    return 0


def _from_checkpoints(run: Run, context: Context) -> tuple[keras.Model, ModelDescription]:
    record = run.record()
    checkpoints = Checkpoints(run.checkpoints, context.report)
    found = checkpoints.weights_to_keep(best=record.job.settings.get("keep") == "best")
    if found is None:
        return load_model(run.model_folder)  # says that there is none
    epochs, values = found
    try:
        classes, shape = tuple(record.dataset["classes"]), tuple(record.dataset["shape"])
        description = ModelDescription(record.job.model, record.job.settings, classes, shape, epochs)
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
            "The run has saved no model yet: its checkpoint's weights are used (epochs done: {epochs}).",
            "warning",
            {"epochs": epochs},
        )
    )
    return model, description
