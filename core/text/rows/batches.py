"""Rows of tokens batch by batch, no wider than needed. Knows no Keras.

Shapes: R rows, B rows in a batch, T places of each.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.data.batches import Order
from core.text.rows.round_up import round_up
from core.text.rows.rows import Rows

SMALLEST_WIDTH = 16
LEAST_FULL = 0.5  # of places that hold a token, where all batches have one width


class RowBatches:
    """The rows of one split, filled up with end tokens of which none is a target; see `core.data.batches.Batches`.

    Where that leaves rows at least half full all batches have one shape, so that a backend that compiles for each
    compiles once. Else one long text would cost all the others its memory and its time: there a batch is as wide as its
    longest row, in steps, and where no order is asked for rows of about one length share a batch.

    Args:
        rows: what is read.
        batch_size: int, rows in a batch; never more than there are.
        seed: int, fixes the order; None goes through all of them once, and the last batch is short.
    """

    workers = 1  # there is nothing to read

    def __init__(self, rows: Rows, batch_size: int, seed: int | None = None) -> None:
        lengths = rows.lengths
        self._rows, self._lengths = rows, lengths
        self._longest = int(lengths.max(initial=1))
        self.one_width = len(rows.ids) >= LEAST_FULL * len(rows) * self._longest
        indices = np.arange(len(rows))
        if not self.one_width and seed is None:
            indices = np.argsort(-lengths, kind="stable")  # the longest first: if memory is short, it is so at once
        self.order = Order(indices, batch_size, seed)
        self.batch_size = self.order.batch_size
        self.batch_bytes = 2 * self.batch_size * self._longest * rows.ids.dtype.itemsize

    def __len__(self) -> int:
        return len(self.order)

    def batch(self, epoch: int, step: int, check: Callable[[], object] = lambda: None) -> tuple[np.ndarray, np.ndarray]:
        """See `Batches`; ids and labels, each int32 (B, T)."""
        chosen = self.order.chosen(epoch, step)
        return self._rows.filled(chosen, self.width(chosen))

    def width(self, chosen: np.ndarray) -> int:
        """Returns T of a batch of these rows."""
        needed = self._longest if self.one_width else int(self._lengths[chosen].max())
        return min(round_up(needed, SMALLEST_WIDTH), self._longest)
