"""The clock that stands still in pauses."""

from core.training.loop.clock import Clock


def test_pauses_do_not_count():
    now = [10.0]
    clock = Clock(lambda: now[0])
    began = clock()
    now[0] += 2
    with clock.paused():
        now[0] += 100
        assert clock() - began == 2
    now[0] += 3
    assert clock() - began == 5
