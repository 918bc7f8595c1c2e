"""Says in a sentence what is wrong with the words of a command."""

from __future__ import annotations

from typing import Any

from core.errors import UserError


def explain_usage(error: Any) -> UserError:
    """Returns what is wrong, and where to read how the command is used.

    Args:
        error: typer's usage error, which has no public name.
    """
    command = error.ctx.command_path if error.ctx else "pixelwright"
    problem = error.format_message().replace(": Value error, ", ": ")  # what pydantic puts before a reason
    return UserError(
        "{problem}",
        hint="`{command} --help` tells how it is used.",
        problem=problem if problem.endswith((".", "?", "!")) else f"{problem}.",
        command=command,
    )
