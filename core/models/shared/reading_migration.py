"""Keeps the way in which models of earlier versions read pictures of more than 8 bits."""

from __future__ import annotations

from typing import Any

from core.settings.intensity import PICTURE


def keep_reading(values: dict[str, Any]) -> dict[str, Any]:
    """Makes the next format of one in which each picture was scaled by itself: what was learnt so is used so.

    Checkpoints, which hold no settings, stay as they are.
    """
    if "description" not in values:
        return values
    description = values["description"]
    return {
        **values,
        "description": {**description, "settings": {"intensity": PICTURE, **description["settings"]}},
    }
