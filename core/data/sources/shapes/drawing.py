"""Draws things on a ground, smoothly and with whole numbers, so that pictures are the same on every machine."""

from __future__ import annotations

import math

import numpy as np

from core.data.sources.shapes.scenes import Scene, Thing

RGB = {
    "red": (220, 40, 40),
    "green": (40, 160, 60),
    "blue": (40, 80, 220),
    "yellow": (240, 215, 40),
    "purple": (150, 60, 180),
    "orange": (240, 130, 30),
}
NOISE = 32  # grey levels, from the darkest to the lightest grain
FINE = 4  # samples of a pixel, in each direction


def draw_scene(scene: Scene, side_px: int) -> np.ndarray:
    """Draws a scene.

    Args:
        scene: what and where.
        side_px: int, px.

    Returns:
        uint8 (side_px, side_px, 3).
    """
    picture = draw_ground(scene.ground, scene.tone, side_px, (scene.seed, scene.number))
    for thing, box in zip(scene.attributes.things, scene.boxes_px(side_px), strict=True):
        draw_thing(picture, thing, box)
    return picture


def draw_ground(kind: str, tone: int, side_px: int, seed: tuple[int, ...]) -> np.ndarray:
    """Returns a ground of grey, uint8 (side_px, side_px, 3); grainy where the kind is "noisy"."""
    picture = np.full((side_px, side_px, 3), tone, np.uint8)
    if kind == "noisy":
        # The raw stream of the bit generator: unlike what is made of it, it never changes between versions.
        raw = np.random.PCG64(np.random.SeedSequence([*seed, side_px])).random_raw(-(-(side_px**2) // 8))
        grains = raw.astype("<u8").view(np.uint8)[: side_px**2] % NOISE
        picture += (grains.reshape(side_px, side_px, 1) - np.uint8(NOISE // 2)).astype(np.uint8)
    return picture


def draw_thing(picture: np.ndarray, thing: Thing, box: tuple[float, float, float, float]) -> None:
    """Draws a thing into a picture, uint8 (H, W, 3). What lies beyond its borders is left away.

    Args:
        picture: drawn into.
        thing: colour and shape.
        box: left, top, right, bottom, px; the shape touches all four.
    """
    height, width = picture.shape[:2]
    left, top = max(math.floor(box[0]), 0), max(math.floor(box[1]), 0)
    right, bottom = min(math.ceil(box[2]), width), min(math.ceil(box[3]), height)
    if left >= right or top >= bottom:
        return
    # u and v run from -1 to 1 across the box.
    u = _samples(left, right, box[0], box[2])[None, :]
    v = _samples(top, bottom, box[1], box[3])[:, None]
    inside = _inside(thing.shape, u, v) & (abs(u) <= 1) & (abs(v) <= 1)
    cover = inside.reshape(bottom - top, FINE, right - left, FINE).sum((1, 3), dtype=np.int32)[..., None]
    ground = picture[top:bottom, left:right].astype(np.int32)
    colour = np.array(RGB[thing.colour], np.int32)
    levels = FINE * FINE
    picture[top:bottom, left:right] = (ground * (levels - cover) + colour * cover + levels // 2) // levels


def _samples(start: int, stop: int, low: float, high: float) -> np.ndarray:
    points = (np.arange((stop - start) * FINE) + 0.5) / FINE + start
    return (2 * points - low - high) / (high - low)


def _inside(shape: str, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    inside: np.ndarray
    if shape == "circle":
        inside = u * u + v * v <= 1
    elif shape == "triangle":
        inside = abs(u) <= (v + 1) / 2
    elif shape == "cross":
        inside = (abs(u) <= 1 / 3) | (abs(v) <= 1 / 3)
    else:
        inside = (abs(u) <= 1) & (abs(v) <= 1)
    return inside
