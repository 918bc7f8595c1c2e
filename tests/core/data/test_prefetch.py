"""Batches made ahead of time are the same ones, in the same order, from wherever they are asked for."""

import os
import threading
import time
from contextlib import closing

import numpy as np
import pytest

from core.data import prefetch as prefetch_module
from core.data.augment import Augmentation
from core.data.picture_batches import PictureBatches
from core.data.prefetch import WAITING_BYTES, prefetch, suited_ahead
from core.data.targets.classes import ClassTargets
from core.data.unloaded import PixelFile, UnloadedImages
from core.errors import CancelledError, UserError


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (50, 8, 6, 3), dtype=np.uint8)


def batches_of(images, seed=3):
    targets = ClassTargets(("a", "b"), np.arange(50) % 2)
    return PictureBatches(images, targets, np.arange(3, 47), 8, seed, Augmentation(2, flip=True))


def same(left, right):
    return all(np.array_equal(one, other) for one, other in zip(left, right, strict=True))


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("seed", [3, None])
@pytest.mark.parametrize("start", [0, 4, 5])
def test_they_are_those_that_would_be_made_one_after_the_other(pixels, monkeypatch, workers, seed, start):
    monkeypatch.setattr(PictureBatches, "workers", workers)
    batches = batches_of(pixels, seed)
    for epoch in range(2):
        found = list(prefetch(batches, epoch, start))
        assert len(found) == len(batches) - start
        for step, batch in enumerate(found, start):
            assert same(batch, batches.batch(epoch, step))


def test_the_next_ones_are_made_while_one_is_trained_on(pixels):
    made = threading.Semaphore(0)

    class Watched(PictureBatches):
        def batch(self, epoch, step, *arguments):
            found = super().batch(epoch, step, *arguments)
            made.release()
            return found

    batches = batches_of(pixels)
    batches.__class__ = Watched
    with closing(prefetch(batches, 0)) as coming:
        next(coming)
        for _ in range(3):
            assert made.acquire(timeout=5)


def test_no_thread_is_left_where_an_epoch_is_left_early(pixels):
    with closing(prefetch(batches_of(pixels), 0)) as coming:
        next(coming)
    assert_threads_end()


def assert_threads_end():
    until = time.monotonic() + 1
    while any(thread.name.startswith("batches") for thread in threading.enumerate()):
        assert time.monotonic() < until
        time.sleep(0.01)


def slowly(pixels, seconds=0.2):
    """Returns pictures each of which takes so long; a batch of eight takes 1.6 s."""

    def read(place):
        time.sleep(seconds)
        return pixels[place]

    return UnloadedImages(read, pixels.shape)


def test_closing_waits_for_no_slow_picture(pixels):
    with closing(prefetch(batches_of(slowly(pixels)), 0)) as coming:
        next(coming)
        began = time.monotonic()
    assert time.monotonic() - began < 0.1
    assert_threads_end()


def test_who_waits_for_a_slow_batch_is_asked_whether_to_go_on(pixels):
    asked = []

    def check():
        asked.append(time.monotonic())
        if len(asked) == 3:
            raise CancelledError

    began = time.monotonic()
    with closing(prefetch(batches_of(slowly(pixels)), 0, check=check)) as coming, pytest.raises(CancelledError):
        next(coming)
    assert time.monotonic() - began < 1
    assert len(asked) == 3
    assert_threads_end()


def test_a_picture_that_can_not_be_read_is_told_to_whom_asks_for_its_batch(pixels):
    def read(place):
        if place == 40:
            raise OSError("gone")
        return pixels[place]

    batches = batches_of(UnloadedImages(read, pixels.shape))
    bad = next(step for step in range(len(batches)) if 40 in batches.order(0)[step * 8 : step * 8 + 8])
    with closing(prefetch(batches, 0)) as coming:
        for _ in range(bad):
            next(coming)
        with pytest.raises(OSError, match="gone"):
            next(coming)


def test_large_batches_and_pictures_on_disk_are_made_by_several_threads(pixels, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert batches_of(pixels).workers == 1
    assert batches_of(np.zeros((50, 224, 224, 3), np.uint8)).workers == 4
    assert batches_of(UnloadedImages(lambda place: pixels[place], pixels.shape)).workers == 4


@pytest.mark.parametrize(
    ("size", "shape", "ahead"),
    [(8, (64, 64, 3), 16), (256, (224, 224, 3), 6), (8192, (64, 64, 3), 2), (64, (4000, 4000, 3), 2)],
)
def test_batches_that_wait_are_bounded_by_memory(monkeypatch, size, shape, ahead):
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    images = UnloadedImages(lambda place: np.zeros(shape, np.uint8), (size, *shape))
    batches = PictureBatches(images, ClassTargets(("a",), np.zeros(size, np.int32)), np.arange(size), size)
    assert suited_ahead(batches) == ahead
    assert ahead == 2 or ahead * size * np.prod(shape) <= WAITING_BYTES


def test_no_more_batches_are_made_than_may_wait(pixels, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(prefetch_module, "WAITING_BYTES", 3 * 8 * 8 * 6 * 3)
    made = []

    class Counted(PictureBatches):
        def batch(self, epoch, step, *arguments):
            made.append(step)
            return super().batch(epoch, step, *arguments)

    batches = batches_of(UnloadedImages(lambda place: pixels[place], pixels.shape))
    batches.__class__ = Counted
    with closing(prefetch(batches, 0)) as coming:
        next(coming)
        time.sleep(0.3)
        assert sorted(made) == [0, 1, 2, 3]  # one in use, three wait


def test_pictures_on_disk_are_chosen_as_those_of_an_array_are(pixels, tmp_path):
    path = tmp_path / "pixels.u8"
    path.write_bytes(pixels.tobytes())
    found = UnloadedImages(PixelFile(path, pixels.shape[1:]), pixels.shape)
    path.unlink()  # a cache makes room while it is read
    for chosen in (7, -1, np.int32(3), slice(3, 20, 4), np.array([5, 1, 5]), np.arange(50) % 3 == 0):
        np.testing.assert_array_equal(found[chosen], pixels[chosen])
    np.testing.assert_array_equal(np.asarray(found), pixels)
    with pytest.raises(IndexError):
        found[50]


def test_one_picture_costs_the_same_whatever_lies_beside_it():
    shape = (2**50, 1, 1, 1)  # its places alone would take more memory than there is
    found = UnloadedImages(lambda place: np.full((1, 1, 1), place % 251, np.uint8), shape)
    assert found[2**40] == 2**40 % 251


def test_pictures_on_disk_are_read_by_several_threads_at_a_time(pixels, tmp_path):
    path = tmp_path / "pixels.u8"
    path.write_bytes(pixels.tobytes())
    found = UnloadedImages(PixelFile(path, pixels.shape[1:]), pixels.shape)
    wrong = []

    def work(seed):
        random = np.random.default_rng(seed)
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            chosen = random.integers(0, 50, 9)
            if not np.array_equal(found[chosen], pixels[chosen]):
                wrong.append(chosen)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_file_that_was_cut_is_no_picture(pixels, tmp_path):
    path = tmp_path / "pixels.u8"
    path.write_bytes(pixels.tobytes()[:-1])
    read = PixelFile(path, pixels.shape[1:])
    read(48)
    with pytest.raises(UserError, match=r"can no longer be read .it has become shorter.*decoded anew"):
        read(49)
