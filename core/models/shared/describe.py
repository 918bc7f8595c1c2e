"""How large a model of pictures would be, before it is trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.context import Context
from core.data.form import expected_shape
from core.data.open_index import trainable_index
from core.errors import UserError
from core.models.shared.saved import BYTES_TO_TRAIN, ModelDescription
from core.models.shared.size import model_size
from core.settings.dataset import DatasetSettings


def describe_pictures(
    settings: DatasetSettings, context: Context, fitting_side: Callable[[int], int] = lambda side: side
) -> dict[str, Any]:
    """Builds the job's model for the shape of its data, of which it reads only a few pictures.

    Args:
        settings: data, fit and architecture.
        context: the job's.
        fitting_side: returns the side, px, that the model takes pictures of a side at.

    Returns:
        {"parameters", "flops", "file_bytes", "shape", "classes"}; FLOPs for one picture, two a multiply-add.

    Raises:
        UserError: the data can't be used, or the model is larger than the memory allows.
        CancelledError: the user has asked the job to stop.
    """
    index = trainable_index(settings, context)
    height, width, channels = expected_shape(index, settings, context)
    shape = (fitting_side(height), fitting_side(width), channels)
    context.check()
    target = {} if index.target is None else index.target.summary()
    description = ModelDescription(context.job.model, settings.model_dump(mode="json"), target, shape)
    try:
        description.check(bytes_each=BYTES_TO_TRAIN)
        size = model_size(description.build())
    except (MemoryError, ValueError) as error:
        raise UserError(
            "A model of these settings can't be built: {reason}.",
            hint="Choose a smaller size, fewer blocks or a larger patch.",
            reason=str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__,
        ) from error
    return {
        "parameters": size.parameters,
        "flops": size.flops,
        "file_bytes": size.file_bytes,
        "shape": list(shape),
        "classes": len(description.classes),
    }
