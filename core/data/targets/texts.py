"""One text a sample: what a language model learns to write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from core.data.placement import Placement
from core.data.targets.target import Targets


class TextTargets(Targets):
    """The text of each sample.

    Args:
        texts: N of them.
    """

    kind: ClassVar[str] = "texts"

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, places: np.ndarray) -> TextTargets:
        """Returns some of the texts."""
        return TextTargets([self.texts[place] for place in places])

    def header(self) -> tuple[Any, ...]:
        """Returns the name of the kind: texts share nothing else."""
        return (self.kind,)

    def content(self) -> bytes:
        """Returns the texts, each with its length before it."""
        encoded = [text.encode("utf-8", "replace") for text in self.texts]
        return b"".join(b"%d\n" % len(text) + text for text in encoded)

    def strata(self) -> np.ndarray:
        """Returns how common each text is, in powers of two: common and rare ones go into each split alike.

        Had the common ones been kept for training, the mean loss of the other splits would be too high.
        """
        copies = Counter(self.texts)
        return np.array([copies[text].bit_length() for text in self.texts], np.int64)

    def counts(self) -> dict[str, int]:
        """Returns how many texts and characters there are."""
        return {"texts": len(self.texts), "characters": sum(map(len, self.texts))}

    def caption(self, place: int) -> str:
        """Returns the text."""
        return self.texts[place]

    def batch(
        self, places: np.ndarray, placement: Placement | None = None, random: np.random.Generator | None = None
    ) -> np.ndarray:
        """Returns the texts, an object array (B,)."""
        return np.array([self.texts[place] for place in places], object)


def stand_in(source: str, count: int, fewest: int) -> Targets:
    """Texts are their own targets: a data set of them always has some."""
    raise TypeError(f"{source!r} holds no texts. Received: {count} samples of another kind")
