"""The errors a user may see. Programming errors stay ordinary Python exceptions."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class UserError(Exception):
    """Something the user can mend: says what is wrong and what to do, without a traceback.

    Message and hint are English templates; the values are filled in with `str.format`. The window looks the
    template up in its translations before it fills it in, so the template doubles as the translation key.

    Args:
        message: str, one sentence that says what is wrong, e.g. "No pictures found in '{path}'."
        hint: str, one sentence that says what to do.
        values: what stands in the braces of both.
    """

    def __init__(self, message: str, *, hint: str = "", **values: Any) -> None:
        self.message = message
        self.hint = hint
        self.values = values
        super().__init__(fill(message, values))

    def __str__(self) -> str:
        return " ".join(part for part in (fill(self.message, self.values), fill(self.hint, self.values)) if part)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.hint, self.values)


class RefusedError(UserError):
    """A training was refused before it went on: the run is as it was."""


class CancelledError(Exception):
    """Raised by `Context.check()` once the user has asked the job to stop. Not a failure."""


def fill(template: str, values: dict[str, Any]) -> str:
    """Returns the template with its values; a template without values is taken as it is, braces and all."""
    return template.format(**values) if values else template


def _rebuild(kind: type[UserError], message: str, hint: str, values: dict[str, Any]) -> UserError:
    return kind(message, hint=hint, **values)


def closest(name: str, known: Iterable[str]) -> str:
    """Returns the known name that a mistyped one most likely stands for; "" where none is like it.

    Args:
        name: what the user typed; capitals don't count.
        known: the names that there are.
    """
    names = {other.casefold(): other for other in known}
    return next((names[found] for found in get_close_matches(name.casefold(), names, n=1)), "")


def counted(count: int, one: str, many: str) -> str:
    """Returns a number with the words that follow it, such as "1 file is" and "2 files are"."""
    return f"{count:,} {one if count == 1 else many}"


def shortened(text: str, length: int) -> str:
    """Returns the text on one line, at most so many characters long."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"
