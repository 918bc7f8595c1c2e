"""The log of a training: plain lines with their time, to read and to copy."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

from PySide6.QtCore import Slot
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from core.events import Log
from desktop_app.scores import extractor_name
from desktop_app.translation import say, tr_parts, translator

MOST_LINES = 2000


class LogView(QPlainTextEdit):
    """Shows log lines, newest at the bottom."""

    def __init__(self) -> None:
        super().__init__(readOnly=True)
        self.setObjectName("log")
        self.setMaximumBlockCount(MOST_LINES)
        self._events: deque[Log] = deque(maxlen=MOST_LINES)
        say(self.setPlaceholderText, "What the training says appears here.")
        say(self.setAccessibleName, "Log")
        translator().changed.connect(self._write_anew)

    def add(self, events: Iterable[Log]) -> None:
        """Appends lines."""
        for event in events:
            self._events.append(event)
            self.appendPlainText(_line(event))

    def show_text(self, text: str) -> None:
        """Shows the log of a training that has ended."""
        self.clear_lines()
        self.setPlainText(text)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def clear_lines(self) -> None:
        """Forgets all lines."""
        self._events.clear()
        self.clear()

    @Slot()
    def _write_anew(self) -> None:
        if not self._events:
            return  # a text that is shown as it was written
        self.setPlainText("\n".join(_line(event) for event in self._events))


def log_text(event: Log) -> str:
    """Returns what a log line says, in the language that is shown."""
    judge = {"judge": extractor_name(str(event.values["judge"]))} if "judge" in event.values else {}
    return tr_parts(event.message, event.values | judge)


def _line(event: Log) -> str:
    return f"{time.strftime('%H:%M:%S', time.localtime(event.time))}  {log_text(event)}"
