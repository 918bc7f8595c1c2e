"""Picture files in memory, such as Pillow cannot save."""

from __future__ import annotations

import io
import struct
import zlib

import tifffile


def encode(image, kind="PNG", **options):
    """Returns what Pillow writes."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png(width, height, depth, kind, rows, *chunks):
    """Writes a PNG by hand."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    pieces = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*piece) for piece in pieces)


def tiff(values, **options):
    """Returns a TIFF of any number type."""
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)
    return file.getvalue()
