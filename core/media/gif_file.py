"""Writes an animated GIF frame by frame, so that none but the last has to be held. Chooses no colours.

Pillow packs the pixels; but its own writer of animations holds every frame until the end.
"""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

import numpy as np
from PIL import Image

COLOURS = 256
LONGEST_HUNDREDTHS = 65_535  # that one frame may be shown
TABLE, TABLE_BITS, DEPTH = 0x80, 7, 0x70  # a table of 2 ** (7 + 1) colours, of 8 bits each
STAYS, TRANSPARENT = 0x04, 0x01
EXTENSION, PICTURE = 0x21, 0x2C


class GifFile:
    """An animation that repeats for ever.

    Args:
        file: what is written into.
        size: (width, height), px.
        comment: what is written beside the pictures, at most 255 bytes.
        palette: uint8 (256, 3), of all frames; None where each brings its own.
    """

    def __init__(
        self, file: BinaryIO, size: tuple[int, int], comment: bytes, palette: np.ndarray | None = None
    ) -> None:
        self._file = file
        self._held: tuple[bytes, int, int] = b"", 0, -1  # a frame whose time is not known yet
        flags = DEPTH if palette is None else DEPTH | TABLE | TABLE_BITS
        self._write(b"GIF89a", struct.pack("<HHBBB", *size, flags, 0, 0))
        self._write(b"" if palette is None else palette.tobytes())
        self._write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0", b"\x21\xfe", bytes([len(comment)]), comment, b"\0")

    def add(
        self,
        indices: np.ndarray,
        place: tuple[int, int],
        hundredths: int,
        *,
        palette: np.ndarray | None = None,
        kept: int = -1,
    ) -> None:
        """Adds a frame, or the part of it that differs from the one before.

        Args:
            indices: uint8 (H, W), places in the palette.
            place: (left, top), px.
            hundredths: int, of a second, that it is shown.
            palette: uint8 (256, 3), of this frame, where the file has none for all.
            kept: int, the index that leaves a pixel as it is; -1 where there is none.
        """
        self._release()
        head = struct.pack("<BHHHHB", PICTURE, *place, indices.shape[1], indices.shape[0], 0)
        if palette is not None:
            head = head[:-1] + bytes([TABLE | TABLE_BITS]) + palette.tobytes()
        self._held = head + _packed(indices), hundredths, kept

    def hold(self, hundredths: int) -> None:
        """Shows the last frame longer."""
        frame, shown, kept = self._held
        if shown + hundredths <= LONGEST_HUNDREDTHS:
            self._held = frame, shown + hundredths, kept
        else:
            self._release()  # the same once more
            self._held = frame, hundredths, kept

    def end(self) -> None:
        """Writes what is left."""
        self._release()
        self._write(b"\x3b")

    def _release(self) -> None:
        frame, hundredths, kept = self._held
        if frame:
            flags = STAYS | (TRANSPARENT if kept >= 0 else 0)
            self._write(struct.pack("<BBBBHBB", EXTENSION, 0xF9, 4, flags, hundredths, max(kept, 0), 0), frame)

    def _write(self, *parts: bytes) -> None:
        self._file.write(b"".join(parts))


def _packed(indices: np.ndarray) -> bytes:
    """Returns the pixels as a GIF holds them, (H, W)."""
    image = Image.fromarray(indices, "L").convert("P")
    image.putpalette(bytes(3 * COLOURS))
    file = io.BytesIO()
    image.save(file, "GIF", optimize=False, interlace=False)
    content = file.getvalue()
    place = 13 + _table_bytes(content[10])
    while content[place] == EXTENSION:
        place += 2
        while content[place]:
            place += content[place] + 1
        place += 1
    place += 10 + _table_bytes(content[place + 9])
    return content[place:-1]


def _table_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & TABLE_BITS) + 1) if flags & TABLE else 0
