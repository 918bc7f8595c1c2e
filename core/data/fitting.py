"""Brings pictures to one square size and number of channels. The same for training and for using a model."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PIL import Image

from core.data.placement import Placement

Colour = Literal["auto", "rgb", "grey"]
Fit = Literal["crop", "pad", "stretch"]


def fit_picture(picture: np.ndarray, side_px: int, channels: int, *, fit: Fit, background: str) -> np.ndarray:
    """Resizes a picture to a square, with antialiasing.

    Args:
        picture: uint8 (H, W, C), C being 1 or 3.
        side_px: int, px, side of the square.
        channels: int, 1 or 3.
        fit: "crop" keeps proportions and cuts off what stands out of the middle square; "pad" keeps proportions and
            fills the rest with the background; "stretch" keeps all and gives up the proportions.
        background: str, #rrggbb, what "pad" fills with.

    Returns:
        uint8 (side_px, side_px, channels).
    """
    height, width = picture.shape[:2]
    if (height, width) != (side_px, side_px):
        picture = _resize(picture, side_px, fit, background)
    return change_channels(picture, channels)


def fit_placement(sizes: np.ndarray, side_px: int, *, fit: Fit) -> Placement:
    """Returns where the points of pictures go when `fit_picture` resizes them.

    Args:
        sizes: int (N, 2), height and width of each, px.
        side_px: int, px.
        fit: as in `fit_picture`.
    """
    sizes = np.asarray(sizes, np.float64)
    if fit == "stretch":
        scale, shift = side_px / sizes, np.zeros_like(sizes)
    elif fit == "crop":
        edge = sizes.min(axis=1, keepdims=True)
        scale = np.repeat(side_px / edge, 2, axis=1)
        shift = -(sizes - edge) / 2 * scale
    else:
        fitted = np.maximum(1, np.rint(sizes * (side_px / sizes.max(axis=1, keepdims=True))))
        scale, shift = fitted / sizes, (side_px - fitted) // 2
    return Placement(scale, shift, (side_px, side_px))


def wanted_channels(colour: Colour, own: int) -> int:
    """Returns how many channels pictures get.

    Args:
        colour: as the settings say.
        own: int, 1 or 3, the channels that the pictures have; "auto" keeps them.
    """
    return {"auto": own, "rgb": 3, "grey": 1}[colour]


def change_channels(pictures: np.ndarray, channels: int) -> np.ndarray:
    """Turns grey into RGB or RGB into grey (ITU-R 601 luma).

    Args:
        pictures: uint8 (..., C), C being 1 or 3.
        channels: int, 1 or 3.

    Returns:
        uint8 (..., channels).
    """
    if pictures.shape[-1] == channels:
        return pictures
    if channels == 3:
        return np.repeat(pictures, 3, axis=-1)
    # The weights Pillow uses, in 16-bit fixed point, so that the result is the same on every machine.
    luma = pictures.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32)
    return ((luma + 0x8000) >> 16).astype(np.uint8)[..., None]


def _resize(picture: np.ndarray, side_px: int, fit: Fit, background: str) -> np.ndarray:
    height, width, channels = picture.shape
    image = Image.fromarray(picture[..., 0] if channels == 1 else picture)
    box: tuple[float, float, float, float] = (0, 0, width, height)
    size = (side_px, side_px)
    if fit == "crop":
        edge = min(width, height)
        left, top = (width - edge) / 2, (height - edge) / 2
        box = (left, top, left + edge, top + edge)
    elif fit == "pad":
        scale = side_px / max(width, height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
    resized = np.asarray(image.resize(size, Image.Resampling.BICUBIC, box=box)).reshape(size[1], size[0], channels)
    if fit != "pad":
        return resized
    colour = np.array([int(background[place : place + 2], 16) for place in (1, 3, 5)], np.uint8)
    canvas = np.empty((side_px, side_px, channels), np.uint8)
    canvas[:] = change_channels(colour, channels)
    left, top = (side_px - size[0]) // 2, (side_px - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = resized
    return canvas
