"""Finds and reads single pictures that a trained model is to look at. Knows no classes and no splits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from core.context import Context
from core.data.dataset import Skipped
from core.data.decode import decode
from core.data.fitting import Fit, fit_picture
from core.data.printable import printable
from core.data.sources.folders import reachable, walk
from core.data.sources.layout import is_picture_name
from core.files.atomic import path_of


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
        elif path.exists():
            found[path] = None
        else:
            skipped.append(Skipped(printable(str(given)), "It is not there."))
    return list(found), tuple(skipped)


def read_picture(
    path: Path | str, *, side_px: int, channels: int, background: str = "#ffffff", fit: Fit = "crop"
) -> np.ndarray:
    """Reads a picture exactly as training did.

    Args:
        path: the file.
        side_px: int, px, as the model was trained.
        channels: int, 1 or 3, as the model was trained.
        background: str, #rrggbb, behind transparent pixels.
        fit: how the picture becomes a square.

    Returns:
        uint8 (side_px, side_px, channels).

    Raises:
        DecodeError: it can't be read; `reason` says why in one sentence.
    """
    colour = "grey" if channels == 1 else "auto"
    picture = decode(reachable(Path(path).absolute()), background=background, colour=colour, enough_px=side_px)  # type: ignore[arg-type]
    return fit_picture(picture, side_px, channels, fit=fit, background=background)


def natural(text: str) -> list[tuple[int, int, str]]:
    """Returns a sort key by which "2.png" comes before "10.png"."""
    return [
        (0, int(piece), "") if piece.isdecimal() else (1, 0, piece.casefold())
        for piece in re.split(r"(\d+)", text)
        if piece
    ]
