"""Keeps what took long to load in memory, from job to job of one engine. Knows nothing of what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from core.context import Context

Kept = TypeVar("Kept")


def keep(context: Context, shelf: str, key: Hashable, most: int, make: Callable[[], Kept]) -> Kept:
    """Returns what stands on the shelf under that key; makes it where nothing does, and drops the longest unused.

    Args:
        context: whose cache holds the shelves.
        shelf: str, one a kind of thing.
        key: changes once what is kept is out of date.
        most: int, how many things a shelf holds.
        make: called where the key is new; may raise.
    """
    things: dict[Hashable, Kept] = context.cache.setdefault(shelf, {})
    found = things.pop(key) if key in things else make()
    things[key] = found  # the last used stand last
    while len(things) > most:
        things.pop(next(iter(things)))
    return found
