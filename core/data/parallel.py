"""Does one thing for many pictures, in order, in a thread or several, and stops at once when asked to."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from core.data.progress import Progressing

Result = TypeVar("Result")

CHUNK = 16
MAX_WORKERS = 4
WAIT_S = 0.05
LARGE_PIXELS = 500_000


def each(
    function: Callable[[int], Result], count: int, progress: Progressing, workers: int = 1
) -> Iterator[tuple[int, Result]]:
    """Yields (place, function(place)) for each place below the count, in order.

    Args:
        function: called in other threads.
        count: how many.
        workers: how many threads work. The decoders let go of Python's lock, so more than one helps where pictures
            are large; where they are tiny, the threads only get into each other's way (CIFAR-10: 8 s with one, 11 s
            with two).
        progress: is advanced by each, and asks whether to stop while a slow one is waited for.

    Raises:
        CancelledError: the user has asked the job to stop. Threads end after the picture they are at.
    """
    ended = threading.Event()

    def work(start: int) -> list[Result]:
        results = []
        for place in range(start, min(start + CHUNK, count)):
            if ended.is_set():
                break
            results.append(function(place))
        return results

    starts = iter(range(0, count, CHUNK))
    waiting: deque[tuple[int, Future[list[Result]]]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")
    try:
        while True:
            while len(waiting) < 2 * workers and (start := next(starts, None)) is not None:
                waiting.append((start, pool.submit(work, start)))
            if not waiting:
                return
            start, future = waiting.popleft()
            while not _done(future):
                progress.tick()
            for offset, result in enumerate(future.result()):
                yield start + offset, result
                progress.advance()
    finally:
        ended.set()
        pool.shutdown(wait=False, cancel_futures=True)


def suited_workers(pixels: float) -> int:
    """Returns how many threads suit pictures of that many pixels."""
    return min(MAX_WORKERS, os.cpu_count() or 1) if pixels >= LARGE_PIXELS else 1


def _done(future: Future[list[Result]]) -> bool:
    try:
        future.exception(timeout=WAIT_S)
    except TimeoutError:
        return False
    return True
