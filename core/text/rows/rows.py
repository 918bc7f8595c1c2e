"""Lays token ids out in rows, and says which of them are targets. Knows no text and no model.

Shapes: R rows, N tokens in all of them, B rows that are read at once, T places of each. A model that reads the ids of a
row up to place t is to predict `labels[t]`, the id that follows: its target there. Every token of a passage but its
very first is a target exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

NO_TARGET = -1  # where a label would be
Packing = Literal["auto", "always", "never"]
Stretch = tuple[np.ndarray, np.ndarray]  # ids, and whether each is a target where it follows another


@dataclass(frozen=True, eq=False)
class Rows:
    """What a language model reads, and what it is to predict: rows of their own lengths, one behind the other.

    Args:
        ids: int32 (N,).
        labels: int32 (N,), the token that follows each; `NO_TARGET` where none is to be predicted.
        starts: int64 (R + 1,), where each row begins, and where the last one ends.
        origins: int64 (R,), the number of the passage that each row is of; -1 where passages share rows.
        end_id: int, the end token, with which rows are filled up.
    """

    ids: np.ndarray
    labels: np.ndarray
    starts: np.ndarray
    origins: np.ndarray
    end_id: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> np.ndarray:
        """How many tokens each row has: int64 (R,)."""
        return np.diff(self.starts)

    @property
    def target_count(self) -> int:
        """How many tokens are targets."""
        return int(np.count_nonzero(self.labels != NO_TARGET))

    def filled(self, places: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns rows side by side: ids and labels, each int32 (B, T).

        Args:
            places: int (B,), which rows.
            width: int, T, at least the length of the longest of them.
        """
        ids = np.full((len(places), width), self.end_id, np.int32)
        labels = np.full((len(places), width), NO_TARGET, np.int32)
        begins, place = self.starts[places][:, None], np.arange(width)
        inside = begins + place < self.starts[places + 1][:, None]  # (B, T)
        found = (begins + place)[inside]
        ids[inside], labels[inside] = self.ids[found], self.labels[found]
        return ids, labels


def lay_out(
    passages: Sequence[np.ndarray], length: int, end_id: int, *, packing: Packing = "never", seed: int = 0
) -> Rows:
    """Lays passages out, the long ones over several rows.

    Args:
        passages: int arrays, each with the end token before its beginning and after its end, where it has these.
        length: int >= 1, the most tokens a row may have; a row gets no longer than needed.
        end_id: int, the end token.
        packing: "never" begins a row with each passage; "always" lays them one behind the other and cuts rows from
            that, as for GPT-2's own training, so that a text sees those before it in the row; "auto" packs where rows
            would else be more than half empty.
        seed: int >= 0, decides the order in which they are packed.

    Returns:
        The rows; in the order of the passages where they are not packed. Passages of fewer than two tokens ask for
        nothing and are left out.
    """
    origins = np.array([place for place, ids in enumerate(passages) if len(ids) > 1], np.int64)
    passages = [passages[place] for place in origins]
    longest = max((min(len(ids) - 1, length) for ids in passages), default=1)
    targets = sum(len(ids) - 1 for ids in passages)
    rows = sum(-(-(len(ids) - 1) // longest) for ids in passages)
    if passages and (packing == "always" or (packing == "auto" and targets < rows * longest / 2)):
        order = np.random.default_rng((seed, len(passages))).permutation(len(passages))
        stream = _stream([passages[place] for place in order], end_id)
        return _cut([stream], np.array([-1]), min(length, targets), end_id)
    return _cut([(ids, np.ones(len(ids), bool)) for ids in passages], origins, longest, end_id)


def _stream(passages: list[np.ndarray], end_id: int) -> Stretch:
    """Returns passages joined; where one ends and the next begins they share the end token between them."""
    ids: list[np.ndarray] = []
    targets: list[np.ndarray] = []
    for passage in passages:
        shared = bool(ids) and ids[-1][-1] == end_id == passage[0]
        ids.append(passage[1:] if shared else passage)
        # What comes before the first token of a piece is not what stood before it in its text.
        targets.append(np.arange(len(ids[-1])) >= (0 if shared else 1))
    return np.concatenate(ids), np.concatenate(targets)


def _cut(stretches: list[Stretch], origins: np.ndarray, length: int, end_id: int) -> Rows:
    """Cuts each stretch into rows: each begins with the last token of the one before, so that no token is left out."""
    ids, labels, starts, cuts = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)], [np.zeros(0, np.int64)], []
    total = 0
    for tokens, targets in stretches:
        ids.append(np.asarray(tokens[:-1], np.int32))
        labels.append(np.where(targets[1:], tokens[1:], NO_TARGET).astype(np.int32))
        starts.append(np.arange(0, len(tokens) - 1, length) + total)
        cuts.append(len(starts[-1]))
        total += len(tokens) - 1
    ends = np.append(np.concatenate(starts), total)
    return Rows(np.concatenate(ids), np.concatenate(labels), ends, np.repeat(origins, cuts), end_id)
