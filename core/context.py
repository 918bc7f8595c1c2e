"""All a task knows of the outside. It must not know who listens: a window, a terminal or a test."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from core.errors import CancelledError, UserError
from core.events import Event, Log, Status
from core.jobs import Job
from core.runs.run import Run, Workspace

logger = logging.getLogger(__name__)

LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Context:
    """Given to a task: where to report, when to stop, where to write.

    `cancel()`, `pause()` and `resume()` may be called from any thread; the rest belongs to the task's own.

    Args:
        job: the job that is being done.
        workspace: where runs and caches live.
        run: the run folder the task writes into, or None where the task trains nothing.
        listener: called with every event, in the task's thread; must return quickly.
        cache: a dict that outlives the job inside one engine (the last models loaded).
    """

    def __init__(
        self,
        job: Job,
        workspace: Workspace,
        run: Run | None = None,
        listener: Callable[[Event], None] = lambda event: None,
        cache: dict[str, Any] | None = None,
    ) -> None:
        self.job = job
        self.workspace = workspace
        self.run = run
        self.cache = {} if cache is None else cache
        self._listener = listener
        self._cancelled = threading.Event()
        self._may_go_on = threading.Event()
        self._may_go_on.set()

    def report(self, event: Event) -> None:
        """Sends an event to whoever listens; a line for the log goes into the process's log as well."""
        if isinstance(event, Log):
            logger.log(LEVELS[event.level], "%s", UserError(event.message, **event.values))
        self._listener(event)

    @property
    def cancelled(self) -> bool:
        """Whether the user has asked the job to stop."""
        return self._cancelled.is_set()

    @property
    def paused(self) -> bool:
        """Whether the user has asked the job to wait."""
        return not self._may_go_on.is_set()

    def wait_while_paused(self) -> None:
        """Returns at once, or when the job may go on or must stop. Reports both changes of state."""
        if self.paused and not self.cancelled:
            self.report(Status("paused"))
            self._may_go_on.wait()
            if not self.cancelled:
                self.report(Status("running"))

    def check(self) -> None:
        """To be called often in a long loop: waits while paused.

        Raises:
            CancelledError: the user has asked the job to stop.
        """
        self.wait_while_paused()
        if self.cancelled:
            raise CancelledError

    def cancel(self) -> None:
        """Asks the task to stop at its next check; wakes a paused one."""
        self._cancelled.set()
        self._may_go_on.set()

    def pause(self) -> None:
        """Asks the task to wait at its next check."""
        if not self.cancelled:
            self._may_go_on.clear()

    def resume(self) -> None:
        """Lets a paused task go on."""
        self._may_go_on.set()
