"""A dataset in memory: pictures, labels and splits. Everything that trains or scores reads this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SPLITS = ("train", "validation", "test")


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
    """Labelled pictures of one size, divided into splits.

    Args:
        source: str, what the user named: a path or an embedded name.
        fingerprint: str, hexadecimal; equal where the same pictures were read in the same way.
        classes: names, in the order of the labels.
        images: uint8 (N, H, W, C), C being 1 or 3; may be a memory map.
        labels: int32 (N,), indices into `classes`.
        names: one a picture: its path, or a name such as "digits/17".
        splits: "train", "validation", "test" -> sorted int64 indices; a split may be empty.
        skipped: the files that could not be used.
        given: the splits that the source itself sets, e.g. ("train", "test"); the others are cut out by share.
        leaks: int, test pictures of which an exact copy is in another split: only a given split can divide copies.
    """

    source: str
    fingerprint: str
    classes: tuple[str, ...]
    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    splits: dict[str, np.ndarray]
    skipped: tuple[Skipped, ...] = ()
    given: tuple[str, ...] = ()
    leaks: int = 0

    @property
    def shape(self) -> tuple[int, int, int]:
        """One picture's (H, W, C)."""
        height, width, channels = self.images.shape[1:]
        return int(height), int(width), int(channels)

    def summary(self) -> dict[str, Any]:
        """Returns what run.json keeps of it."""
        return {
            "source": self.source,
            "fingerprint": self.fingerprint,
            "classes": list(self.classes),
            "shape": list(self.shape),
            "counts": {split: len(self.splits[split]) for split in SPLITS},
            "skipped": len(self.skipped),
        }
