import threading
import time

import pytest

from core.data.parallel import each, suited_workers
from core.data.progress import Progressing
from core.errors import CancelledError
from core.events import Progress


@pytest.mark.parametrize("workers", [1, 4])
def test_results_come_in_order(context, workers):
    progress = Progressing(context, "decode", 200, "pictures")
    found = list(each(lambda place: place * place, 200, progress, workers))
    assert found == [(place, place * place) for place in range(200)]
    assert progress.done == 200


def test_nothing_to_do(context):
    assert list(each(lambda place: place, 0, Progressing(context, "decode", 0, "pictures"))) == []


def test_errors_reach_the_caller(context):
    def fail(place):
        raise ValueError(place)

    with pytest.raises(ValueError, match="0"):
        list(each(fail, 5, Progressing(context, "decode", 5, "pictures")))


def test_threads_end_after_the_picture_they_are_at(context):
    def work(place):
        time.sleep(0.02)
        return place

    before = set(threading.enumerate())
    threading.Timer(0.1, context.cancel).start()
    with pytest.raises(CancelledError):
        list(each(work, 10_000, Progressing(context, "decode", 10_000, "pictures"), workers=2))
    time.sleep(0.2)
    assert not set(threading.enumerate()) - before


def test_progress_is_not_told_too_often(context):
    progress = Progressing(context, "decode", 100_000, "pictures")
    started = time.perf_counter()
    for _ in range(100_000):
        progress.advance()
    progress.end()
    assert len(context.of(Progress)) <= 2 + (time.perf_counter() - started) / 0.1


def test_pause_holds_the_work(context):
    context.pause()
    threading.Timer(0.3, context.resume).start()
    started = time.perf_counter()
    list(each(lambda place: place, 10, Progressing(context, "decode", 10, "pictures")))
    assert time.perf_counter() - started > 0.25


def test_only_large_pictures_get_several_threads():
    assert suited_workers(100 * 100) == 1
    assert 1 <= suited_workers(4000 * 3000) <= 4
