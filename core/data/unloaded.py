"""Pictures that stay on disk until they are asked for: for data sets larger than memory."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import UserError


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
        if isinstance(chosen, int | np.integer):
            return self._read(range(len(self))[chosen])
        return self.read(np.arange(len(self))[chosen])

    def read(self, places: np.ndarray, check: Callable[[], object] = lambda: None) -> np.ndarray:
        """Reads pictures one after another.

        Args:
            places: int (...), of each.
            check: called before each; what it raises ends the reading.

        Returns:
            uint8 (..., H, W, C).
        """
        pictures = np.empty((*places.shape, *self.shape[1:]), np.uint8)
        for position, place in np.ndenumerate(places):
            check()
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
        self._path, self._shape, self._size = path, shape, int(np.prod(shape))
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))  # the path may be deleted meanwhile
        self._lock = threading.Lock()
        weakref.finalize(self, os.close, self._file)

    def __call__(self, place: int) -> np.ndarray:
        """Returns one picture, uint8 (H, W, C).

        Raises:
            UserError: the file has become shorter, or its drive is gone.
        """
        reason: object = "it has become shorter"
        try:
            pixels = b"".join(self._pieces(place * self._size))
        except OSError as error:
            pixels, reason = b"", error.strerror or error
        if len(pixels) < self._size:
            raise UserError(
                "The decoded pictures in '{path}' can no longer be read ({reason}).",
                hint="Resume the run, or give the command again: what is missing is decoded anew.",
                path=self._path,
                reason=reason,
            )
        return np.frombuffer(pixels, np.uint8).reshape(self._shape)

    def _pieces(self, offset: int) -> Iterator[bytes]:
        """Gives the file's bytes from there on, as many as one picture has; fewer where it ends."""
        left = self._size
        while left and (piece := self._read(left, offset + self._size - left)):
            left -= len(piece)
            yield piece

    def _read(self, count: int, offset: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._file, count, offset)
        with self._lock:  # the place in the file is shared by all threads
            os.lseek(self._file, offset, os.SEEK_SET)
            return os.read(self._file, count)
