"""Writes generated pictures as PNG, GIF or MP4, and reads back what made a PNG. Knows no model."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core import __version__, catalog
from core.context import Context
from core.errors import UserError
from core.files.results import check_result, replacing_result
from core.media.png_text import MOST_BYTES, DamagedTextError, read_png_text
from core.runs.recipe import Recipe, damaged

KEYWORD = "pixelwright"
MARK = "Pixelwright"
# The comment that every GIF and MP4 written here carries: the one near its beginning, the other near its end.
MARKS: Mapping[str, re.Pattern[bytes]] = {
    ".gif": re.compile(rb"\x21\xfe\x0bPixelwright\x00"),
    ".mp4": re.compile(rb"\xa9cmt.{0,32}?Pixelwright", re.DOTALL),
}
READ_BYTES = 64 * 1024  # bytes at either end
SEEN_PX = 96  # smaller pictures are enlarged, unless a scale is given
MOST_PIXELS = 64_000_000  # as many as the program itself reads
WHITE = 255

# Encoders of animations, by name: one of them loads the video libraries, which the window must not.
ANIMATIONS: Mapping[str, str] = {".gif": "core.media.gif:encode_gif", ".mp4": "core.media.mp4:encode_mp4"}
SUFFIXES = (".png", *ANIMATIONS)
BEGINNINGS: Mapping[str, tuple[int, bytes]] = {".gif": (0, b"GIF8"), ".mp4": (4, b"ftyp")}


def write_pictures(
    path: Path,
    pictures: Sequence[np.ndarray],
    *,
    columns: int = 0,
    gap_px: int = 2,
    scale: int = 0,
    fps: float = 12.0,
    recipe: Recipe | None = None,
    context: Context | None = None,
    overwrite: bool = False,
) -> None:
    """Writes pictures, atomically: a PNG holds them side by side (see `grid`), a GIF or MP4 one after the other.

    Args:
        path: the file; its suffix says which kind.
        pictures: uint8 (H, W, 1) or (H, W, 3), all of one shape, at least one.
        columns: int, of a PNG; 0 makes it about square.
        gap_px: int, px between the pictures of a PNG, 0 or more.
        scale: int, how many px a pixel becomes; 0 chooses.
        fps: float, frames a second of a GIF or MP4, above 0, at most 50.
        recipe: what made them; only a PNG carries it.
        context: asked between frames whether to go on.
        overwrite: bool, whether a file may be replaced that this program has not written; see `check_pictures`.

    Raises:
        UserError: the program writes no such file, the pictures are too many for one, some other file is there, or it
            can't be written.
        CancelledError: the user has asked the job to stop.
    """
    suffix = check_suffix(path)
    if suffix == ".png":
        content = _png(grid(pictures, columns=columns, gap_px=gap_px, scale=scale), recipe)
        with replacing_result(path, is_written_here, overwrite=overwrite) as file:
            file.write(content)
        return
    check_size(path, len(pictures), pictures[0].shape, scale=scale)
    encode = catalog.load(ANIMATIONS[suffix])
    with replacing_result(path, is_written_here, overwrite=overwrite) as file:
        encode(file, pictures, fps, scale or seen_scale(pictures[0]), context)


def check_pictures(path: Path, inputs: Iterable[str] = (), *, overwrite: bool = False) -> None:
    """Looks whether generated pictures may be written there: better before they are drawn than after.

    Args:
        path: the file.
        inputs: pictures that are read for it.
        overwrite: bool, whether a file may be replaced that this program has not written.

    Raises:
        UserError: as in `core.files.results.check_result`, for .png, .gif and .mp4.
    """
    check_result(path, check_suffix(path), is_written_here, inputs, overwrite=overwrite)


def check_suffix(path: Path) -> str:
    """Returns the path's suffix in small letters.

    Raises:
        UserError: the program writes no such file.
    """
    suffix = path.suffix.casefold()
    if suffix not in SUFFIXES:
        raise UserError(
            "'{path}' is not written, since its name does not end in one of {known}.",
            hint="Name a file that does.",
            path=path,
            known=", ".join(SUFFIXES),
        )
    return suffix


def check_size(
    path: Path, count: int, shape: Sequence[int], *, columns: int = 0, gap_px: int = 2, scale: int = 0
) -> None:
    """Refuses pictures that `write_pictures` would refuse: better before they are drawn than after.

    Args:
        path: the file.
        count: int, how many there will be, at least one.
        shape: their (H, W, C).
        columns: int, as in `write_pictures`.
        gap_px: int, px, as there.
        scale: int, as there.

    Raises:
        UserError: the program writes no such file, or they are too many or too large for one.
    """
    sheet = check_suffix(path) == ".png"
    layout = _Layout(count if sheet else 1, shape, columns, gap_px if sheet else 0, scale)
    _refuse_large(layout.height, layout.width)


class _Layout:
    """Where pictures of one shape (H, W, C) lie on a sheet; the arguments are those of `grid`."""

    def __init__(self, count: int, shape: Sequence[int], columns: int, gap_px: int, scale: int) -> None:
        self.columns = min(columns or math.ceil(math.sqrt(count)), count)
        self.factor = scale or _seen_scale(shape)
        self.step_y, self.step_x = (side * self.factor + gap_px for side in shape[:2])
        self.height = -(-count // self.columns) * self.step_y + gap_px
        self.width = self.columns * self.step_x + gap_px


def grid(pictures: Sequence[np.ndarray], *, columns: int = 0, gap_px: int = 2, scale: int = 0) -> np.ndarray:
    """Lays pictures out side by side, row by row, on white.

    Args:
        pictures: N times uint8 (H, W, C), all of one shape, at least one.
        columns: int; 0 takes the least that makes the sheet at least as wide, in pictures, as high.
        gap_px: int, px between pictures and around the sheet, after enlarging.
        scale: int, how many px a pixel becomes; 0 chooses (`seen_scale`).

    Returns:
        uint8 (H', W', C).

    Raises:
        UserError: the sheet would have more than 64 megapixels.
    """
    layout = _Layout(len(pictures), pictures[0].shape, columns, gap_px, scale)
    _refuse_large(layout.height, layout.width)
    height, width, channels = enlarged(pictures[0], layout.factor).shape
    sheet = np.full((layout.height, layout.width, channels), WHITE, np.uint8)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, layout.columns)
        top, left = gap_px + row * layout.step_y, gap_px + column * layout.step_x
        sheet[top : top + height, left : left + width] = enlarged(picture, layout.factor)
    return sheet


def seen_scale(picture: np.ndarray) -> int:
    """Returns the least whole factor that makes the longer side of a picture (H, W, C) at least 96 px."""
    return _seen_scale(picture.shape)


def _seen_scale(shape: Sequence[int]) -> int:
    return max(1, math.ceil(SEEN_PX / max(shape[:2])))


def enlarged(picture: np.ndarray, factor: int) -> np.ndarray:
    """Makes every pixel a square: (H, W, C) -> (H * factor, W * factor, C)."""
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def read_recipe(path: Path) -> Recipe | None:
    """Reads what made a picture. The file may come from anywhere: nothing it says is opened, run or believed.

    Args:
        path: any file.

    Returns:
        None where it is no PNG, or one that carries no recipe.

    Raises:
        UserError: it can't be opened, or what it carries is damaged or from a newer version of the program.
    """
    try:
        text = read_png_text(path, KEYWORD)
    except DamagedTextError as error:
        raise damaged(path.name) from error
    return None if text is None else Recipe.parse(text, path.name)


def is_written_here(path: Path) -> bool:
    """Whether this program has written the picture file, which it may then write anew.

    Raises:
        OSError: it can't be read.
    """
    if not path.stat().st_size:
        return True  # it holds nothing yet
    suffix = path.suffix.casefold()
    if suffix == ".png":
        try:
            return (read_png_text(path, "Software") or "").startswith(MARK)
        except (UserError, DamagedTextError):
            return False
    with path.open("rb") as file:
        head = file.read(READ_BYTES)
        file.seek(max(0, file.seek(0, io.SEEK_END) - READ_BYTES))
        tail = file.read(READ_BYTES)
    start, beginning = BEGINNINGS.get(suffix, (0, b""))
    if not beginning or head[start : start + len(beginning)] != beginning:
        return False
    return any(MARKS[suffix].search(part) for part in (head, tail))


def _png(picture: np.ndarray, recipe: Recipe | None) -> bytes:
    texts = PngInfo()
    texts.add_text("Software", f"{MARK} {__version__}")
    if recipe is not None:
        text = recipe.text()
        if len(text) + len(KEYWORD) >= MOST_BYTES:
            raise ValueError(f"A recipe fits into {MOST_BYTES} bytes. Received: {len(text)}")
        texts.add_text(KEYWORD, text)
    file = io.BytesIO()
    pixels = picture[..., 0] if picture.shape[-1] == 1 else picture
    Image.fromarray(pixels).save(file, "PNG", pnginfo=texts)
    return file.getvalue()


def _refuse_large(height: int, width: int) -> None:
    if height * width > MOST_PIXELS:
        raise UserError(
            "A picture of {width} x {height} px would be larger than the {most} megapixels that are written.",
            hint="Choose fewer pictures, or a lower scale.",
            width=width,
            height=height,
            most=MOST_PIXELS // 1_000_000,
        )
