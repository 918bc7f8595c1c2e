"""Lengths in steps, so that what is compiled for each length is compiled for few. Knows no tokens."""

from __future__ import annotations


def round_up(length: int, smallest: int) -> int:
    """Returns the bucket of a length: the least of `smallest` times 1, 2, 3, 4, 6, 8, 12, 16 ... that holds it."""
    size = smallest
    while size < length:
        if size + size // 2 >= length and size > smallest:
            return size + size // 2
        size *= 2
    return size
