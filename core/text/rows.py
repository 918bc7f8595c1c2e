"""Lays token ids out in rows of one length, and says which of them are asked for. Knows no text and no model.

Shapes: R rows, T tokens a row. A model that reads the ids of a row up to place t is asked for `labels[t]`, the id that
follows. Every token of a passage but its very first is asked for exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

UNASKED = -1
Packing = Literal["auto", "always", "never"]
Stretch = tuple[np.ndarray, np.ndarray]  # ids, and whether each is asked for where it follows another


@dataclass(frozen=True, eq=False)
class Rows:
    """What a language model reads, and what it is asked for.

    Args:
        ids: int32 (R, T), padded with the end token.
        labels: int32 (R, T), the token that follows each; -1 where nothing is asked.
    """

    ids: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def asked(self) -> int:
        """How many tokens are asked for."""
        return int(np.count_nonzero(self.labels != UNASKED))


def lay_out(
    passages: Sequence[np.ndarray], length: int, end_id: int, *, packing: Packing = "never", seed: int = 0
) -> Rows:
    """Lays passages out, the long ones over several rows.

    Args:
        passages: int arrays, each with the end token before its beginning and after its end, where it has these.
        length: int >= 1, the most tokens a row may have; rows get no longer than needed.
        end_id: int, the end token.
        packing: "never" begins a row with each passage; "always" lays them one behind the other and cuts rows from
            that, as for GPT-2's own training, so that a text sees those before it in the row; "auto" packs where rows
            would else be more than half empty.
        seed: int >= 0, decides the order in which they are packed.

    Returns:
        The rows; in the order of the passages where they are not packed. Passages of fewer than two tokens ask for
        nothing and are left out.
    """
    passages = [ids for ids in passages if len(ids) > 1]
    longest = max((min(len(ids) - 1, length) for ids in passages), default=1)
    asked = sum(len(ids) - 1 for ids in passages)
    rows = sum(-(-(len(ids) - 1) // longest) for ids in passages)
    if passages and (packing == "always" or (packing == "auto" and asked < rows * longest / 2)):
        order = np.random.default_rng((seed, len(passages))).permutation(len(passages))
        return _filled([_stream([passages[place] for place in order], end_id)], min(length, asked), end_id)
    return _filled([(ids, np.ones(len(ids), bool)) for ids in passages], longest, end_id)


def _stream(passages: list[np.ndarray], end_id: int) -> Stretch:
    """Returns passages joined; where one ends and the next begins they share the end token between them."""
    ids: list[np.ndarray] = []
    asked: list[np.ndarray] = []
    for passage in passages:
        shared = bool(ids) and ids[-1][-1] == end_id == passage[0]
        ids.append(passage[1:] if shared else passage)
        # What comes before the first token of a piece is not what stood before it in its text.
        asked.append(np.arange(len(ids[-1])) >= (0 if shared else 1))
    return np.concatenate(ids), np.concatenate(asked)


def _filled(stretches: list[Stretch], length: int, end_id: int) -> Rows:
    """Cuts each stretch into rows: each begins with the last token of the one before, so that no token goes unasked."""
    cuts = [
        (ids[start : start + length + 1], asked[start : start + length + 1])
        for ids, asked in stretches
        for start in range(0, len(ids) - 1, length)
    ]
    rows = Rows(np.full((len(cuts), length), end_id, np.int32), np.full((len(cuts), length), UNASKED, np.int32))
    for place, (ids, asked) in enumerate(cuts):
        rows.ids[place, : len(ids) - 1] = ids[:-1]
        rows.labels[place, : len(ids) - 1] = np.where(asked[1:], ids[1:], UNASKED)
    return rows
