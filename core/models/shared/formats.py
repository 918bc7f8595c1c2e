"""The formats of a model's checkpoints and saved models. Knows no architecture: the catalog names what migrates each.

A migration is given {"variables": name -> array, and "description" or "state": the JSON values beside them}; a setting
that was renamed lies in the description. What a checkpoint holds beside the weights, optimizer's moments and all, is
among its variables.
"""

from __future__ import annotations

from core import catalog
from core.files.migrations import Migration, newest


def migrations_of(model: str) -> tuple[Migration, ...]:
    """Returns what brings the model's older formats up to date.

    Args:
        model: str, a key of `catalog.MODELS`; "" has none.
    """
    if not model:
        return ()
    return tuple(map(catalog.load, catalog.find(catalog.MODELS, model, "model").migrations))


def format_of(model: str) -> int:
    """Returns the format that the model's checkpoints and saved models are written in."""
    return newest(migrations_of(model))
