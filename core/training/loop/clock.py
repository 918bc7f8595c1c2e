"""A clock for how long a training takes. Knows nothing of trainings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Clock:
    """Seconds that stand still in pauses.

    Args:
        real: where time comes from.
    """

    def __init__(self, real: Callable[[], float] = time.perf_counter) -> None:
        self._real = real
        self._lost = 0.0  # s, in pauses that are over
        self._paused_at: float | None = None

    def __call__(self) -> float:
        """Returns the seconds since some fixed moment, less the pauses."""
        now = self._real() if self._paused_at is None else self._paused_at
        return now - self._lost

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stands still meanwhile."""
        self._paused_at = self._real()
        try:
            yield
        finally:
            self._lost += self._real() - self._paused_at
            self._paused_at = None
