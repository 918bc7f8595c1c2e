"""No target: samples that are learnt for what they are."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from core.data.placement import Placement
from core.data.targets.target import Targets


class NoTargets(Targets):
    """Nothing but a count.

    Args:
        count: int, N.
    """

    kind: ClassVar[str] = "none"

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def take(self, places: np.ndarray) -> NoTargets:
        """Returns as many."""
        return NoTargets(len(places))

    def header(self) -> tuple[Any, ...]:
        """Returns nothing."""
        return ()

    def content(self) -> bytes:
        """Returns nothing."""
        return b""

    def batch(
        self, places: np.ndarray, placement: Placement | None = None, random: np.random.Generator | None = None
    ) -> np.ndarray:
        """Returns zeros, int32 (B,)."""
        return np.zeros(len(places), np.int32)


def stand_in(source: str, count: int, fewest: int) -> NoTargets:
    """Returns as many as there are samples: no target is never missing."""
    return NoTargets(count)
