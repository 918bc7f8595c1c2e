"""Pictures that stay on disk until they are asked for: for data sets larger than memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


class UnloadedImages:
    """Behaves as a read-only uint8 array (M, H, W, C) as far as choosing pictures goes. May be asked by many threads.

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
        """Reads the chosen pictures: a number, a slice, or an array of numbers or switches."""
        places = np.arange(len(self))[chosen]
        if places.ndim == 0:
            return self._read(int(places))
        pictures = np.empty((*places.shape, *self.shape[1:]), np.uint8)
        for position, place in np.ndenumerate(places):
            pictures[position] = self._read(int(place))
        return pictures

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:  # noqa: FBT001 (NumPy's protocol)
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)


class PixelFile:
    """Reads pictures out of a file of pixels, one behind the other.

    A memory map would do the same, but what it has read counts as the process's memory until somebody else needs it:
    a training would look as large as its data.

    Args:
        path: the file.
        shape: (H, W, C) of each picture.
    """

    def __init__(self, path: Path, shape: tuple[int, int, int]) -> None:
        self._shape, self._size = shape, int(np.prod(shape))
        self._file = path.open("rb", buffering=0)  # stays open: the file may be deleted meanwhile
        self._lock = threading.Lock()

    def __call__(self, place: int) -> np.ndarray:
        """Returns one picture, uint8 (H, W, C).

        Raises:
            OSError: the file has become shorter.
        """
        picture = np.empty(self._size, np.uint8)
        if self._fill(picture.data, place * self._size) < self._size:
            raise OSError(f"{self._file.name} ends before picture {place}")
        return picture.reshape(self._shape)

    def _fill(self, pixels: memoryview, offset: int) -> int:
        done = 0
        while done < len(pixels):
            if hasattr(os, "preadv"):
                count = os.preadv(self._file.fileno(), [pixels[done:]], offset + done)
            else:  # the place in the file is shared by all threads
                with self._lock:
                    self._file.seek(offset + done)
                    count = self._file.readinto(pixels[done:]) or 0
            if not count:
                break
            done += count
        return done
