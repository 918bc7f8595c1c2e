"""What a mistyped path most likely stands for."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from contextlib import suppress

from core.errors import closest
from core.files.atomic import path_of

MOST_COMPARED = 10_000  # names in a folder


def closest_path(text: str, others: Iterable[str] = ()) -> str:
    """Returns what the user may have meant by a path that is not there; "" where nothing is like it.

    Args:
        text: what the user wrote.
        others: names that it could have been as well; they win over files beside it.
    """
    if guess := closest(text, others):
        return guess
    path = path_of(text)
    with suppress(OSError, ValueError):
        beside = [entry.name for entry in itertools.islice(os.scandir(path.parent), MOST_COMPARED)]
        if path.name and (guess := closest(path.name, beside)):
            return str(path.with_name(guess))
    return ""
