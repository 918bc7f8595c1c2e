"""Tells how large a model would be for some data, before it is trained."""

from __future__ import annotations

from typing import Any

from core import catalog
from core.context import Context
from core.data.open_index import trainable_index
from core.data.reading import expected_shape
from core.errors import UserError
from core.models.shared.saved import BYTES_TO_TRAIN, ModelDescription
from core.models.shared.size import model_size
from core.settings.dataset import DatasetSettings
from core.settings.text_fit import Gpt2Training


def describe(settings: DatasetSettings | Gpt2Training, context: Context) -> dict[str, Any]:
    """Builds the job's model for the shape of its data, of which it reads only a few pictures.

    Returns:
        {"parameters", "flops", "file_bytes", "shape", "classes"}; FLOPs for one picture, two a multiply-add. For a
        model of texts as `describe_text` says.

    Raises:
        UserError: the data can't be used, or the model is larger than the memory allows.
        CancelledError: the user has asked the job to stop.
    """
    if isinstance(settings, Gpt2Training):
        from core.models.gpt2.describe import describe_text  # keras_hub takes seconds to import

        return describe_text(settings, context)
    index = trainable_index(settings, context)
    shape = expected_shape(index, settings, context)
    if catalog.find(catalog.MODELS, context.job.model, "model").kind == "gan":
        from core.models.dcgan import fitting_side

        shape = (fitting_side(shape[0]), fitting_side(shape[1]), shape[2])
    context.check()
    description = ModelDescription(context.job.model, settings.model_dump(mode="json"), index.classes, shape)
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
        "classes": len(index.classes),
    }
