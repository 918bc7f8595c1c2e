"""What a training is given: batches in an order that seed and epoch fix, so that it can go on from any step.

Knows neither pictures nor texts, and no Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

ORDER, AUGMENT, CHOICE = 1, 2, 5  # which of its independent random streams a seed is used for


class Batches(Protocol):
    """The samples of one split, batch by batch, whatever they are."""

    @property
    def batch_size(self) -> int:
        """Samples in a batch; only the last one may have fewer."""

    @property
    def batch_bytes(self) -> int:
        """About what a batch takes in memory."""

    @property
    def workers(self) -> int:
        """How many threads suit the making of batches."""

    def __len__(self) -> int:
        """Batches in an epoch."""

    def batch(self, epoch: int, step: int, check: Callable[[], object] = lambda: None) -> tuple[Any, Any]:
        """Returns one batch; the same one whenever it is asked for. May be asked by several threads.

        Args:
            epoch: int, from 0.
            step: int, from 0, within the epoch.
            check: called before whatever may take long, such as reading a picture; what it raises ends the batch.

        Returns:
            What the model reads, and what it is to learn: arrays, or structures of arrays.
        """


class Order:
    """In which order the samples of a split are gone through.

    Args:
        indices: int64 (M,), the samples of the split.
        batch_size: int; never more than M.
        seed: int, mixes them anew in each epoch; None keeps them in their order, and the last batch short.
    """

    def __init__(self, indices: np.ndarray, batch_size: int, seed: int | None = None) -> None:
        self._indices, self._seed = indices, seed
        self._known: tuple[int, np.ndarray] = (-1, indices)
        self.batch_size = min(batch_size, len(indices))

    def __len__(self) -> int:
        """Batches in an epoch."""
        return -(-len(self._indices) // self.batch_size) if len(self._indices) else 0

    def __call__(self, epoch: int) -> np.ndarray:
        """Returns the indices as that epoch goes through them, int64 (M,) or a few more.

        The last training batch is filled up from the start of the order: a backend that compiles for
        each shape then compiles once.
        """
        if self._seed is None:
            return self._indices
        known, order = self._known  # taken once: another thread may be in another epoch
        if known != epoch:
            mixed = np.random.default_rng((self._seed, ORDER, epoch)).permutation(self._indices)
            missing = len(self) * self.batch_size - len(mixed)
            order = np.concatenate([mixed, mixed[:missing]])
            self._known = epoch, order
        return order

    def chosen(self, epoch: int, step: int) -> np.ndarray:
        """Returns the indices of one batch, int64 (B,); arguments as of `Batches.batch`."""
        return self(epoch)[step * self.batch_size : (step + 1) * self.batch_size]
