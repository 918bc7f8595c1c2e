"""Caches what took long to load, from job to job of one engine. Knows nothing of what it caches."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from core.context import Context

Value = TypeVar("Value")


def cached(context: Context, name: str, key: Hashable, most: int, make: Callable[[], Value]) -> Value:
    """Returns the value that is cached under a key, made where there is none; the least recently used is dropped.

    Args:
        context: whose `cache` holds the caches.
        name: str, of the cache: one a kind of value.
        key: changes once the value is out of date.
        most: int, values in this cache at most.
        make: called where the key is new; may raise.
    """
    values: dict[Hashable, Value] = context.cache.setdefault(name, {})
    value = values.pop(key) if key in values else make()
    values[key] = value  # the most recently used is last
    while len(values) > most:
        values.pop(next(iter(values)))
    return value
