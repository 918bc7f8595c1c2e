"""Gives what pictures of more than 8 bits hold, as numbers: not how bright these are, which `intensity` decides.

Pillow keeps 16 and 32 bits of grey, but only 8 of colours, and knows no float64: TIFFs of these are read with tifffile,
16-bit colours in a PNG, or in a TIFF compressed in a way that tifffile leaves to others, with PyAV.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from core import catalog

BITS, PHOTOMETRIC, SAMPLES, SAMPLE_FORMAT, NODATA = 258, 262, 277, 339, 42113  # TIFF tags
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2  # of the tag PHOTOMETRIC
UNSIGNED, SIGNED = 1, 2  # of the tag SAMPLE_FORMAT
ALPHAS = (1, 2)
DEEP_COLOURS_OF_PNG = ("RGB;16B", "RGBA;16B", "LA;16B")


class OddPixelsError(Exception):
    """The file holds pixels of a kind that makes no picture here, such as complex numbers or 16-bit CMYK."""


@dataclass(frozen=True, eq=False)
class Values:
    """What a picture holds.

    Args:
        values: (H, W, C), C being 1 or 3, of any number type.
        full: the lowest and the highest value that its type may hold; (0, 1) where it is a float.
        alpha: uint8 (H, W, 1), 0 where it is transparent; None where it has none.
        nodata: the value that stands for "not measured", where the file says so.
        channels: how many the file holds, alpha among them.
    """

    values: np.ndarray
    full: tuple[float, float]
    alpha: np.ndarray | None = None
    nodata: float | None = None
    channels: int = 1


def is_deep(image: Image.Image, raw_mode: str) -> bool:
    """Whether a picture that Pillow has opened holds more than its 8 bits show.

    Args:
        image: not yet loaded.
        raw_mode: str, how a PNG stores its pixels; empty for other files.
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;16") or raw_mode in DEEP_COLOURS_OF_PNG:
        return True
    if image.format != "TIFF":
        return False
    return max(_tag(image, BITS, 1)) > 8 or SIGNED in _tag(image, SAMPLE_FORMAT, UNSIGNED)


def values_of(image: Image.Image, raw_mode: str, file: BinaryIO) -> Values:
    """Returns what a picture holds of which `is_deep` is true.

    Args:
        image: opened from the file, and not yet loaded.
        raw_mode: as in `is_deep`.
        file: the file.

    Raises:
        Exception: it is damaged, or holds what can't be read; whatever a decoder raises.
    """
    if raw_mode in DEEP_COLOURS_OF_PNG:
        return _read_frame(file, "png_pipe", grey=raw_mode.startswith("L"))
    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return values_of_tiff(file, Image.MAX_IMAGE_PIXELS or 0)
    image.load()
    values = np.asarray(image)[..., None]
    transparent = image.info.get("transparency")  # of a PNG, at the depth of the file
    alpha = None if transparent is None else np.where(values == transparent, 0, 255).astype(np.uint8)
    if image.format != "TIFF":
        full = (0.0, 1.0) if image.mode == "F" else (0.0, 65535.0)  # PNG, PPM and JPEG 2000 say so by their format
        return Values(values, full, alpha)
    bits, signed = max(_tag(image, BITS, 1)), SIGNED in _tag(image, SAMPLE_FORMAT, UNSIGNED)
    if image.mode == "I" and not signed:
        values = values.view(np.uint32)  # Pillow wraps what is above 2**31
    found = Values(values, _full(values.dtype, bits, signed=signed), alpha, _nodata(image.tag_v2.get(NODATA)))  # type: ignore[attr-defined]
    return _black_is_zero(found) if _tag(image, PHOTOMETRIC, BLACK_IS_ZERO)[0] == WHITE_IS_ZERO else found


