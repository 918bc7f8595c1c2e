"""What is done after an epoch's last step: validating, measuring, drawing samples, keeping snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from core.training.loop.reporter import Reporter


class EpochCallback(Protocol):
    """Called before the epoch is written down; may read the variables, and must leave them as they are."""

    def __call__(self, epoch: int, *, last: bool, reporter: Reporter) -> Mapping[str, float]:
        """Does it.

        Args:
            epoch: int, from 0, the one that has ended.
            last: bool, whether it is the training's last.
            reporter: gets the progress. A wait through it is no part of the training's time.

        Returns:
            Numbers for the epoch's row, with the same names each time; NaN for what wasn't measured.

        Raises:
            CancelledError: the user has asked to stop; all callbacks of this epoch are called again on resuming.
            UserError: the disk is full.
        """
