"""Words for numbers, in English."""

from __future__ import annotations


def counted(count: int, one: str, many: str) -> str:
    """Returns a number with the words that follow it, such as "1 file is" and "2 files are"."""
    return f"{count:,} {one if count == 1 else many}"


def shortened(text: str, length: int) -> str:
    """Returns the text on one line, at most so many characters long."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"
