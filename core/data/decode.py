"""Decodes one picture file. The only place that does; must not know data sets, labels or sizes wanted by a model."""

from __future__ import annotations

import io
import stat
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
from PIL import Image, UnidentifiedImageError

from core.data.deep import OddPixelsError, Values, is_deep, open_tiff, values_of, values_of_tiff
from core.data.eight_bits import compose, pixels_of
from core.data.file_kinds import BEGINNING_BYTES, is_heic, is_tiff, what_instead
from core.data.fitting import Colour, change_channels, wanted_channels
from core.data.intensity import to_bytes
from core.errors import UserError
from core.files.atomic import why_not_opened
from core.settings.intensity import AUTO, PICTURE

MAX_PIXELS = 64_000_000
# What is left out: EPS starts a program, and WMF, FITS, HDF5, MPEG and their like are no pictures that Pillow decodes.
COMMON_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF", "JPEG2000")
FORMATS = (*COMMON_FORMATS, "DIB", "ICO", "TGA", "PCX", "SGI", "QOI", "XBM", "XPM")
ORIENTATION_TAG = 0x0112
HALF = 0.5
END_OF_JPEG = b"\xff\xd9"
# What the missing rest of a JPEG might be, in three ways: a picture that is all there comes out the same.
ENDINGS_OF_JPEG = (END_OF_JPEG, b"\x55" * 64 + END_OF_JPEG, b"\xaa" * 64 + END_OF_JPEG)
# What is to be said of a picture that is taken all the same; `core.data.notices` says it.
DEEP, PAGES, OPEN_ENDED, CHANNELS, OUTSIDE = "deep", "pages", "open-ended", "channels", "outside"

Found = TypeVar("Found")


class DecodeError(UserError):
    """A picture that cannot be used.

    Args:
        reason: str, why, as one plain sentence.
        path: what the picture is called; empty where it has no name.
    """

    @classmethod
    def because(cls, reason: str, path: str = "") -> DecodeError:
        """Makes one from its reason."""
        hint = "Replace the file, or leave it out."
        if path:
            return cls("'{path}' cannot be read. {reason}", hint=hint, path=path, reason=reason)
        return cls("The picture cannot be read. {reason}", hint=hint, reason=reason)

    @property
    def reason(self) -> str:
        """Why, as one plain sentence."""
        return str(self.values["reason"])


@dataclass(frozen=True)
class Header:
    """What is known of a picture before it is decoded.

    Args:
        size: width and height, px.
        deep: bool, whether it holds more than 8 bits.
    """

    size: tuple[int, int]
    deep: bool


def decode(
    source: Path | bytes | BinaryIO,
    *,
    background: str = "#ffffff",
    colour: Colour = "auto",
    enough_px: int = 0,
    reading: str = AUTO,
) -> np.ndarray:
    """Decodes a picture as a viewer would show it.

    The EXIF orientation is applied, transparency is laid over the background, more than 8 bits are scaled to 8, CMYK
    and palettes become RGB, and of an animation or several pages the first is taken. The limit of 64 megapixels,
    checked before anything is decoded, lies below the one at which Pillow begins to warn of decompression bombs.

    Args:
        source: the file, its bytes, or an open binary file.
        background: str, #rrggbb, behind transparent pixels.
        colour: "rgb", "grey", or "auto": grey where the file holds nothing but greys by its format, else RGB.
        enough_px: int, px; where it is not 0, a JPEG may be decoded at a half, a quarter or an eighth as long as both
            its sides stay at least twice as long as this: much faster where it is made small next.
        reading: str, how more than 8 bits become 8: by a range, "LOW..HIGH"; "full", by what their type may hold;
            "auto", by what this picture alone holds, which suits what is not compared with other pictures; "picture",
            everything as the first version of the program read it.

    Returns:
        uint8 (H, W, C), C being 1 or 3.

    Raises:
        DecodeError: it is no picture, is damaged, or is too large; its `reason` says which.
    """
    return decode_noting(source, background=background, colour=colour, enough_px=enough_px, reading=reading)[0]


