"""Computes how large a model would be for some data, before it is trained."""

from __future__ import annotations

from typing import Any

from core import catalog
from core.context import Context
from core.settings.base import Settings


def describe(settings: Settings, context: Context) -> dict[str, Any]:
    """Counts the parameters of the job's model, as its kind's row says.

    Returns:
        {"parameters", "flops", "file_bytes"} and what the kind adds.

    Raises:
        UserError: the data can't be used, or the model is larger than the memory allows.
        CancelledError: the user has asked the job to stop.
    """
    return dict(catalog.load(catalog.kind_of(context.job.model).describe)(settings, context))
