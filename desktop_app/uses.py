"""What the window asks of a model's kind. It must not know a panel."""

from __future__ import annotations

from core import catalog
from core.kinds.kind import Kind


def kind_of(model: str) -> Kind | None:
    """Returns the kind of a model by its key; None for one that this version doesn't know."""
    return catalog.kind_of(model) if model in catalog.MODELS else None


def does(model: str, task: str) -> bool:
    """Whether a trained model of that key is of use for a task, a key of `catalog.TASKS`."""
    return model in catalog.MODELS and catalog.does(model, task)
