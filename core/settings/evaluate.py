"""What to score, with which run."""

from __future__ import annotations

from core.settings.base import Settings, setting


class EvaluateSettings(Settings):
    """Evaluation of a trained run on its own test split or on other data."""

    run: str = setting(..., "Run", "The trained run that is scored.", kind="run")
    data: str = setting("", "Data", "Other data to score it on; empty takes the run's own test split.", kind="data")
