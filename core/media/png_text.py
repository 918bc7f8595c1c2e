"""Reads one text chunk of a PNG file that may come from anywhere. Decodes no picture, and no chunk but that one.

Pillow's `Image.text` can't stand in for it: it decodes the picture to reach a text behind it, holds whole chunks in
memory whatever their size, tells a damaged iTXt chunk as none at all, and a wrong checksum as no PNG.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import BinaryIO

from core.errors import UserError
from core.files.atomic import why_not_opened

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_BYTES = 64 * 1024  # of a text, packed or not
MOST_CHUNKS = 100_000  # a PNG of 64 megapixels in chunks of 8 KB has fewer


class DamagedTextError(ValueError):
    """The chunk is there, and can't be used."""


def read_png_text(path: Path, keyword: str) -> str | None:
    """Reads the first tEXt, zTXt or iTXt chunk with a keyword.

    At most 64 KiB are read of it, and at most 64 KiB unpacked; all else of the file is skipped unread.

    Args:
        path: any file.
        keyword: str, 1 to 79 Latin-1 characters.

    Returns:
        The text; None where the file is no PNG or holds no such chunk.

    Raises:
        UserError: the file can't be opened.
        DamagedTextError: the chunk is too long, cut off, or does not fit its checksum or its encoding.

    Reference:
        Portable Network Graphics (PNG) Specification, third edition, W3C 2025, 11.3.3.
    """
    try:
        if not path.is_file():  # a pipe would keep the program waiting
            return None
        with path.open("rb") as file:
            return _find(file, path.stat().st_size, keyword.encode("latin-1") + b"\0")
    except OSError as error:
        raise UserError(
            "'{path}' cannot be read. {reason}", hint="Choose another file.", path=path, reason=why_not_opened(error)
        ) from error


def _find(file: BinaryIO, size: int, start: bytes) -> str | None:
    if file.read(len(SIGNATURE)) != SIGNATURE:
        return None
    for _ in range(MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8 or head[4:] == b"IEND":
            return None
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        after = file.tell() + length + 4
        if kind in (b"tEXt", b"zTXt", b"iTXt") and file.read(min(length, len(start))) == start:
            if length > MOST_BYTES:
                raise DamagedTextError("it is too long")
            content = start + file.read(length - len(start))
            if file.read(4) != zlib.crc32(kind + content).to_bytes(4, "big"):
                raise DamagedTextError("its checksum is wrong")
            return _text(kind, content[len(start) :])
        if after > size:
            return None
        file.seek(after)
    return None


def _text(kind: bytes, content: bytes) -> str:
    """Returns what stands after the keyword of a chunk."""
    packed = kind == b"zTXt"
    if packed:
        content = content[1:]  # 0, the only method there is
    if kind == b"iTXt":
        packed = content[:1] == b"\1"
        parts = content[2:].split(b"\0", 2)  # language, translated keyword, text
        if len(parts) < 3:
            raise DamagedTextError("it is cut off")
        content = parts[2]
    if packed:
        content = _unpacked(content)
    try:
        return content.decode("utf-8" if kind == b"iTXt" else "latin-1")
    except UnicodeDecodeError as error:
        raise DamagedTextError("it is no UTF-8") from error


def _unpacked(content: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(content, MOST_BYTES + 1)
    except zlib.error as error:
        raise DamagedTextError("it can't be unpacked") from error
    if len(text) > MOST_BYTES:
        raise DamagedTextError("it is too long")
    return text
