"""Pictures that are decoded each time they are asked for: for data sets too large for both memory and cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class StreamedImages:
    """Behaves as a read-only uint8 array (M, H, W, C) as far as choosing pictures goes.

    Args:
        read: returns one picture, uint8 (H, W, C), by its place.
        shape: (M, H, W, C).
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(self, read: Callable[[int], np.ndarray], shape: tuple[int, int, int, int]) -> None:
        self.shape = shape
        self._read = read

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, chosen: Any) -> np.ndarray:
        """Decodes the chosen pictures: a number, a slice, or an array of numbers or switches."""
        places = np.arange(len(self))[chosen]
        if places.ndim == 0:
            return self._read(int(places))
        pictures = np.empty((*places.shape, *self.shape[1:]), np.uint8)
        for position, place in np.ndenumerate(places):
            pictures[position] = self._read(int(place))
        return pictures

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:  # noqa: FBT001 (NumPy's protocol)
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)
