"""The classes among what targets say of themselves, for models that know nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_CLASSES = 100_000


def class_count(target: Mapping[str, Any], fewest: int) -> int:
    """Returns how many classes a model has to know.

    Args:
        target: as in `core.models.shared.saved.ModelDescription`; may come from a foreign file.
        fewest: int, fewer are refused.

    Raises:
        ValueError: the targets are no classes, or there can't be so many.
    """
    classes = target.get("classes")
    if not isinstance(classes, list | tuple):
        raise ValueError(f"its targets must be classes, and are '{target.get('target', '')}'")
    if not fewest <= len(classes) <= MOST_CLASSES:
        raise ValueError(f"a model can't have {len(classes)} classes")
    return len(classes)
