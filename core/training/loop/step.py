"""What the loop needs of a training step: the one thing that differs from one way of training to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from core.errors import UserError


@dataclass(frozen=True)
class Place:
    """Where a training is: all random numbers of a step follow from it.

    Args:
        seed: int >= 0, the training's.
        epoch: int, from 0.
        step: int, from 0, within the epoch.
    """

    seed: int
    epoch: int
    step: int


class Step(Protocol):
    """Trains by one batch at a time, and keeps the means of the epoch so far.

    What `values` returns is all that a training consists of: given back to `restore` in another process, the same
    batches and places make the same bits.
    """

    def __call__(self, batch: tuple[np.ndarray, np.ndarray], place: Place) -> Any:
        """Trains by a batch; returns its numbers as a tensor, for which nobody waits yet."""

    def take(self, numbers: np.ndarray) -> None:
        """Is given those numbers once they are there, in the order of the steps."""

    def live(self) -> dict[str, float]:
        """Returns the numbers to show after the last step that was taken."""

    def means(self, steps: int) -> dict[str, float]:
        """Returns the epoch's numbers after its last step.

        Args:
            steps: int, of an epoch.
        """

    def begin_epoch(self) -> None:
        """Forgets the means."""

    def lr(self, steps: int) -> float:
        """Returns the learning rate after so many steps since the training began, for the plots."""

    def sync(self) -> None:
        """To be called before variables are read or written from outside."""

    def values(self) -> dict[str, np.ndarray]:
        """Returns all variables and the means so far, by the names by which checkpoints know them."""

    def restore(self, values: Mapping[str, np.ndarray], *, within: bool) -> None:
        """Takes over what `values` returned.

        Args:
            values: name -> array.
            within: bool, whether the training goes on within an epoch; else its means so far count no more, and may
                be missing or of other metrics.

        Raises:
            KeyError: a value is missing.
            ValueError: the same, or one has another shape.
        """

    def model_variables(self) -> dict[str, Any]:
        """Returns the variables of what is kept in the end: a part of `values`."""

    def diverged(self, epoch: int) -> UserError:
        """Returns what is said where the numbers are no numbers any more.

        Args:
            epoch: int, from 1.
        """
