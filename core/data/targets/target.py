"""What every kind of target can do. Knows no source, no model and no task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from core.data.placement import Placement
from core.errors import UserError


class Targets(ABC):
    """The targets of the N samples of a data set.

    One object holds them all, as arrays where that is possible: a sample's own is looked up by its place.
    """

    kind: ClassVar[str]  # its key in `catalog.TARGETS`
    follows_picture: ClassVar[bool] = False  # whether it lies in the picture, and moves with its crop and flip

    @abstractmethod
    def __len__(self) -> int:
        """N."""

    @abstractmethod
    def take(self, places: np.ndarray) -> Self:
        """Returns the targets of some samples.

        Args:
            places: int (M,), which, in the order wanted.
        """

    @abstractmethod
    def header(self) -> tuple[Any, ...]:
        """Returns what all samples share, such as the names of the classes: a part of the data set's fingerprint."""

    @abstractmethod
    def content(self) -> bytes:
        """Returns every sample's own target as bytes: the other part."""

    def strata(self) -> np.ndarray:
        """Returns int (N,): the splits hold samples with equal numbers in equal shares. All alike by default."""
        return np.zeros(len(self), np.int64)

    def counts(self) -> dict[str, int]:
        """Returns what is counted of them, by name, for people; nothing by default."""
        return {}

    def caption(self, place: int) -> str:
        """Returns a sample's target in a few words, for people."""
        return ""

    def conflict(self, places: Sequence[int]) -> bool:
        """Whether these samples' targets contradict each other, the samples being exact copies: none do by default."""
        return False

    def warnings(self) -> list[str]:
        """Returns what may spoil a training on them, a sentence each, for the data doctor; nothing by default."""
        return []

    def summary(self) -> dict[str, Any]:
        """Returns what run.json and the saved model keep of them: all that a model must know to be built for them.

        Returns:
            JSON values: "target", the kind, and whatever else, but for the keys that `core.data.dataset.OWN` has taken.
        """
        return {"target": self.kind}

    def problem(self, source: str, fewest: int) -> UserError | None:
        """Returns why nothing can be learnt from them, or None.

        Args:
            source: str, what the user named.
            fewest: int, as in `core.kinds.kind.Wanted`.
        """
        return None

    def present(self, source: str, fewest: int) -> Self:
        """Returns them without what no sample has any more, once unreadable samples are left out.

        Raises:
            UserError: too little is left to learn from.
        """
        return self

    @abstractmethod
    def batch(
        self, places: np.ndarray, placement: Placement | None = None, random: np.random.Generator | None = None
    ) -> Any:
        """Returns what a training step is given for some samples.

        Args:
            places: int (B,), which.
            placement: where the points of their pictures went, from the files to the batch; only for those that follow
                the picture.
            random: where chance comes from, the same for the same seed, epoch and step: which of several captions is
                trained on, say. None where nothing may be left to chance: while something is measured.

        Returns:
            An array of B rows, or a structure of them: tuple, list or dict. What is no numbers yet, such as captions,
            is made numbers by the `prepare` of `core.data.picture_batches.PictureBatches`.
        """
