"""Gets the batches of an epoch ready in threads, so that no step has to wait for its pictures. Knows no Keras."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import islice
from typing import Any

from core.data.batches import Batches
from core.errors import CancelledError

WAITING_BYTES = 256 * 2**20  # of batches that are made and not yet trained on, or being made; two there are in any case
WAIT_S = 0.05


def prefetch(
    batches: Batches, epoch: int, start: int = 0, check: Callable[[], object] = lambda: None
) -> Generator[tuple[Any, Any]]:
    """Gives the batches of an epoch in their order; some are made while those before them are trained on.

    To be closed where it is left early: the threads then end after the picture they are at, for which nobody waits.

    Args:
        batches: where they come from.
        epoch: int, from 0.
        start: int, the first step.
        check: called again and again while a slow batch is waited for; what it raises ends the waiting.
    """
    ended = threading.Event()

    def check_ended() -> None:
        if ended.is_set():
            raise CancelledError

    ahead = suited_ahead(batches)
    pool = ThreadPoolExecutor(min(batches.workers, ahead), "batches")
    steps = iter(range(start, len(batches)))
    coming = deque(pool.submit(batches.batch, epoch, step, check_ended) for step in islice(steps, ahead))
    try:
        while coming:
            oldest = coming.popleft()
            while not wait([oldest], WAIT_S).done:
                check()
            batch = oldest.result()
            if (step := next(steps, None)) is not None:
                coming.append(pool.submit(batches.batch, epoch, step, check_ended))
            yield batch
    finally:
        ended.set()
        pool.shutdown(wait=False, cancel_futures=True)


def suited_ahead(batches: Batches) -> int:
    """Returns how many batches are made ahead: two a thread, as far as memory allows."""
    return max(2, min(2 * batches.workers, WAITING_BYTES // max(1, batches.batch_bytes)))
