"""Pictures with their targets and splits. Everything that trains on pictures or scores them reads this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.data.placement import Placement
from core.data.targets.target import Targets

SPLITS = ("train", "validation", "test")
OWN = ("source", "fingerprint", "shape", "counts", "skipped", "reading")  # of a summary: what the targets don't say


@dataclass(frozen=True)
class Skipped:
    """A file that could not be used.

    Args:
        path: str, its path, or its name inside an archive ("pictures.zip/cats/1.jpg").
        reason: str, one short sentence.
    """

    path: str
    reason: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures of one size with their targets, divided into splits.

    Args:
        source: str, what the user named: a path or an embedded name.
        fingerprint: str, hexadecimal; equal where the same pictures were read in the same way.
        images: uint8 (N, H, W, C), C being 1 or 3; may decode or read from disk while it is indexed.
        targets: what each picture is to be learnt as.
        names: one a picture: its path, or a name such as "digits/17".
        splits: "train", "validation", "test" -> sorted int64 indices; a split may be empty.
        skipped: the files that could not be used.
        given: the splits that the source itself sets, e.g. ("train", "test"); the others are cut out by share.
        leaks: int, test pictures of which an exact copy is in another split: only a given split can divide copies.
        placement: from each file's own pixels to those of `images`; None where the targets don't lie in the pictures.
        digests: uint64 (N,), of each picture's pixels as they are here; None where nobody asks for them.
        reading: as `core.data.reading.Pictures` says.
    """

    source: str
    fingerprint: str
    images: np.ndarray
    targets: Targets
    names: tuple[str, ...]
    splits: dict[str, np.ndarray]
    skipped: tuple[Skipped, ...] = ()
    given: tuple[str, ...] = ()
    leaks: int = 0
    placement: Placement | None = None
    digests: np.ndarray | None = None
    reading: str = ""

    @property
    def shape(self) -> tuple[int, int, int]:
        """One picture's (H, W, C)."""
        height, width, channels = self.images.shape[1:]
        return int(height), int(width), int(channels)

    def hashes(self, check: Callable[[], object] = lambda: None) -> dict[str, np.ndarray]:
        """Returns what the pictures of each split are known by again, split -> uint64 (M,): hashes of their pixels."""
        return {split: self.hashes_at(places) for split, places in self.splits.items()}

    def hashes_at(self, places: np.ndarray) -> np.ndarray:
        """Returns the same of the pictures at the places, uint64 (M,)."""
        if self.digests is None:
            raise ValueError(f"The pictures of a data set that was loaded have digests. Received: {self.source!r}")
        return self.digests[places]

    def summary(self) -> dict[str, Any]:
        """Returns what run.json keeps of it."""
        return {
            "source": self.source,
            "fingerprint": self.fingerprint,
            **self.targets.summary(),
            "shape": list(self.shape),
            "counts": {split: len(self.splits[split]) for split in SPLITS},
            "skipped": len(self.skipped),
            **({"reading": self.reading} if self.reading else {}),
        }


def target_in(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the targets said of themselves in `Dataset.summary`: `Targets.summary`, of classes in old runs."""
    return {"target": "class", **{name: value for name, value in summary.items() if name not in OWN}}
