"""Decodes one picture file. The only place that does; must not know data sets, labels or sizes wanted by a model."""

from __future__ import annotations

import io
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from core.data.fitting import Colour, change_channels, wanted_channels
from core.errors import UserError
from core.files.atomic import why_not_opened

MAX_PIXELS = 64_000_000
# What is left out: EPS starts a program, and WMF, FITS, HDF5, MPEG and their like are no pictures that Pillow decodes.
COMMON_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF", "JPEG2000")
FORMATS = (*COMMON_FORMATS, "DIB", "ICO", "TGA", "PCX", "SGI", "QOI", "XBM", "XPM")
ORIENTATION_TAG = 0x0112


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


def decode(
    source: Path | bytes | BinaryIO,
    *,
    background: str = "#ffffff",
    colour: Colour = "auto",
    enough_px: int = 0,
) -> np.ndarray:
    """Decodes a picture as a viewer would show it.

    The EXIF orientation is applied, transparency is laid over the background, 16 and 32 bits are scaled to 8, CMYK and
    palettes become RGB, and of an animation the first frame is taken. The limit of 64 megapixels, checked before
    anything is decoded, lies below the one at which Pillow begins to warn of decompression bombs.

    Args:
        source: the file, its bytes, or an open binary file.
        background: str, #rrggbb, behind transparent pixels.
        colour: "rgb", "grey", or "auto": grey where the file holds nothing but greys by its format, else RGB.
        enough_px: int, px; where it is not 0, a JPEG may be decoded at a half, a quarter or an eighth as long as both
            its sides stay at least twice as long as this: much faster where it is made small next.

    Returns:
        uint8 (H, W, C), C being 1 or 3.

    Raises:
        DecodeError: it is no picture, is damaged, or is too large; its `reason` says which.
    """
    path = str(source) if isinstance(source, Path) else ""
    try:
        with ExitStack() as stack:
            image = _open(source, stack)
            if enough_px:
                image.draft(None, (2 * enough_px, 2 * enough_px))
            depth = _raw_mode(image)
            image.load()  # verify() accepts truncated files
            _refuse_large(image)
            pixels = _upright(_pixels(image, depth, background), image)
    except DecodeError as error:
        raise DecodeError.because(error.reason, path) from error
    except Exception as error:  # damaged files make decoders raise nearly everything
        reason = "It is a folder, not a picture." if _is_folder(source) else _explain(error)
        raise DecodeError.because(reason, path) from error
    return np.ascontiguousarray(change_channels(pixels, wanted_channels(colour, pixels.shape[-1])))


def read_size(source: Path | bytes | BinaryIO, *, upright: bool = False) -> tuple[int, int]:
    """Reads a picture's width and height, px, without decoding it.

    Args:
        source: as in `decode`.
        upright: bool, whether they are those after the EXIF rotation; else those of what is stored.

    Raises:
        DecodeError: it is no picture, or too large.
    """
    try:
        with ExitStack() as stack:
            image = _open(source, stack)
            turned = upright and _orientation(image) in (5, 6, 7, 8)
            return image.size[::-1] if turned else image.size
    except DecodeError:
        raise
    except Exception as error:
        raise DecodeError.because(_explain(error)) from error


def _open(source: Path | bytes | BinaryIO, stack: ExitStack) -> Image.Image:
    if isinstance(source, Path):
        source = stack.enter_context(source.open("rb"))
    elif isinstance(source, bytes):
        source = io.BytesIO(source)
    image = stack.enter_context(Image.open(source, formats=FORMATS))
    _refuse_large(image)
    return image


