"""The batches of an epoch, got ready while the step before them runs. Knows no Keras."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from core.data.batches import Batches

AHEAD = 2


def upcoming(batches: Batches, epoch: int, start: int = 0) -> Generator[tuple[np.ndarray, np.ndarray]]:
    """Gives the batches of an epoch in their order.

    To be closed where it is left early.

    Args:
        batches: where they come from; asked by one thread only.
        epoch: int, from 0.
        start: int, the first step.
    """
    pool = ThreadPoolExecutor(1, "batches")
    try:
        coming = deque(pool.submit(batches.batch, epoch, step) for step in range(start, len(batches))[:AHEAD])
        for step in range(start, len(batches)):
            batch = coming.popleft().result()
            if step + AHEAD < len(batches):
                coming.append(pool.submit(batches.batch, epoch, step + AHEAD))
            yield batch
    finally:
        pool.shutdown(cancel_futures=True)
