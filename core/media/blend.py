"""Puts a patch into a picture so that the seam is not seen. Plain NumPy; knows no model."""

from __future__ import annotations

import numpy as np

TOLERANCE = 1e-4
MOST_ROUNDS = 2000


def paste(picture: np.ndarray, patch: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Returns the picture with the patch in its hole.

    Args:
        picture: uint8 (H, W, C).
        patch: uint8 (H, W, C).
        hole: bool (H, W).

    Returns:
        uint8 (H, W, C).
    """
    return np.where(hole[..., None], patch, picture)


def poisson_blend(picture: np.ndarray, patch: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Returns the picture with the patch in its hole, the patch's level bent so that it meets the rim.

    Inside the hole the differences between neighbours are the patch's; at its rim the values are the picture's. Where
    the hole reaches the picture's edge, nothing is asked there.

    Args:
        picture: uint8 (H, W, C).
        patch: uint8 (H, W, C).
        hole: bool (H, W); a hole without a rim (all of the picture) takes the patch as it is.

    Returns:
        uint8 (H, W, C), unchanged outside the hole.

    Reference:
        - [Pérez, Gangnet and Blake, 2003](https://doi.org/10.1145/882262.882269).
    """
    if hole.all() or not hole.any():
        return paste(picture, patch, hole)
    # What is added to the patch is the smoothest membrane over the hole whose rim is what the picture has more.
    excess = np.where(hole[..., None], 0.0, picture.astype(np.float64) - patch)
    membrane = _membrane(excess, hole)
    bent = np.clip(np.rint(patch + membrane), 0, 255).astype(np.uint8)
    return paste(picture, bent, hole)


def _membrane(rim: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Solves Laplace's equation in the hole by conjugate gradients; outside it holds what is given (H, W, C)."""
    inside = hole[..., None]
    neighbours = _sum_of_neighbours(np.ones((*hole.shape, 1)))

    def apply(values: np.ndarray) -> np.ndarray:
        return np.where(inside, neighbours * values - _sum_of_neighbours(values), 0.0)

    residual = np.where(inside, _sum_of_neighbours(rim), 0.0)
    values = np.zeros_like(rim)
    direction, size = residual, (residual**2).sum(axis=(0, 1))
    enough = TOLERANCE**2 * np.maximum(size, 1.0)
    for _ in range(MOST_ROUNDS):
        if (size <= enough).all():
            break
        along = apply(direction)
        step = size / np.maximum((direction * along).sum(axis=(0, 1)), 1e-30)
        values = values + step * direction
        residual = residual - step * along
        size, before = (residual**2).sum(axis=(0, 1)), size
        direction = residual + size / np.maximum(before, 1e-30) * direction
    return np.where(inside, values, rim)


def _sum_of_neighbours(values: np.ndarray) -> np.ndarray:
    """Returns the sum of the up to four neighbours of each pixel (H, W, C)."""
    total = np.zeros_like(values)
    total[1:] += values[:-1]
    total[:-1] += values[1:]
    total[:, 1:] += values[:, :-1]
    total[:, :-1] += values[:, 1:]
    return total
