"""Adds the report to the result of an evaluation, which was worth the wait without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.context import Context
from core.errors import UserError
from core.events import Progress, Saved


def with_report(result: dict[str, Any], write: Callable[[], Path], context: Context) -> dict[str, Any]:
    """Writes the report.

    Args:
        result: what the evaluation found.
        write: writes the report of it, and returns the file; may raise UserError.
        context: is told.

    Returns:
        The result with "report", the file; where it can't be written, "report" is empty and "error" says why.
    """
    context.report(Progress("report"))
    try:
        report = str(write())
    except UserError as error:
        return {**result, "report": "", "error": str(error)}
    context.report(Saved(report, "report"))
    return {**result, "report": report}
