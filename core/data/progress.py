"""Reports progress at a rate a listener can take, and asks on the way whether to stop."""

from __future__ import annotations

import time

from core.context import Context
from core.events import Progress

INTERVAL_S = 0.1
CHECK_INTERVAL_S = 0.02


class Progressing:
    """Counts what is done in one phase of a job.

    Args:
        context: gets the progress, about ten times a second, and is asked whether to stop.
        phase: str, as in `core.events.Progress`.
        total: int, units in all; 0 where unknown.
        unit: str, what is counted.
    """

    def __init__(self, context: Context, phase: str, total: int, unit: str) -> None:
        self.done = 0
        self.total = total
        self._context, self._phase, self._unit = context, phase, unit
        self._started = time.perf_counter()
        self._reported = self._checked = 0.0
        context.check()

    def advance(self, count: int = 1) -> None:
        """Counts units as done.

        Raises:
            CancelledError: the user has asked the job to stop.
        """
        self.done += count
        self.tick()

    def tick(self) -> None:
        """Says how far it is, where the last word was long ago. To be called while waiting, too.

        Raises:
            CancelledError: the user has asked the job to stop.
        """
        now = time.perf_counter()
        if now - self._checked >= CHECK_INTERVAL_S:
            self._checked = now
            self._context.check()
        if now - self._reported >= INTERVAL_S:
            self._reported = now
            self._report(now)

    def end(self) -> None:
        """Reports the last state, whenever the one before was."""
        self._context.check()
        self._report(time.perf_counter())

    def _report(self, now: float) -> None:
        rate = self.done / max(now - self._started, 1e-9)
        left = max(self.total - self.done, 0) / rate if self.total and rate else None
        self._context.report(Progress(self._phase, self.done, self.total, self._unit, rate, left))
