"""What a language model found hardest and easiest: kinds of tokens, and rows of them. Knows no text.

Shapes: N tokens in all rows, R rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.text.rows.rows import NO_TARGET, Rows

OFTEN = 5  # times that a kind of token comes, where there are enough such kinds: of fewer a mean says little
LONG = 8  # targets in a row, where there are enough such rows


@dataclass(frozen=True, eq=False)
class Extremes:
    """The hardest and the easiest.

    Args:
        hardest: int, token ids or numbers of rows, the hardest first.
        easiest: int, the same, the easiest first; none that is among the hardest.
        losses: token id or number of a row -> mean nats a token.
        counts: token id or number of a row -> tokens over which that is the mean.
    """

    hardest: tuple[int, ...]
    easiest: tuple[int, ...]
    losses: dict[int, float]
    counts: dict[int, int]


def token_extremes(nats: np.ndarray, rows: Rows, most: int) -> Extremes:
    """Finds the kinds of tokens that were hardest and easiest to predict.

    Args:
        nats: float (N,), the loss of each token.
        rows: the tokens and their targets.
        most: int, how many of each.
    """
    targets = rows.labels != NO_TARGET
    counts = np.bincount(rows.labels[targets])
    return _extremes(np.bincount(rows.labels[targets], nats[targets]), counts, np.arange(len(counts)), OFTEN, most)


def row_extremes(nats: np.ndarray, rows: Rows, most: int) -> Extremes:
    """Finds the rows that were hardest and easiest to predict, each text once; arguments as in `token_extremes`."""
    targets = np.add.reduceat(rows.labels != NO_TARGET, rows.starts[:-1], dtype=np.int64)
    sums = np.add.reduceat(nats, rows.starts[:-1], dtype=np.float64)
    first: dict[bytes, int] = {}
    for row, (start, end) in enumerate(zip(rows.starts[:-1], rows.starts[1:], strict=True)):
        first.setdefault(rows.labels[start:end].tobytes(), row)
    return _extremes(sums, targets, np.fromiter(first.values(), np.int64), LONG, most)


def _extremes(sums: np.ndarray, counts: np.ndarray, places: np.ndarray, least: int, most: int) -> Extremes:
    places = places[counts[places] > 0]
    enough = places[counts[places] >= least]
    places = enough if len(enough) >= 2 * most else places
    losses = sums[places] / counts[places]
    order = places[np.argsort(-losses, kind="stable")]
    hardest = order[:most]
    easiest = order[len(hardest) :][::-1][:most]
    shown = [int(place) for place in (*hardest, *easiest)]
    return Extremes(
        tuple(map(int, hardest)),
        tuple(map(int, easiest)),
        {place: float(sums[place] / counts[place]) for place in shown},
        {place: int(counts[place]) for place in shown},
    )
