"""Makes batches ahead of time, in threads, so that a device never waits for pictures. Knows no Keras."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from core.data.batches import Batches

WORTHWHILE_BYTES = 2**20  # of a batch; a smaller one is made before a thread has woken up
MAX_WORKERS = 8
Place = tuple[int, int]
Pair = tuple[np.ndarray, np.ndarray]


class Prefetched:
    """The batches of others, made while those before them are trained on. They are the same, in the same order.

    Args:
        batches: where they come from.
        workers: int, how many are made at a time; each in a thread of its own, and as many again wait to be taken.
    """

    def __init__(self, batches: Batches, workers: int) -> None:
        self._batches = batches
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="batch")
        self._ahead = 2 * workers
        self._waiting: deque[tuple[Place, Future[Pair]]] = deque()
        self.batch_size = batches.batch_size
        self.shape, self.dtype = batches.shape, batches.dtype
        self.target_shape, self.target_dtype = batches.target_shape, batches.target_dtype

    def __len__(self) -> int:
        return len(self._batches)

    def order(self, epoch: int) -> np.ndarray:
        """Returns what `Batches.order` does."""
        return self._batches.order(epoch)

    def batch(self, epoch: int, step: int) -> Pair:
        """Returns what `Batches.batch` does; quickest where steps are asked for one after the other."""
        if not self._waiting or self._waiting[0][0] != (epoch, step):
            self._forget()
        place = self._waiting[-1][0] if self._waiting else (epoch, step - 1)
        while len(self._waiting) <= self._ahead and (following := self._next(place)) is not None:
            place = following
            self._waiting.append((place, self._pool.submit(self._batches.batch, *place)))
        _, future = self._waiting.popleft()
        return future.result()

    def _next(self, place: Place) -> Place | None:
        epoch, step = place
        if step + 1 < len(self._batches):
            return epoch, step + 1
        return (epoch + 1, 0) if self._batches.shuffled else None  # what is measured begins anew

    def _forget(self) -> None:
        for _, future in self._waiting:
            future.cancel()
        self._waiting.clear()


def prefetched(batches: Batches) -> Batches | Prefetched:
    """Returns the batches, made ahead of time where that is worth it: large ones, or pictures that lie on disk."""
    loaded = isinstance(batches.images, np.ndarray)
    size = batches.batch_size * int(np.prod(batches.images.shape[1:]))
    if not len(batches) or (loaded and size < WORTHWHILE_BYTES):
        return batches
    return Prefetched(batches, min(MAX_WORKERS, os.cpu_count() or 1))