def _refuse_large(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise Image.DecompressionBombError


def _raw_mode(image: Image.Image) -> str:
    """Returns how a PNG stores its pixels, e.g. "L;4"; empty for other files. Gone once the picture is loaded."""
    if image.format != "PNG":
        return ""
    tile = getattr(image, "tile", None)
    arguments = tile[0][3] if tile else ""
    return arguments if isinstance(arguments, str) else str((arguments or ("",))[0])


def _pixels(image: Image.Image, raw_mode: str, background: str) -> np.ndarray:
    """Returns uint8 (H, W, 1) or (H, W, 3), without transparency."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        values = np.asarray(image)
        grey, alpha = _to_bytes(values, image), _alpha_of_key(values[..., None], image.info.get("transparency"))
        return _compose(grey[..., None], alpha, background)
    if image.mode in ("1", "L", "RGB"):
        pixels = np.asarray(image.convert("L") if image.mode == "1" else image)
        pixels = pixels.reshape(image.height, image.width, -1)
        return _compose(pixels, _alpha_of_key(pixels, _key_of_depth(image, raw_mode)), background)
    if image.mode in ("LA", "La"):
        pixels = np.asarray(image.convert("LA"))
        return _compose(pixels[..., :1], pixels[..., 1:], background)
    if image.mode in ("P", "PA", "RGBA", "RGBa"):
        pixels = np.asarray(image.convert("RGBA"))
        colours = pixels[..., :3]
        # A palette of greys is a grey picture, stored cleverly.
        if image.mode in ("P", "PA") and np.array_equal(colours, np.broadcast_to(colours[..., :1], colours.shape)):
            colours = colours[..., :1]
        return _compose(colours, pixels[..., 3:], background)
    return np.asarray(image.convert("RGB"))


def _to_bytes(values: np.ndarray, image: Image.Image) -> np.ndarray:
    """Scales wide integers and floats to uint8, never clipping what the file holds."""
    if image.mode.startswith("I;16"):
        return np.rint(values / 257).astype(np.uint8)
    values = np.nan_to_num(values.astype(np.float64), posinf=0, neginf=0)
    low, high = min(float(values.min()), 0.0), float(values.max())
    if image.mode == "F":
        top = 1.0 if high <= 1 else 255.0
    else:
        # PNG and PPM say 16 bits by their format; a TIFF of 32 bits does not say how many of them it uses.
        top = 255.0 if high <= 255 and image.format == "TIFF" else 65535.0
    return np.rint((values - low) * (255 / max(top - low, high - low))).astype(np.uint8)


def _key_of_depth(image: Image.Image, raw_mode: str) -> int | tuple[int, ...] | None:
    """Returns a PNG's transparent colour in 8 bits; Pillow leaves it at the depth of the file."""
    key = image.info.get("transparency")
    if raw_mode in ("L;2", "L;4") and isinstance(key, int):
        return key * {"L;2": 85, "L;4": 17}[raw_mode]
    if raw_mode == "RGB;16B" and isinstance(key, tuple):
        return tuple(part >> 8 for part in key)
    return key if isinstance(key, int | tuple) else None


def _alpha_of_key(values: np.ndarray, key: int | tuple[int, ...] | None) -> np.ndarray | None:
    """Returns uint8 (H, W, 1), 0 where the pixel has the colour that stands for transparent; None without one."""
    if key is None:
        return None
    return np.where(np.all(values == np.asarray(key), axis=-1, keepdims=True), 0, 255).astype(np.uint8)


def _compose(pixels: np.ndarray, alpha: np.ndarray | None, background: str) -> np.ndarray:
    """Lays pixels (H, W, C) with alpha (H, W, 1) over the background; grey stays grey over a grey one."""
    if alpha is None or alpha.min() == 255:
        return pixels
    ground = np.array([int(background[place : place + 2], 16) for place in (1, 3, 5)], np.uint32)
    if pixels.shape[-1] == 1 and len(set(ground.tolist())) == 1:
        ground = ground[:1]
    weight = alpha.astype(np.uint32)
    return ((pixels * weight + ground * (255 - weight) + 127) // 255).astype(np.uint8)


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
    if isinstance(error, UnidentifiedImageError):
        return "It is no picture, or of a kind that is not supported, or its beginning is damaged."
    if isinstance(error, Image.DecompressionBombError):
        return "It has more than the 64 megapixels that are allowed."  # MAX_PIXELS
    if isinstance(error, OSError) and error.strerror:
        return why_not_opened(error)
    if isinstance(error, EOFError) or "truncated" in text or "not enough" in text:
        return "It is cut off: the end of the file is missing."
    if isinstance(error, NotImplementedError):
        return "It uses a kind of compression that is not supported."
    if "too large" in text or "max_text" in text:
        return "It unpacks to far more than a picture needs."
    return "It is damaged."
