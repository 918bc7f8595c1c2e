"""The points of one curve. Knows neither Qt nor what is measured."""

from __future__ import annotations

import math

MOST_POINTS = 1000  # a curve with more is thinned: it would show nothing more and cost time


class Curve:
    """The points of one curve, thinned evenly when they become many."""

    def __init__(self) -> None:
        self.x: list[float] = []
        self.y: list[float] = []
        self._every = 1
        self._skipped = 0

    def add(self, x: float, y: float) -> None:
        """Appends a point; a value that is no number is left out."""
        if not math.isfinite(y):
            return
        self._skipped += 1
        if self._skipped < self._every:
            return
        self._skipped = 0
        self.x.append(x)
        self.y.append(y)
        if len(self.x) > MOST_POINTS:
            del self.x[1::2], self.y[1::2]
            self._every *= 2

    def cut(self, x: float) -> None:
        """Forgets the points beyond a place."""
        while self.x and self.x[-1] > x:
            self.x.pop()
            self.y.pop()

    def put_before(self, earlier: Curve) -> None:
        """Puts another curve's points before its own."""
        points = zip(earlier.x + self.x, earlier.y + self.y, strict=True)
        self.x, self.y, self._every, self._skipped = [], [], 1, 0
        for x, y in points:
            self.add(x, y)

    def at(self, x: float) -> float | None:
        """Returns the value at the nearest point, or None where there is none."""
        if not self.x:
            return None
        nearest = min(range(len(self.x)), key=lambda index: abs(self.x[index] - x))
        return self.y[nearest]
