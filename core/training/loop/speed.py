"""How many samples a second a training goes through. Knows nothing of trainings."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class Speed:
    """Counts samples and the time their steps took: for samples/s and the time left.

    Args:
        clock: where time comes from.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.samples = 0
        self.seconds = 0.0
        self._since: float | None = None
        self._window: deque[tuple[float, int]] = deque(maxlen=30)

    def start(self) -> None:
        """Steps begin, or go on."""
        self._since = self._clock()

    def stop(self) -> None:
        """Something else than steps begins: validation, a checkpoint, a pause."""
        if self._since is not None:
            self.seconds += self._clock() - self._since
            self._since = None

    def rate(self) -> float:
        """Samples a second of late (about the last two seconds of steps); 0 before anything is measured."""
        running = self._clock() - self._since if self._since is not None else 0.0
        self._window.append((self.seconds + running, self.samples))
        (then, before), (now, done) = self._window[0], self._window[-1]
        return (done - before) / (now - then) if now > then else 0.0