def decode_noting(
    source: Path | bytes | BinaryIO, *, background: str, colour: Colour, enough_px: int, reading: str
) -> tuple[np.ndarray, frozenset[str]]:
    """Decodes a picture as `decode` does.

    Returns:
        The picture, and what is to be said of it: any of `DEEP`, `PAGES`, `OPEN_ENDED`, `CHANNELS`, `OUTSIDE`.

    Raises:
        DecodeError: as there.
    """
    notes: set[str] = set()

    def read(file: BinaryIO, stack: ExitStack) -> np.ndarray:
        image = _open(file, stack, reading)
        if isinstance(image, Values):
            if image.values.dtype != np.uint8:
                notes.add(DEEP)
            return _scaled(image, background, reading, notes)
        if enough_px:
            image.draft(None, (2 * enough_px, 2 * enough_px))
        depth = _raw_mode(image)
        if image.format != "MPO" and getattr(image, "is_animated", False):
            notes.add(PAGES)
        if deep := is_deep(image, depth):
            notes.add(DEEP)
        if deep and reading != PICTURE:
            pixels = _scaled(values_of(image, depth, file), background, reading, notes)
        else:
            image = _loaded(image, file, stack, reading, notes)
            _refuse_large(image.size)
            pixels = pixels_of(image, depth, background)
        return _upright(pixels, image)

    pixels = _explained(source, read)
    return np.ascontiguousarray(change_channels(pixels, wanted_channels(colour, pixels.shape[-1]))), frozenset(notes)


def read_values(source: Path | bytes | BinaryIO) -> Values:
    """Returns what a picture of more than 8 bits holds, as its file stores it.

    Raises:
        DecodeError: it can't be read.
    """

    def read(file: BinaryIO, stack: ExitStack) -> Values:
        image = _open(file, stack, AUTO)
        return image if isinstance(image, Values) else values_of(image, _raw_mode(image), file)

    return _explained(source, read)


def read_header(source: Path | bytes | BinaryIO, *, reading: str = AUTO, upright: bool = False) -> Header:
    """Returns what is known of a picture without decoding it.

    Args:
        source: as in `decode`.
        reading: as in `decode`.
        upright: bool, whether the size is that after the EXIF rotation; else that of what is stored.

    Raises:
        DecodeError: it is no picture, or too large.
    """

    def read(file: BinaryIO, stack: ExitStack) -> Header:
        try:
            image = _open_with_pillow(file, stack)
        except UnidentifiedImageError:
            if reading == PICTURE or not is_tiff(_beginning(file)):
                raise
            with open_tiff(file) as tiff:
                page = tiff.pages.first
                _refuse_large((page.imagewidth, page.imagelength))
                return Header((page.imagewidth, page.imagelength), deep=True)
        turned = upright and _orientation(image) in (5, 6, 7, 8)
        return Header(image.size[::-1] if turned else image.size, is_deep(image, _raw_mode(image)))

    return _explained(source, read)


def read_size(source: Path | bytes | BinaryIO, *, upright: bool = False) -> tuple[int, int]:
    """Returns a picture's width and height, px, without decoding it; see `read_header`."""
    return read_header(source, upright=upright).size


def _explained(source: Path | bytes | BinaryIO, read: Callable[[BinaryIO, ExitStack], Found]) -> Found:
    """Returns what the function returns of the open file; whatever goes wrong becomes a sentence.

    Raises:
        DecodeError: something went wrong.
    """
    path = str(source) if isinstance(source, Path) else ""
    try:
        with ExitStack() as stack:
            file = _opened(source, stack)
            try:
                return read(file, stack)
            except UnidentifiedImageError as error:
                if reason := what_instead(_beginning(file)):
                    raise DecodeError.because(reason) from error
                raise
    except DecodeError as error:
        raise DecodeError.because(error.reason, path) from error
    except Exception as error:  # damaged files make decoders raise nearly everything
        reason = "It is a folder, not a picture." if _is_folder(source) else _explain(error)
        raise DecodeError.because(reason, path) from error


def _opened(source: Path | bytes | BinaryIO, stack: ExitStack) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if not isinstance(source, Path):
        return source
    kind = source.stat().st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):  # to open a pipe is to wait for whoever writes into it
        raise DecodeError.because("It is a pipe or a device, not a file.")
    return stack.enter_context(source.open("rb"))


def _beginning(file: BinaryIO) -> bytes:
    file.seek(0)
    found = file.read(BEGINNING_BYTES)
    file.seek(0)
    return found


def _open(file: BinaryIO, stack: ExitStack, reading: str) -> Image.Image | Values:
    """Opens a picture; a TIFF that Pillow does not know is read at once."""
    try:
        return _open_with_pillow(file, stack)
    except UnidentifiedImageError:
        beginning = b"" if reading == PICTURE else _beginning(file)
        if is_tiff(beginning):
            return values_of_tiff(file, MAX_PIXELS)
        if is_heic(beginning) and (image := _open_heic(file, stack)):
            return image
        raise


