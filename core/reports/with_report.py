"""Adds the report to the result of an evaluation, which was worth the wait without it; says where it goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.context import Context
from core.errors import UserError
from core.events import Progress, Saved
from core.runs.run import Run, safe_name

# What libraries raise at what they can't draw. Some of it comes from the run's folder, which may be damaged.
UNDRAWABLE = (ArithmeticError, LookupError, MemoryError, OSError, TypeError, ValueError)


def with_report(result: dict[str, Any], write: Callable[[], Path], context: Context) -> dict[str, Any]:
    """Writes the report.

    Args:
        result: what the evaluation found.
        write: writes the report of it, and returns the file; may raise UserError, or fail at what can't be drawn.
        context: gets the progress and the file.

    Returns:
        The result with "report", the file; where it can't be drawn or written, "report" is empty and
        "error" says why.
    """
    context.report(Progress("report"))
    try:
        report = str(write())
    except UserError as error:
        return {**result, "report": "", "error": str(error)}
    except UNDRAWABLE as error:
        undrawn = UserError(
            "The report can't be drawn: {reason}.",
            hint="The figures are complete without it.",
            reason=f"{type(error).__name__}: {error}".rstrip(": ."),
        )
        return {**result, "report": "", "error": str(undrawn)}
    context.report(Saved(report, "report"))
    return {**result, "report": report}


def report_path(run: Run, data: str) -> Path:
    """Returns where a run's report goes: one on other data must not replace the one on the run's own.

    Args:
        run: which is evaluated.
        data: str, the other data; empty for the run's own.
    """
    return run.folder / (f"report-{safe_name(Path(data).stem)}.html" if data else "report.html")
