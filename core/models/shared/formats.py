"""The formats of what is kept of a model. Knows no architecture: the catalog names what migrates each.

Whatever holds a model's weights or says how to build it is sealed in its format: checkpoints, saved models, snapshots
of a GAN, judges, a language model's folder and the tokenizer that its run began with.

A migration is given {"variables": name -> array, and the JSON values beside them: the "description" of a model, the
"state" of a checkpoint or the "stage" of a snapshot}. A setting that was renamed lies in the description. Variables
have the names that they have in a checkpoint, which holds more of them than a saved model, optimizer's moments and all.
A snapshot holds fewer, and there are none where the weights lie in a layout from elsewhere, as GPT-2's do, or where
nothing but an architecture is kept. So a migration changes what is there, and misses nothing.
"""

from __future__ import annotations

from typing import Any

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
    """Returns the format that all of them are written in."""
    return newest(migrations_of(model))


def keep_earlier_layout(values: dict[str, Any]) -> dict[str, Any]:
    """Makes the next format of one whose data were read before settings had a `layout`; they are read as they were."""
    if "description" not in values:
        return values
    description = values["description"]
    return {
        **values,
        "description": {**description, "settings": {"layout": "earlier", **description["settings"]}},
    }
