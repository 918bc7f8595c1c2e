"""Looks at a regular expression that may come from elsewhere: it must not keep the program busy for hours."""

from __future__ import annotations

import math
import re
from re import _parser  # type: ignore[attr-defined] # what `re` itself reads patterns with: no second opinion
from typing import Any

MOST_CHOICES = 3  # of 255 letters each: a tenth of a second for the longest name
CHARACTERS = ("LITERAL", "NOT_LITERAL", "ANY", "IN")
REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


def check_group_pattern(pattern: str) -> None:
    """Checks that a pattern has one group, and that its time grows at most with the cube of a text's length.

    Args:
        pattern: a regular expression.

    Raises:
        ValueError: it is none, has not one group, or could take too long.
    """
    try:
        groups = re.compile(pattern).groups
        parts = _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError("it is no regular expression") from error
    if groups != 1:
        raise ValueError("it needs one pair of brackets; any others begin with (?:")
    choices = _choices(parts) + (not _is_anchored(parts))  # where a match begins is a choice too
    if choices > MOST_CHOICES:
        raise ValueError("it repeats brackets, looks around, or leaves too much open: it could take too long")


def _choices(parts: Any) -> float:
    """Returns how often a match may be tried in several ways; infinity where their number can't be told."""
    count = 0.0
    for kind, value in parts:
        if kind.name == "SUBPATTERN":
            count += _choices(value[-1])
        elif kind.name == "BRANCH":
            count += 1 + sum(map(_choices, value[1]))
        elif kind.name in REPEATS:
            least, most, repeated = value
            single = len(repeated) == 1 and repeated[0][0].name in CHARACTERS
            count += (least != most) if single else math.inf
        elif kind.name not in (*CHARACTERS, "AT"):
            return math.inf
    return count


def _is_anchored(parts: Any) -> bool:
    """Whether a match can only begin where the text does."""
    begins = len(parts) > 0 and str(parts[0][1]) in ("AT_BEGINNING", "AT_BEGINNING_STRING")
    return begins and not parts.state.flags & re.MULTILINE
