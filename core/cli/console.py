"""Shows a job's events in a terminal: a progress bar and log lines on stderr, nothing on stdout."""

from __future__ import annotations

import math
import sys
import time

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from core import events
from core.cli.visible import visible
from core.engine.phases import phase_text
from core.errors import UserError

LINE_INTERVAL_S = 10.0  # a log file or pipe gets a line so often, a terminal a moving bar


class ConsoleListener:
    """Call it with every event of one job; use as a context manager so that the bar is taken down."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._seen: set[str] = set()
        self._last_line = 0.0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=1, visible=False, rate="")

    def __enter__(self) -> ConsoleListener:
        self._bar.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._bar.stop()

    def __call__(self, event: events.Event) -> None:
        """Shows the event."""
        if isinstance(event, events.Progress):
            self._show_progress(event)
        elif isinstance(event, events.Metric) and event.per == "epoch":
            known = {name: value for name, value in event.values.items() if not math.isnan(value)}
            values = "  ".join(f"{name} {value:.4g}" for name, value in known.items())
            self._print(f"epoch {event.epoch:g}  {values}")
        elif isinstance(event, events.Log):
            style = {"warning": "yellow", "error": "red"}.get(event.level, "")
            self._print(str(UserError(event.message, **event.values)), style)
        elif isinstance(event, events.Status) and event.state == "paused":
            self._print("paused")

    def _show_progress(self, event: events.Progress) -> None:
        text = phase_text(event)
        if self._console.is_terminal:
            rate = f"{event.rate:,.0f}/s" if event.rate else ""
            shown = escape(visible(text))
            total = event.total or None
            self._bar.update(self._task, description=shown, completed=event.done, total=total, visible=True, rate=rate)
            return
        now = time.monotonic()
        if event.phase not in self._seen or now - self._last_line > LINE_INTERVAL_S:
            self._seen.add(event.phase)
            self._last_line = now
            counted = f", {event.done:,} of {event.total:,}" if event.total else ""
            self._print(f"{text}{counted}")

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(escape(visible(text)), style=style or None, soft_wrap=True)


def use_utf8() -> None:
    """Makes the standard streams take any character, whatever the terminal's code page."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