def values_of_tiff(file: BinaryIO, most_pixels: int) -> Values:
    """Returns what the first page of a TIFF holds, whatever its number type and channels.

    Args:
        file: the file.
        most_pixels: int, px; one of more is refused before it is decoded.

    Raises:
        OddPixelsError: they make no picture.
        NotImplementedError: it is compressed in a way that can't be read.
        Exception: whatever else the decoder raises.
    """
    with open_tiff(file) as tiff:
        page: Any = tiff.pages.first
        if page.imagewidth * page.imagelength > most_pixels:
            raise Image.DecompressionBombError
        try:
            values = page.asarray()
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            if (page.bitspersample, page.photometric) == (16, RGB) and page.samplesperpixel in (3, 4):
                return _read_frame(file, "tiff_pipe", grey=False)
            raise NotImplementedError("a compression that needs imagecodecs") from error
        if page.photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB) or values.dtype.kind not in "uif":
            raise OddPixelsError
        if page.planarconfig == 2 and page.samplesperpixel > 1:
            values = np.moveaxis(values, 0, -1)  # (C, H, W) -> (H, W, C)
        values = values.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)
        signed = values.dtype.kind == "i"
        full = _full(values.dtype, page.bitspersample, signed=signed)
        tag = page.tags.get(NODATA)
        has_alpha = bool(page.extrasamples) and page.extrasamples[0] in ALPHAS
    values = _plain(values)
    colours = 3 if values.shape[-1] >= 3 + (page.photometric != RGB and has_alpha) else 1
    alpha = _to_alpha(values[..., colours : colours + 1], full) if has_alpha else None
    found = Values(values[..., :colours], full, alpha, _nodata(tag and tag.value), values.shape[-1])
    return _black_is_zero(found) if page.photometric == WHITE_IS_ZERO else found


def open_tiff(file: BinaryIO) -> Any:
    """Opens a TIFF with tifffile, as a context manager; the file stays open."""
    import tifffile  # half a second, and few pictures need it

    file.seek(0)
    return tifffile.TiffFile(file)


def _read_frame(file: BinaryIO, container: str, *, grey: bool) -> Values:
    """Reads 16-bit colours with the libraries of video, which are named here only: the window must not load them."""
    file.seek(0)
    pixels = catalog.load("core.data.deep_frame:read_frame")(file, container)  # uint16 (H, W, 4)
    colours = 1 if grey else 3
    alpha = (pixels[..., 3:] >> 8).astype(np.uint8)
    return Values(pixels[..., :colours], (0.0, 65535.0), alpha, channels=colours + 1)


def _tag(image: Image.Image, number: int, default: int) -> tuple[Any, ...]:
    found = image.tag_v2.get(number, default)  # type: ignore[attr-defined]
    return found if isinstance(found, tuple) else (found,)


def _plain(values: np.ndarray) -> np.ndarray:
    """Returns the values in the machine's byte order, and of types that NumPy is quick with."""
    if values.dtype.kind in "ui" and values.dtype.itemsize == 8:
        return values.astype(np.float64)
    if values.dtype == np.float16:
        return values.astype(np.float32)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _full(dtype: np.dtype[Any], bits: int, *, signed: bool) -> tuple[float, float]:
    if dtype.kind == "f":
        return 0.0, 1.0
    return (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1) if signed else (0.0, 2.0**bits - 1)


def _black_is_zero(picture: Values) -> Values:
    """Returns the picture with its values mirrored within what their type may hold."""
    low, high = picture.full
    values = picture.values
    if values.dtype.kind == "u":
        mirrored = values.dtype.type(high) - values
    else:
        mirrored = ~values if values.dtype.kind == "i" else (low + high) - values
    return replace(picture, values=mirrored)


def _to_alpha(values: np.ndarray, full: tuple[float, float]) -> np.ndarray:
    return (np.clip(np.nan_to_num(values.astype(np.float64)) / full[1], 0, 1) * 255).astype(np.uint8)


def _nodata(tag: object) -> float | None:
    """Returns what GDAL's tag says, a number as text."""
    with suppress(ValueError):
        return float(str(tag).strip("\0 ")) if tag else None
    return None
