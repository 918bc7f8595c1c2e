"""Brings what an earlier version of the program wrote to the newest format. Knows no kind of file.

Whatever carries an integer `format` has its migrations beside the code that reads it, in a tuple: the first makes
format 2 of format 1, the next 3 of 2, and so on. A change of layout (a field renamed, a setting removed, a weight
that has another shape) is one more function at its end. Reading migrates, and never writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from core.errors import UserError

Migration = Callable[[dict[str, Any]], dict[str, Any]]  # pure: it returns new values, and changes none


class NewerError(UserError):
    """Something was written by a newer version of the program."""


def newest(migrations: Sequence[Migration]) -> int:
    """Returns the format that is written now."""
    return len(migrations) + 1


def migrate(values: Any, migrations: Sequence[Migration], origin: object, *, missing: int | None = None) -> Any:
    """Returns the values in the newest format.

    What is no dict, or whose `format` is no whole number from 1 on, is returned as it is, for its reader to judge.

    Args:
        values: what was read.
        migrations: of its kind of file.
        origin: what it was read from, for the message.
        missing: int, the format of values that name none; None where that is the newest.

    Raises:
        NewerError: a newer version of the program has written them.
        ValueError: they do not hold what their format should.
    """
    if not isinstance(values, dict):
        return values
    current = newest(migrations)
    written = values.get("format", current if missing is None else missing)
    if type(written) is not int or written < 1:
        return values
    if written > current:
        raise NewerError(
            "'{origin}' was written by a newer version of Pixelwright.",
            hint="Update the program to open it.",
            origin=origin,
        )
    try:
        for step in migrations[written - 1 :]:
            values = step(values)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"it doesn't hold what its format {written} should") from error
    return {**values, "format": current}
