"""Reads a dropped file as a prompt. It may lie anywhere: call it off the window's thread."""

from __future__ import annotations

from pathlib import Path

from core.errors import UserError
from core.files.atomic import why_not_opened
from core.text.corpus.charset import TextError, decode_text

MOST_BYTES = 65_536


def read_prompt(path: Path) -> str | UserError | None:
    """Returns a text file's text, or why it is none; None for a folder."""
    try:
        if path.is_dir():
            return None
        if path.stat().st_size > MOST_BYTES:
            return UserError(
                "'{name}' is too long for a prompt.", hint="Train on it, or drop a part of it.", name=path.name
            )
        return decode_text(path.read_bytes())[0]
    except OSError as error:
        reason = why_not_opened(error)
    except TextError as error:
        reason = str(error)
    return UserError("'{name}' can't be read: {reason}", name=path.name, reason=reason)
