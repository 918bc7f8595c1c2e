"""Clips of one moving object, whose class is its direction: no single frame gives it away.

The object leaves on one side and comes in on the other, so its place is spread evenly over the whole picture in every
frame of every class. (Without that it could not be: whatever moves right is further right in the end.)
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.data.sources.shapes.drawing import draw_ground, draw_thing
from core.data.sources.shapes.scenes import COLOURS, GROUNDS, SHAPES, SIDES, Thing, pick

STEPS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
SPEEDS = (0.04, 0.12)  # in parts of the side, a frame


@dataclass(frozen=True)
class Clip:
    """One clip.

    Args:
        seed: int, of the data set.
        number: int, which clip of it.
        direction: "left", "right", "up" or "down".
        thing: what moves.
        side: float, of its box, in parts of the picture's side.
        start: x and y of its middle in the first frame, in [0, 1).
        speed: float, parts of the picture's side a frame.
        ground: "plain" or "noisy"; it stands still.
        tone: int, 0 to 255.
    """

    seed: int
    number: int
    direction: str
    thing: Thing
    side: float
    start: tuple[float, float]
    speed: float
    ground: str
    tone: int

    def middle(self, frame: int) -> tuple[float, float]:
        """Returns x and y of the thing's middle in a frame, in [0, 1)."""
        across, down = STEPS[self.direction]
        return (self.start[0] + across * self.speed * frame) % 1.0, (self.start[1] + down * self.speed * frame) % 1.0


def make_clip(seed: int, number: int, directions: Sequence[str] = ("left", "right")) -> Clip:
    """Returns one clip of a data set; it depends on nothing but the arguments.

    Args:
        seed: int >= 0.
        number: int >= 0.
        directions: which of "left", "right", "up", "down" occur, each as often.
    """
    rng = random.Random((seed << 32) | number)  # noqa: S311 (clips, not secrets)
    size = "large"
    thing = Thing(size, pick(COLOURS, rng), pick(SHAPES, rng))
    low, high = SIDES[size]
    return Clip(
        seed,
        number,
        pick(directions, rng),
        thing,
        side=low + (high - low) * rng.random(),
        start=(rng.random(), rng.random()),
        speed=SPEEDS[0] + (SPEEDS[1] - SPEEDS[0]) * rng.random(),
        ground=pick(GROUNDS, rng),
        tone=pick((30, 45, 60, 205, 220, 235), rng),
    )


def draw_clip(clip: Clip, side_px: int, frames: int) -> np.ndarray:
    """Draws a clip.

    Args:
        clip: what moves, and how.
        side_px: int, px.
        frames: int, how many.

    Returns:
        uint8 (frames, side_px, side_px, 3).
    """
    ground = draw_ground(clip.ground, clip.tone, side_px, (clip.seed, clip.number))
    pictures = np.repeat(ground[None], frames, axis=0)
    for frame, picture in enumerate(pictures):
        draw_frame(clip, frame, picture)
    return pictures


def draw_frame(clip: Clip, frame: int, picture: np.ndarray) -> None:
    """Draws the thing as it stands in one frame into a picture, uint8 (H, H, 3)."""
    side_px = len(picture)
    x, y = clip.middle(frame)
    half = clip.side / 2
    for right in (-1, 0, 1):
        for down in (-1, 0, 1):  # what sticks out on one side comes in on the other
            left, top = x + right - half, y + down - half
            box = (left * side_px, top * side_px, (left + clip.side) * side_px, (top + clip.side) * side_px)
            draw_thing(picture, clip.thing, box)
