"""Waiting while the user wants it, so that the wait is no part of a training's time. Knows no run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from core.training.loop.clock import Clock
from core.training.loop.reporter import RelayedReporter, Reporter


class PausingReporter(RelayedReporter):
    """Stops a clock in each pause, and reports its begin and end.

    Args:
        outer: whose pauses they are.
        clock: stands still meanwhile.
        on_status: called with "paused" and "running"; raises nothing.
    """

    def __init__(
        self, outer: Reporter, clock: Clock, on_status: Callable[[Literal["paused", "running"]], object]
    ) -> None:
        super().__init__(outer)
        self._clock, self._on_status = clock, on_status

    def wait_while_paused(self) -> None:
        """See `Reporter`."""
        if not self.paused:
            return
        self._on_status("paused")
        with self._clock.paused():
            super().wait_while_paused()
        self._on_status("running")
