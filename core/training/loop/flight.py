"""The steps that a backend has begun and not ended. Knows nothing of trainings."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

STEPS_IN_FLIGHT = 2  # a backend that works ahead may be this far ahead of us; else Stop would come late


class Flight:
    """Lets a backend work ahead, but not far: waits for the oldest step where there are too many.

    Args:
        take: is given each step's numbers once they are there, in the order of the steps.
    """

    def __init__(self, take: Callable[[np.ndarray], object] = lambda numbers: None) -> None:
        self._take = take
        self._begun: deque[Any] = deque()

    def add(self, numbers: Any) -> None:
        """A step has begun whose numbers will be these.

        Args:
            numbers: tensor.
        """
        self._begun.append(numbers)
        if len(self._begun) > STEPS_IN_FLIGHT:
            self._land()

    def land_all(self) -> None:
        """Waits for all."""
        while self._begun:
            self._land()

    def _land(self) -> None:
        self._take(np.asarray(keras.ops.convert_to_numpy(self._begun.popleft())))