def _open_with_pillow(file: BinaryIO, stack: ExitStack) -> Image.Image:
    image = stack.enter_context(Image.open(file, formats=FORMATS))
    _refuse_large(image.size)
    return image


def _open_heic(file: BinaryIO, stack: ExitStack) -> Image.Image | None:
    """Opens an iPhone's picture where the package for them is installed; it is an extra."""
    try:
        import pi_heif
    except ImportError:
        return None
    pi_heif.register_heif_opener()
    image = stack.enter_context(Image.open(file, formats=("HEIF",)))
    _refuse_large(image.size)
    return image


def _refuse_large(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise Image.DecompressionBombError


def _loaded(image: Image.Image, file: BinaryIO, stack: ExitStack, reading: str, notes: set[str]) -> Image.Image:
    """Decodes the pixels. A JPEG that lacks but its last two bytes is whole: every viewer shows it."""
    size = image.size
    try:
        image.load()  # verify() accepts truncated files
    except OSError as error:
        if image.format != "JPEG" or reading == PICTURE or "truncated" not in str(error):
            raise
        file.seek(0)
        content = file.read().removesuffix(END_OF_JPEG[:1])
        tried = [Image.open(io.BytesIO(content + ending), formats=("JPEG",)) for ending in ENDINGS_OF_JPEG]
        for one in tried:
            one.draft(None, size)
        if len({one.tobytes() for one in tried}) > 1:
            raise
        notes.add(OPEN_ENDED)
        return stack.enter_context(tried[0])
    return image


def _scaled(picture: Values, background: str, reading: str, notes: set[str]) -> np.ndarray:
    """Returns uint8 (H, W, C), without transparency, of more than 8 bits."""
    pixels, outside = to_bytes(picture, reading)
    if outside > HALF:
        notes.add(OUTSIDE)
    if picture.channels > pixels.shape[-1] + (picture.alpha is not None):
        notes.add(CHANNELS)
    return compose(pixels, picture.alpha, background)


def _raw_mode(image: Image.Image) -> str:
    """Returns how a PNG stores its pixels, e.g. "L;4"; empty for other files. Gone once the picture is loaded."""
    if image.format != "PNG":
        return ""
    tile = getattr(image, "tile", None)
    arguments = tile[0][3] if tile else ""
    return arguments if isinstance(arguments, str) else str((arguments or ("",))[0])


def _upright(pixels: np.ndarray, image: Image.Image) -> np.ndarray:
    """Turns and mirrors the picture as its EXIF orientation, 1 to 8, asks. Call after load(): PNG keeps it last."""
    orientation = _orientation(image)
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def _orientation(image: Image.Image) -> int:
    """Returns the EXIF orientation, 1 to 8 where it is one; a PNG is decoded for it, since it may come last."""
    try:
        return int(image.getexif().get(ORIENTATION_TAG, 1))
    except Exception:  # noqa: BLE001 (a damaged EXIF block does not spoil the picture)
        return 1


def _is_folder(source: object) -> bool:
    with suppress(OSError):
        return isinstance(source, Path) and source.is_dir()
    return False


def _explain(error: Exception) -> str:
    """Returns a reason. It travels as plain text, through caches too, and is the key of its translation: no values."""
    text = str(error).lower()
    if isinstance(error, OddPixelsError):
        return "Its pixels are of a kind that makes no picture here, such as 16-bit CMYK or complex numbers."
    if isinstance(error, UnidentifiedImageError):
        return "It is no picture, or of a kind that is not supported, or its beginning is damaged."
    if isinstance(error, Image.DecompressionBombError):
        return "It has more than the 64 megapixels that are allowed."  # MAX_PIXELS
    if isinstance(error, OSError) and error.strerror:
        return why_not_opened(error)
    if isinstance(error, MemoryError):
        return "The memory does not suffice to read it."
    if isinstance(error, EOFError) or "truncated" in text or "not enough" in text:
        return "It is cut off: the end of the file is missing."
    if isinstance(error, NotImplementedError):
        return "It uses a kind of compression that is not supported."
    if "too large" in text or "max_text" in text:
        return "It unpacks to far more than a picture needs."
    return "It is damaged."
