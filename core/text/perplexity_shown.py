"""How a perplexity is shown to people: a model that diverged has one of three hundred digits."""

from __future__ import annotations

LARGEST = 1e6  # a guess among all tokens of the largest vocabularies is below it


def perplexity_shown(value: float) -> str:
    """Returns a perplexity with two decimals, a huge one as a power of ten."""
    return f"{value:,.2f}" if value < LARGEST else f"{value:.1e}"
