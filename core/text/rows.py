"""Lays token ids out in rows of one length, and says which of them are asked for. Knows no text and no model.

Shapes: R rows, T tokens a row. A model that reads the ids of a row up to place t is asked for `labels[t]`, the id that
follows. Every token of a passage but its very first is asked for exactly once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

UNASKED = -1


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


def windows(ids: np.ndarray, length: int) -> Iterator[np.ndarray]:
    """Cuts one passage into stretches that fit a row.

    Each stretch begins with the last token of the one before, so that no token goes unasked; it is judged without what
    came before that.

    Args:
        ids: int (N,), N >= 2.
        length: int >= 1, T; a stretch holds one token more, the last one asked for.
    """
    for start in range(0, len(ids) - 1, length):
        yield ids[start : start + length + 1]


def lay_out(passages: Sequence[np.ndarray], length: int, end_id: int, *, packed: bool, seed: int = 0) -> Rows:
    """Lays passages out, the long ones over several rows.

    Args:
        passages: int arrays, each with the end token before its beginning and after its end, where it has these.
        length: int >= 1, the most tokens a row may have; rows get no longer than the longest passage needs.
        end_id: int, the end token.
        packed: bool, whether whole short documents share a row, an end token between them, rather than have one each.
            A document then also sees those before it in the row, as in GPT-2's own training.
        seed: int >= 0, decides which share one.

    Returns:
        The rows; in the order of the passages where they are not packed. Passages of fewer than two tokens ask for
        nothing and are left out.
    """
    stretches = [stretch for ids in passages for stretch in windows(ids, length)]
    if not stretches:
        return Rows(np.zeros((0, 1), np.int32), np.zeros((0, 1), np.int32))
    length = max(map(len, stretches)) - 1
    rows = _pack(stretches, length + 1, end_id, seed) if packed else stretches
    ids = np.full((len(rows), length), end_id, np.int32)
    labels = np.full((len(rows), length), UNASKED, np.int32)
    for place, row in enumerate(rows):
        ids[place, : len(row) - 1] = row[:-1]
        labels[place, : len(row) - 1] = row[1:]
    return Rows(ids, labels)


def _pack(stretches: list[np.ndarray], capacity: int, end_id: int, seed: int) -> list[np.ndarray]:
    """Returns stretches joined where one ends and the next begins: they share the end token between them."""
    order = np.random.default_rng((seed, len(stretches))).permutation(len(stretches))
    whole: dict[int, list[np.ndarray]] = {}  # documents by length
    heads: list[np.ndarray] = []  # what only the beginning of a row can be
    for place in order:
        ids = stretches[place]
        is_whole = ids[0] == end_id and ids[-1] == end_id and len(ids) < capacity
        (whole.setdefault(len(ids), []) if is_whole else heads).append(ids)
    rows = []
    while heads or whole:
        first = heads.pop() if heads else _largest(whole, capacity)
        if first is None:
            raise ValueError(f"A document is longer than a row. Received: capacity={capacity}")
        row = [first]
        used = len(row[0])
        while row[-1][-1] == end_id and (following := _largest(whole, capacity - used + 1)) is not None:
            row.append(following)
            used += len(following) - 1
        rows.append(np.concatenate([row[0], *(ids[1:] for ids in row[1:])]))
    return rows


def _largest(whole: dict[int, list[np.ndarray]], most: int) -> np.ndarray | None:
    """Takes out a document of the greatest length that fits; None where none does."""
    size = max((size for size in whole if size <= most), default=None)
    if size is None:
        return None
    found = whole[size].pop()
    if not whole[size]:
        del whole[size]
    return found
