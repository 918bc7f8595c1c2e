"""The setting that keeps the chance in drawn pictures within bounds."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator

from core.settings.base import setting

LEAST = 0.05  # below it nearly every number drawn is thrown away, and the drawing does not end


def check_truncation(truncation: float) -> float:
    """Returns the truncation.

    Raises:
        ValueError: it is neither 0 nor `LEAST` or more.
    """
    if truncation and truncation < LEAST:
        raise ValueError(f"it takes 0, which leaves chance free, or at least {LEAST}")
    return truncation


Truncation = Annotated[float, AfterValidator(check_truncation)]


def truncation_setting(group: str) -> Any:
    """Declares the field, of type `Truncation`, under that heading."""
    return setting(
        0.0,
        "Truncation",
        "Chance is kept within this, at least 0.05: lower is more typical and less varied; 0 leaves it free.",
        group=group,
        kind="truncation",
        ge=0.0,
        le=5.0,
    )
