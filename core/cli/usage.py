"""Says in a sentence what is wrong with the words of a command. Knows no command."""

from __future__ import annotations

import re
from typing import Any

from core.errors import UserError, closest


def explain_usage(error: Any) -> UserError:
    """Returns what is wrong, what may be meant, and where to read how the command is used.

    Args:
        error: typer's usage error, which has no public name.
    """
    command = error.ctx.command_path if error.ctx else "pixelwright"
    guess = _guess(error)
    problem = error.message if _is_wrong_option(error) else error.format_message()
    problem = problem.replace(": Value error, ", ": ")  # what pydantic puts before a reason
    usage = "`{command} --help` shows how to use it."
    return UserError(
        "{problem}",
        hint=f"Did you mean '{{guess}}'? {usage}" if guess else usage,
        problem=problem if problem.endswith((".", "?", "!")) else f"{problem}.",
        guess=guess,
        command=command,
    )


def _is_wrong_option(error: Any) -> bool:
    return bool(getattr(error, "possibilities", None))


def _guess(error: Any) -> str:
    """Returns the option or choice that is meant; "" where none is like it. For commands typer says so itself."""
    if _is_wrong_option(error):
        return str(error.possibilities[0])  # the likest stands first
    if " is not one of " not in error.message:
        return ""
    value, *choices = re.findall(r"'(.*?)'", error.message)
    return closest(value, choices)
