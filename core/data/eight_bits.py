"""Makes arrays of what Pillow has decoded: 8 bits, no palette, no transparency. Must not know files."""

from __future__ import annotations

import numpy as np
from PIL import Image


def pixels_of(image: Image.Image, raw_mode: str, background: str) -> np.ndarray:
    """Returns what a picture holds, without transparency.

    Args:
        image: loaded. More than 8 bits are scaled by what this one picture holds, as the first version of the program
            did; `core.data.deep` is for those.
        raw_mode: str, how a PNG stores its pixels; empty for other files.
        background: str, #rrggbb.

    Returns:
        uint8 (H, W, 1) or (H, W, 3).
    """
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        values = np.asarray(image)
        grey, alpha = _to_bytes(values, image), _alpha_of_key(values[..., None], image.info.get("transparency"))
        return compose(grey[..., None], alpha, background)
    if image.mode in ("1", "L", "RGB"):
        pixels = np.asarray(image.convert("L") if image.mode == "1" else image)
        pixels = pixels.reshape(image.height, image.width, -1)
        return compose(pixels, _alpha_of_key(pixels, _key_of_depth(image, raw_mode)), background)
    if image.mode in ("LA", "La"):
        pixels = np.asarray(image.convert("LA"))
        return compose(pixels[..., :1], pixels[..., 1:], background)
    if image.mode in ("P", "PA", "RGBA", "RGBa"):
        pixels = np.asarray(image.convert("RGBA"))
        colours = pixels[..., :3]
        # A palette of greys is a grey picture, stored cleverly.
        if image.mode in ("P", "PA") and np.array_equal(colours, np.broadcast_to(colours[..., :1], colours.shape)):
            colours = colours[..., :1]
        return compose(colours, pixels[..., 3:], background)
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


def compose(pixels: np.ndarray, alpha: np.ndarray | None, background: str) -> np.ndarray:
    """Lays pixels over the background; grey stays grey over a grey one.

    Args:
        pixels: uint8 (H, W, C).
        alpha: uint8 (H, W, 1), 0 where they are transparent; None where they are not.
        background: str, #rrggbb.
    """
    if alpha is None or alpha.min() == 255:
        return pixels
    ground = np.array([int(background[place : place + 2], 16) for place in (1, 3, 5)], np.uint32)
    if pixels.shape[-1] == 1 and len(set(ground.tolist())) == 1:
        ground = ground[:1]
    weight = alpha.astype(np.uint32)
    return ((pixels * weight + ground * (255 - weight) + 127) // 255).astype(np.uint8)
