"""Finds and reads single pictures that a trained model is to look at. Knows no classes and no splits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from core.context import Context
from core.data.dataset import Skipped
from core.data.decode import decode_noting
from core.data.fitting import Colour, Fit, fit_picture
from core.data.printable import printable
from core.data.sources.folders import reachable, walk
from core.data.sources.layout import is_picture_name
from core.files.atomic import path_of
from core.settings.intensity import FULL


def find_pictures(paths: Iterable[str | Path], context: Context) -> tuple[list[Path], tuple[Skipped, ...]]:
    """Lists the pictures among files and folders, folders with all that lies below them.

    A file that is named itself is always taken, whatever it is called; in a folder, hidden files and those of other
    kinds are left out.

    Args:
        paths: files and folders.
        context: is asked whether to stop.

    Returns:
        The pictures, the given order kept, a folder's in natural order ("2.png" before "10.png"), none twice; and
        what cannot be used.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    found: dict[Path, None] = {}
    skipped: list[Skipped] = []
    for given in paths:
        context.check()
        path = path_of(given)
        if path.is_dir():
            files, unreachable = walk(reachable(path.absolute()), context)
            skipped += unreachable
            for file in sorted(files, key=lambda file: natural(file.path)):
                if is_picture_name(file.path):
                    found[path / file.path] = None
                else:
                    skipped.append(Skipped(printable(str(path / file.path)), "It is no picture file."))
        elif path.is_file():
            found[path] = None
        elif path.exists():  # whoever opens a pipe waits for somebody to write into it
            skipped.append(Skipped(printable(str(given)), "It is a pipe or a device, not a file."))
        else:
            skipped.append(Skipped(printable(str(given)), "It is not there."))
    return list(found), tuple(skipped)


def read_picture(
    path: Path | str,
    *,
    side_px: int,
    channels: int,
    background: str = "#ffffff",
    fit: Fit = "crop",
    reading: str = FULL,
) -> np.ndarray:
    """Reads a picture exactly as training did.

    Args:
        path: the file.
        side_px: int, px, as the model was trained.
        channels: int, 1 or 3, as the model was trained.
        background: str, #rrggbb, behind transparent pixels.
        fit: how the picture becomes a square.
        reading: str, how more than 8 bits become 8, as `decode` takes it.

    Returns:
        uint8 (side_px, side_px, channels).

    Raises:
        DecodeError: it can't be read; `reason` says why in one sentence.
    """
    return read_noting(path, side_px, channels, background=background, fit=fit, reading=reading)[0]


def read_noting(
    path: Path | str, side_px: int, channels: int, *, background: str, fit: Fit, reading: str
) -> tuple[np.ndarray, frozenset[str]]:
    """Reads a picture as `read_picture` does.

    Returns:
        The picture, and the notes of `decode_noting`.

    Raises:
        DecodeError: as there.
    """
    colour: Colour = "grey" if channels == 1 else "auto"
    file = reachable(Path(path).absolute())
    picture, notes = decode_noting(file, background=background, colour=colour, enough_px=side_px, reading=reading)
    return fit_picture(picture, side_px, channels, fit=fit, background=background), notes


def natural(text: str) -> list[tuple[int, int, str]]:
    """Returns a sort key by which "2.png" comes before "10.png"."""
    return [
        (0, int(piece), "") if piece.isdecimal() else (1, 0, piece.casefold())
        for piece in re.split(r"(\d+)", text)
        if piece
    ]
