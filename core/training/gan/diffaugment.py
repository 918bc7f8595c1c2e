"""Changes pictures at random so that gradients still flow: what a discriminator with little data is shown.

Chance comes from outside as plain numbers, so that a step is the same on every backend and after a resume.
"""

from __future__ import annotations

from typing import Any

from keras import ops

NUMBERS = 7  # random numbers a picture needs
SHIFT = 1 / 8  # of the side, at most
HOLE = 1 / 2  # side of the cutout, of the picture's


def augment(pictures: Any, numbers: Any, kinds: str) -> Any:
    """Shifts the pictures, blanks a square of each, or changes brightness, saturation and contrast.

    Args:
        pictures: float (B, H, W, C) in [-1, 1].
        numbers: float (B, `NUMBERS`), uniform in [0, 1).
        kinds: str, "none", or of "colour", "translate" and "cutout" those wanted, joined by "+".

    Returns:
        float (B, H, W, C).

    Reference:
        - [Zhao et al., 2020](https://arxiv.org/abs/2006.10738).
    """
    wanted = kinds.split("+")
    if "colour" in wanted:
        pictures = _change_colour(pictures, numbers[:, 0:3])
    if "translate" in wanted:
        pictures = _translate(pictures, numbers[:, 3:5])
    if "cutout" in wanted:
        pictures = _cut_out(pictures, numbers[:, 5:7])
    return pictures


def _change_colour(pictures: Any, numbers: Any) -> Any:
    brightness, saturation, contrast = (ops.reshape(numbers[:, place], (-1, 1, 1, 1)) for place in range(3))
    pictures = pictures + (brightness - 0.5)
    grey = ops.mean(pictures, axis=3, keepdims=True)
    pictures = (pictures - grey) * (2 * saturation) + grey
    mean = ops.mean(pictures, axis=(1, 2, 3), keepdims=True)
    return (pictures - mean) * (contrast + 0.5) + mean


def _translate(pictures: Any, numbers: Any) -> Any:
    """Shifts each picture by whole pixels; what comes in is grey, which 0 is in [-1, 1], as in the paper."""
    height, width, channels = pictures.shape[1:]
    down = _shift_matrix(numbers[:, 0], height)  # (B, H, H)
    right = _shift_matrix(numbers[:, 1], width)  # (B, W, W)
    # A product with a matrix of zeros and ones: its gradient is a product too, quick and the same everywhere.
    rows = ops.reshape(pictures, (-1, height, width * channels))  # (B, H, W * C)
    moved = ops.reshape(ops.matmul(down, rows), (-1, height, width, channels))
    columns = ops.reshape(ops.transpose(moved, (0, 2, 1, 3)), (-1, width, height * channels))  # (B, W, H * C)
    moved = ops.reshape(ops.matmul(right, columns), (-1, width, height, channels))
    return ops.transpose(moved, (0, 2, 1, 3))  # (B, H, W, C)


def _shift_matrix(numbers: Any, side: int) -> Any:
    most = int(side * SHIFT + 0.5)
    shift = ops.floor(numbers * (2 * most + 1)) - most  # (B,), whole numbers from -most to most
    places = ops.arange(side, dtype="float32")
    source = ops.reshape(places, (1, side, 1)) - ops.reshape(shift, (-1, 1, 1))  # (B, S, 1), where a row comes from
    return ops.cast(ops.abs(source - ops.reshape(places, (1, 1, side))) < 0.5, "float32")  # (B, S, S)


def _cut_out(pictures: Any, numbers: Any) -> Any:
    height, width = pictures.shape[1:3]
    rows = _hole(numbers[:, 0], height)  # (B, H)
    columns = _hole(numbers[:, 1], width)  # (B, W)
    hole = ops.expand_dims(rows, 2) * ops.expand_dims(columns, 1)  # (B, H, W)
    return pictures * (1 - ops.expand_dims(hole, 3))


def _hole(numbers: Any, side: int) -> Any:
    """Returns 1 where the hole covers a row or column; its middle may lie between any two, or at an edge."""
    middle = ops.reshape(ops.floor(numbers * (side + 1)), (-1, 1))  # (B, 1), from 0 to the side
    place = ops.reshape(ops.arange(side, dtype="float32"), (1, side)) - middle  # (B, S), whole numbers
    half = side * HOLE / 2
    return ops.cast(ops.logical_and(place >= -half, place < half), "float32")
