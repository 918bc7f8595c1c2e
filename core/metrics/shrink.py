"""Pictures as numbers that can be compared, large ones averaged down. Plain NumPy."""

from __future__ import annotations

import numpy as np

LARGEST_SIDE_PX = 32  # what distinguishes two pictures is still there, and comparing thousands of them takes seconds


def shrink(pictures: np.ndarray) -> np.ndarray:
    """Returns pictures averaged over squares of pixels where they are larger than 32 px.

    Args:
        pictures: uint8 (N, H, W, C).

    Returns:
        float32 (N, h, w, C) in [0, 1].
    """
    count, height, width, channels = pictures.shape
    factor = -(-max(height, width) // LARGEST_SIDE_PX)
    wide = pictures.astype(np.float32) / 255
    if factor == 1:
        return wide
    rows, columns = height // factor, width // factor
    cut = wide[:, : rows * factor, : columns * factor]
    # (N, H, W, C) -> (N, h, f, w, f, C) -> (N, h, w, C)
    return cut.reshape(count, rows, factor, columns, factor, channels).mean(axis=(2, 4))
