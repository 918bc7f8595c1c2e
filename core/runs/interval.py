"""How far a share that was counted on few samples may be from the truth. Knows no run and no model."""

from __future__ import annotations

import math

LEVEL = 0.95  # how often such an interval holds the true share
DEVIATIONS = 1.959963984540054  # standard deviations of a normal distribution on either side that hold as much


def wilson_interval(share: float, count: int) -> tuple[float, float]:
    """Returns the 95 % confidence interval of a share, Wilson's: it never leaves [0, 1], and holds at 0 and 1 too.

    It counts samples as independent. Where those of one person or plant belong together it is too narrow.

    Args:
        share: float in [0, 1], of the samples that were counted.
        count: int >= 1, samples.

    Returns:
        Lowest and highest share in [0, 1] that the count allows.

    Reference:
        - [Wilson, 1927](https://doi.org/10.1080/01621459.1927.10502953).
        - [Brown, Cai and DasGupta, 2001](https://doi.org/10.1214/ss/1009213286), why this one.
    """
    if not (0.0 <= share <= 1.0 and count >= 1):
        raise ValueError(f"A share of at least one sample is needed. Received: share={share}, count={count}")
    square = DEVIATIONS**2 / count
    middle = (share + square / 2) / (1 + square)
    half = math.sqrt(square * (share * (1 - share) + square / 4)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def interval_shown(share: float, count: int, decimals: int = 1) -> str:
    """Returns the interval as people read it, "95.3 to 98.7 %"; empty where nothing was counted."""
    if count < 1:
        return ""
    low, high = wilson_interval(share, count)
    return f"{100 * low:.{decimals}f} to {100 * high:.{decimals}f} %"
