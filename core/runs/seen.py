"""What a training has seen, by content: a hash of each of its samples, kept in its run. Knows no picture and no text.

So that data can be told from what the run has learnt by heart, wherever they lie and whatever they are called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from core.errors import UserError
from core.files.sealed import DamagedError, seal, unseal
from core.runs.run import Run

SPLITS = ("train", "validation")  # the test split is not seen
SUFFIX = ".u64"


@dataclass(frozen=True, eq=False)
class Seen:
    """The samples that a training has seen.

    Args:
        train: uint64, ascending, none twice: hashes of those that it learnt from.
        validation: uint64, the same of those that it was validated on, by which its epoch may have been chosen.
    """

    train: np.ndarray
    validation: np.ndarray

    @classmethod
    def of(cls, hashes: Mapping[str, np.ndarray]) -> Self:
        """Makes it of the hashes of each split, uint64 (N,), in any order."""
        return cls(*(np.unique(hashes[split].astype(np.uint64)) for split in SPLITS))

    def places(self, hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns which samples, uint64 (N,), were trained on, and which were validated on alone: bool (N,) each."""
        trained = np.isin(hashes, self.train)
        return trained, np.isin(hashes, self.validation) & ~trained


def keep_seen(run: Run, hashes: Mapping[str, np.ndarray]) -> None:
    """Writes down what a training sees, unless the run holds it already.

    Args:
        run: that trains; its data are those that it began with.
        hashes: split -> uint64 (N,).

    Raises:
        UserError: the disk is full, or the run can't be written.
    """
    if read_seen(run) is None:
        seen = Seen.of(hashes)
        seal(run.seen, {f"{split}{SUFFIX}": getattr(seen, split).astype("<u8").tobytes() for split in SPLITS})


def read_seen(run: Run) -> Seen | None:
    """Returns what the run's training has seen; None where an earlier version made it, or the file is damaged."""
    if not run.seen.is_dir():
        return None
    try:
        contents = unseal(run.seen)
        arrays = {split: np.frombuffer(contents[f"{split}{SUFFIX}"], "<u8") for split in SPLITS}
    except (DamagedError, UserError, KeyError, ValueError):
        return None
    return Seen.of(arrays)
