"""Scores a trained run on what it has never seen, as its kind is scored, and writes the report."""

from __future__ import annotations

from typing import Any

from core import catalog
from core.context import Context
from core.settings.evaluate import EvaluateSettings


def evaluate(settings: EvaluateSettings, context: Context) -> dict[str, Any]:
    """Scores the run on its own test split, or on other data; see what its kind's row names.

    Returns:
        {"run", "data", "metrics", "count", "report"} and what the kind adds; where the report can't be written,
        "report" is empty and "error" says why.

    Raises:
        UserError: the run holds no model, its data has changed, or there is nothing to score.
        CancelledError: the user has asked the job to stop.
    """
    run = context.workspace.find(settings.run)
    return dict(catalog.load(catalog.kind_of(run.record().job.model).evaluate)(settings, context))
