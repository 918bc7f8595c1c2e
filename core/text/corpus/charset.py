"""Turns a file's bytes into text, whatever their encoding. Knows no files."""

from __future__ import annotations

import codecs
from typing import Self

# The longer marks first: UTF-32's begins like UTF-16's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BEYOND_ASCII = bytes(range(0x80, 0x100))
KEEP_ROWS = bytes(byte if 0xA1 <= byte <= 0xFE else ord(" ") for byte in range(0x100))
PAIRED = 0.9  # of the bytes beyond ASCII: in Chinese text they come in twos, in Western text one by one


class TextError(Exception):
    """Bytes that are no text. Its text is the reason, one plain sentence."""

    @classmethod
    def because(cls, reason: str) -> Self:
        """Makes one from its reason."""
        return cls(reason)


def decode_text(content: bytes, encoding: str = "auto") -> tuple[str, str]:
    r"""Returns the text, its lines ended by "\n", and the encoding it was read in.

    A mark at the beginning (UTF-8, UTF-16, UTF-32) wins over everything. Without one, "auto" tries UTF-8, then
    GB18030 where the bytes come in pairs as they do in Chinese text, then Latin-1, which every byte fits.

    Args:
        content: what the file holds.
        encoding: "auto" or a name that Python knows.

    Raises:
        TextError: it is no text in that encoding.
    """
    marked = next((name for mark, name in MARKS if content.startswith(mark)), "")
    chosen = marked or (_guess(content) if encoding == "auto" else encoding)
    try:
        text = content.decode(chosen)
    except UnicodeError:
        raise TextError.because("It is not valid text in its encoding.") from None
    if "\0" in text:
        raise TextError.because("It is no text: it holds zero bytes.")
    return text.replace("\r\n", "\n").replace("\r", "\n"), chosen.removesuffix("-sig")


def _guess(content: bytes) -> str:
    if _fits(content, "utf-8"):
        return "utf-8"
    return "gb18030" if _paired(content) >= PAIRED and _fits(content, "gb18030") else "latin-1"


def _fits(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeError:
        return False
    return True


def _paired(content: bytes) -> float:
    """Returns the share of the bytes beyond ASCII that stand in runs of even length within GB 2312's rows."""
    runs = content.translate(KEEP_ROWS).split()
    total = len(content) - len(content.translate(None, BEYOND_ASCII))
    return sum(len(run) for run in runs if len(run) % 2 == 0) / total if total else 0.0
