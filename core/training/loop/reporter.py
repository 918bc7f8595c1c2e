"""What a training needs of the outside: where to report, and whether to wait or to stop. Knows no job and no run."""

from __future__ import annotations

from typing import Protocol

from core.errors import CancelledError
from core.events import Event


class Reporter(Protocol):
    """Receives events, and says whether the user wants a pause or a stop; a `core.context.Context` is one."""

    def report(self, event: Event) -> None:
        """Takes an event; must return quickly."""

    @property
    def cancelled(self) -> bool:
        """Whether the training is to stop."""

    @property
    def paused(self) -> bool:
        """Whether the training is to wait."""

    def wait_while_paused(self) -> None:
        """Returns at once, or when the training may go on or must stop."""

    def check(self) -> None:
        """Waits while paused.

        Raises:
            CancelledError: the training is to stop.
        """


class RelayedReporter:
    """Passes everything on to another reporter: the base of those that change one thing.

    Args:
        outer: the other one.
    """

    def __init__(self, outer: Reporter) -> None:
        self._outer = outer

    def report(self, event: Event) -> None:
        """See `Reporter`."""
        self._outer.report(event)

    @property
    def cancelled(self) -> bool:
        """See `Reporter`."""
        return self._outer.cancelled

    @property
    def paused(self) -> bool:
        """See `Reporter`."""
        return self._outer.paused

    def wait_while_paused(self) -> None:
        """See `Reporter`."""
        self._outer.wait_while_paused()

    def check(self) -> None:
        """See `Reporter`."""
        self.wait_while_paused()
        if self.cancelled:
            raise CancelledError
