"""One or several captions a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from core.data.placement import Placement
from core.data.targets.target import Targets
from core.errors import UserError


class CaptionTargets(Targets):
    """The captions of each sample. A sample keeps all of its captions in one split, for it is samples that are divided.

    Args:
        captions: N tuples of texts, each of one at least.
    """

    kind: ClassVar[str] = "captions"

    def __init__(self, captions: Sequence[tuple[str, ...]]) -> None:
        self.captions = captions

    def __len__(self) -> int:
        return len(self.captions)

    def take(self, places: np.ndarray) -> CaptionTargets:
        """Returns the captions of some samples."""
        return CaptionTargets([self.captions[place] for place in places])

    def header(self) -> tuple[Any, ...]:
        """Returns the name of the kind: captions share nothing else."""
        return (self.kind,)

    def content(self) -> bytes:
        """Returns the captions, each with its length before it."""
        pieces = []
        for texts in self.captions:
            encoded = [text.encode("utf-8", "replace") for text in texts]
            pieces.append(f"{len(texts)} {' '.join(str(len(text)) for text in encoded)}\n".encode() + b"".join(encoded))
        return b"".join(pieces)

    def counts(self) -> dict[str, int]:
        """Returns how many captions there are, and how many different ones."""
        return {
            "captions": sum(map(len, self.captions)),
            "different": len({text for texts in self.captions for text in texts}),
        }

    def caption(self, place: int) -> str:
        """Returns the first one."""
        return self.captions[place][0]

    def problem(self, source: str, fewest: int) -> UserError | None:
        """Returns why captions that are all alike teach nothing."""
        if self.counts()["different"] >= fewest:
            return None
        return UserError(
            "The pictures in '{path}' all have the same caption.",
            hint="Give each picture a caption that says what is on it.",
            path=source,
        )

    def batch(
        self, places: np.ndarray, placement: Placement | None = None, random: np.random.Generator | None = None
    ) -> np.ndarray:
        """Returns a caption of each, an object array of texts (B,): one of several at random, or the first."""
        several = [self.captions[place] for place in places]
        chosen = [texts[0 if random is None else random.integers(len(texts))] for texts in several]
        return np.array(chosen, object)


def stand_in(source: str, count: int, fewest: int) -> Targets:
    """Nothing stands for captions.

    Raises:
        UserError: always.
    """
    raise UserError(
        "The pictures in '{path}' have no captions.",
        hint="Name data with captions, or shapes.",
        path=source,
    )
