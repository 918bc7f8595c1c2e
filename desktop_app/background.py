"""Worker threads for disk work: scanning runs, deleting, writing a table. They must not touch a widget."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal, Slot

from core.errors import UserError

logger = logging.getLogger(__name__)

Then = Callable[[Any], None] | None


class Background(QThread):
    """Does plain functions one after another.

    Signals:
        failed: a UserError; emitted in the thread this object lives in.
    """

    failed = Signal(object)
    _done = Signal(object, object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work: queue.SimpleQueue[tuple[Callable[[], Any], Then, Then] | None] = queue.SimpleQueue()
        self._closed = False
        self._done.connect(self._deliver)

    def do(self, function: Callable[[], Any], then: Then = None, otherwise: Then = None) -> None:
        """Queues a function. May be called from the thread this object lives in.

        Args:
            function: called in the worker thread; may raise a UserError.
            then: called with its result, in the thread this object lives in.
            otherwise: called with the UserError where it failed, in the same thread, after `failed`.
        """
        if self._closed:
            return  # the window is gone
        if not self.isRunning():
            self.start()
        self._work.put((function, then, otherwise))

    def close(self) -> None:
        """Does what is queued, then ends the thread and waits for it."""
        self._closed = True
        self._work.put(None)
        self.wait()

    def run(self) -> None:
        """The thread's own function."""
        while (item := self._work.get()) is not None:
            function, then, otherwise = item
            try:
                self._done.emit(then, otherwise, function(), None)
            except UserError as error:
                self._done.emit(then, otherwise, None, error)
            except Exception as error:
                logger.exception("Disk work failed")
                reason = UserError("Something went wrong: {reason}", reason=str(error)[:300])
                self._done.emit(then, otherwise, None, reason)

    @Slot(object, object, object, object)
    def _deliver(self, then: Then, otherwise: Then, result: Any, error: UserError | None) -> None:
        if self._closed:
            return
        if error is not None:
            self.failed.emit(error)
            if otherwise is not None:
                otherwise(error)
        elif then is not None:
            then(result)


class Aside(QObject):
    """Does functions that may never return, such as a look at a dead share, each in a thread nobody waits for."""

    _done = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._done.connect(self._deliver)

    def do(self, function: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Starts a function; `then` gets its result, in the thread this object lives in, if it ever comes."""

        def work() -> None:
            result = function()
            with suppress(RuntimeError):  # the window is gone
                self._done.emit(then, result)

        threading.Thread(target=work, name="aside", daemon=True).start()

    @Slot(object, object)
    def _deliver(self, then: Callable[[Any], None], result: Any) -> None:
        then(result)
