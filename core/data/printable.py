"""Names as people see them."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    r"""Returns the text in Unicode's composed form, with what a system could not decode written as \udcff."""
    return unicodedata.normalize("NFC", text).encode("utf-8", "backslashreplace").decode()
