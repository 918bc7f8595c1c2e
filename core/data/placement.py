"""Where the points of pictures go when these are resized, cut, padded or mirrored. Knows no pictures and no targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Placement:
    """An axis-parallel map for each of B pictures: a point (y, x) goes to `scale * (y, x) + shift`, all in px.

    Args:
        scale: float64 (B, 2), down and across; negative where the picture is mirrored.
        shift: float64 (B, 2), px.
        size_px: (height, width) of the pictures that come out; points may lie outside of them.
    """

    scale: np.ndarray
    shift: np.ndarray
    size_px: tuple[int, int]

    @classmethod
    def none(cls, count: int, size_px: tuple[int, int]) -> Placement:
        """Returns the map that leaves every point where it is."""
        return cls(np.ones((count, 2)), np.zeros((count, 2)), size_px)

    def __len__(self) -> int:
        return len(self.scale)

    def take(self, places: np.ndarray) -> Placement:
        """Returns the maps of some of the pictures, `places` being int (B',)."""
        return Placement(self.scale[places], self.shift[places], self.size_px)

    def then(self, later: Placement) -> Placement:
        """Returns the map that does this one first and then the later one, picture by picture."""
        return Placement(later.scale * self.scale, later.scale * self.shift + later.shift, later.size_px)

    def moved(self, places: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Returns where points lie afterwards.

        Args:
            places: int (P,), the picture of each point, below B.
            points: float (P, 2), y and x in px.

        Returns:
            float64 (P, 2).
        """
        return self.scale[places] * points + self.shift[places]
