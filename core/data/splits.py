"""Divides a data set into train, validation and test. Knows strata and groups, never pictures or files."""

from __future__ import annotations

import numpy as np

from core.data.dataset import SPLITS

TRAIN, VALIDATION, TEST = range(3)
UNGIVEN = -1


def make_splits(
    labels: np.ndarray,
    *,
    test_share: float,
    validation_share: float,
    seed: int,
    given: np.ndarray | None = None,
    digests: np.ndarray | None = None,
    groups: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Divides pictures, seeded and stratified.

    A split that is given wins: its members stay where they are, and only what is missing is taken from the training
    pictures. Pictures with the same digest, and those of one group, end up in one split, unless a given split
    divides them. Each class keeps a picture to train on, so a class with one picture goes to train.

    Args:
        labels: int (N,), class of each picture.
        test_share: float in [0, 1), share of all N pictures; ignored where a test split is given.
        validation_share: float in [0, 1), the same; together below 1.
        seed: int >= 0. The same seed gives the same splits on every machine.
        given: int8 (N,), 0 train, 1 validation, 2 test, -1 not given; None where nothing is given.
        digests: (N,), equal where pictures are exact copies; None to look at no copies.
        groups: (N,), equal where pictures belong together (one person, one patient).

    Returns:
        "train", "validation", "test" -> sorted int64 indices.
    """
    count = len(labels)
    chosen = np.full(count, TRAIN, np.int8) if given is None else np.where(given == UNGIVEN, TRAIN, given)
    shares = {VALIDATION: validation_share, TEST: test_share}
    wanted = {split: round(share * count) for split, share in shares.items() if not np.any(chosen == split)}
    pool = np.flatnonzero(chosen == TRAIN)
    if len(pool) and any(wanted.values()):
        units = _units(len(pool), None if digests is None else digests[pool], None if groups is None else groups[pool])
        chosen[pool] = _divide(labels[pool], units, wanted, np.random.default_rng([seed, 0x5B117]))
    return {name: np.flatnonzero(chosen == split) for split, name in enumerate(SPLITS)}


def given_splits(given: np.ndarray) -> tuple[str, ...]:
    """Returns the names of the splits that occur among the given ones, as `make_splits` takes them."""
    return tuple(name for split, name in enumerate(SPLITS) if np.any(given == split))


def _units(count: int, *keys: np.ndarray | None) -> np.ndarray:
    """Returns int64 (count,): equal where pictures are linked by an equal key, directly or over others."""
    units = np.arange(count)
    present = [np.unique(key, return_inverse=True)[1].ravel() for key in keys if key is not None]
    if len(present) == 1:
        return present[0]
    while True:
        before = units
        for key in present:  # each round hands the smallest number on to all that share the key
            smallest = np.full(key.max() + 1, count)
            np.minimum.at(smallest, key, units)
            units = smallest[key]
        if np.array_equal(before, units):
            return units


def _divide(labels: np.ndarray, units: np.ndarray, wanted: dict[int, int], rng: np.random.Generator) -> np.ndarray:
    """Returns int8, the split of each picture. Linked pictures first, then single ones fill each class's quota."""
    labels = np.unique(labels, return_inverse=True)[1]
    left = np.bincount(labels)  # pictures of each class not given away yet
    quota = _quotas(left, wanted)
    missing = {split: rows.copy() for split, rows in quota.items()}
    chosen = np.full(len(labels), TRAIN, np.int8)
    order = np.argsort(rng.random(len(labels)), kind="stable")

    _, units, unit_sizes = np.unique(units, return_inverse=True, return_counts=True)
    for members in _linked(units, unit_sizes, order):
        counts = np.bincount(labels[members], minlength=len(left))
        best = _best_split(counts, missing, quota)
        if best is not None and not np.any((left - counts < 1) & (counts > 0)):
            chosen[members] = best
            missing[best] -= counts
            left -= counts

    single = order[unit_sizes[units[order]] == 1]
    single = single[np.argsort(labels[single], kind="stable")]
    ends = np.searchsorted(labels[single], np.arange(len(left)), side="right")
    for label, candidates in enumerate(np.split(single, ends[:-1])):
        for split in missing:
            take = int(np.clip(missing[split][label], 0, max(left[label] - 1, 0)))
            given_away, candidates = candidates[:take], candidates[take:]
            chosen[given_away] = split
            left[label] -= len(given_away)
    return chosen


def _best_split(counts: np.ndarray, missing: dict[int, np.ndarray], quota: dict[int, np.ndarray]) -> int | None:
    """Returns the split that most needs a unit with these counts a class; None where it belongs to train."""
    need = {
        split: float(counts @ (rows / np.maximum(quota[split], 1)))
        for split, rows in missing.items()
        # Going over by at most half of the unit lands no farther from the wanted share than leaving it out.
        if 2 * np.maximum(counts - rows, 0).sum() <= counts.sum()
    }
    best = max(need, key=lambda split: need[split], default=None)
    return best if best is not None and need[best] > 0 else None


def _linked(units: np.ndarray, unit_sizes: np.ndarray, order: np.ndarray) -> list[np.ndarray]:
    """Returns the members of each unit of several pictures, units in shuffled order."""
    several = order[unit_sizes[units[order]] > 1]
    _, first = np.unique(units[several], return_index=True)
    rank = np.empty(len(unit_sizes), np.int64)
    rank[units[several[np.sort(first)]]] = np.arange(len(first))
    several = several[np.argsort(rank[units[several]], kind="stable")]
    borders = np.flatnonzero(np.diff(units[several])) + 1
    return np.split(several, borders) if len(several) else []


def _quotas(sizes: np.ndarray, wanted: dict[int, int]) -> dict[int, np.ndarray]:
    """Returns for each split how many pictures of each class it should get; a class keeps one for training."""
    quota = {}
    keep = np.maximum(sizes - 1, 0)
    # The test first: where pictures are few, an honest score is worth more than a second opinion while training.
    for split in sorted(wanted, reverse=True):
        exact = sizes * (wanted[split] / max(sizes.sum(), 1))
        rows = np.floor(exact).astype(np.int64)
        remainder = np.argsort(rows - exact, kind="stable")
        rows[remainder[: max(wanted[split] - int(rows.sum()), 0)]] += 1
        quota[split] = np.minimum(rows, keep)
        keep = keep - quota[split]
    return quota
