"""What the setting `intensity` may say of pictures of more than 8 bits. Knows no picture."""

from __future__ import annotations

import re

AUTO, FULL, PICTURE = "auto", "full", "picture"
NUMBER = r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
RANGE = re.compile(rf"({NUMBER})\.\.({NUMBER})", re.IGNORECASE)


def check_intensity(text: str) -> None:
    """Checks what the setting was given.

    Args:
        text: "auto", "full", "picture", or a range of values, "LOW..HIGH".

    Raises:
        ValueError: it is none of these.
    """
    if text not in (AUTO, FULL, PICTURE) and range_of(text) is None:
        raise ValueError("it takes auto, full, or the lowest and the highest value, such as 0..4095 or -1000..1000")


def range_of(text: str) -> tuple[float, float] | None:
    """Returns the lowest and the highest value of a range, "LOW..HIGH"; None where the text is none."""
    found = RANGE.fullmatch(text)
    low, high = (float(part) for part in found.groups()) if found else (0.0, 0.0)
    return (low, high) if low < high < float("inf") and low > float("-inf") else None


def range_text(low: float, high: float) -> str:
    """Returns the range as `range_of` reads it."""
    text = "..".join(number_text(value) for value in (low, high))
    return text if range_of(text) else f"{low!r}..{high!r}"


def number_text(value: float, digits: int = 9) -> str:
    """Returns a value as a person writes it: whole numbers as they are, others to so many digits."""
    return str(int(value)) if value == int(value) and abs(value) < 10**15 else f"{value:.{digits}g}"
