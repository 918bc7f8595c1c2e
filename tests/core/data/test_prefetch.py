"""Batches made ahead of time are the same ones, in the same order, from wherever they are asked for."""

import threading
import time

import numpy as np
import pytest

from core.data.augment import Augmentation
from core.data.batches import Batches
from core.data.prefetch import Prefetched, prefetched
from core.data.targets.classes import ClassTargets
from core.data.unloaded import PixelFile, UnloadedImages


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (50, 8, 6, 3), dtype=np.uint8)


def batches_of(images, seed=3):
    targets = ClassTargets(("a", "b"), np.arange(50) % 2)
    return Batches(images, targets, np.arange(3, 47), 8, seed, Augmentation(2, flip=True))


def same(left, right):
    return all(np.array_equal(one, other) for one, other in zip(left, right, strict=True))


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("seed", [3, None])
def test_they_are_those_that_would_be_made_one_after_the_other(pixels, workers, seed):
    plain = batches_of(pixels, seed)
    ahead = Prefetched(plain, workers)
    assert (len(ahead), ahead.batch_size) == (len(plain), plain.batch_size)
    places = [(epoch, step) for epoch in range(3) for step in range(len(plain))]
    for place in [*places, (0, 4), (0, 5), (2, 1), (0, 0), (0, 0)]:  # and where a training goes on, or looks twice
        assert same(ahead.batch(*place), plain.batch(*place)), place


def test_the_next_ones_are_made_while_one_is_trained_on(pixels):
    made = threading.Semaphore(0)

    class Slow(Batches):
        def batch(self, epoch, step):
            found = super().batch(epoch, step)
            made.release()
            return found

    plain = batches_of(pixels)
    plain.__class__ = Slow
    Prefetched(plain, 2).batch(0, 0)
    for _ in range(3):
        assert made.acquire(timeout=5)


def test_a_picture_that_can_not_be_read_is_told_to_whom_asks_for_its_batch(pixels):
    def read(place):
        if place == 40:
            raise OSError("gone")
        return pixels[place]

    plain = batches_of(UnloadedImages(read, pixels.shape))
    ahead = prefetched(plain)
    assert isinstance(ahead, Prefetched)
    bad = [step for step in range(len(plain)) if 40 in plain.order(0)[step * 8 : step * 8 + 8]]
    for step in range(len(plain)):
        if step in bad:
            with pytest.raises(OSError, match="gone"):
                ahead.batch(0, step)
        else:
            ahead.batch(0, step)


def test_small_batches_in_memory_are_made_when_they_are_asked_for(pixels):
    plain = batches_of(pixels)
    assert prefetched(plain) is plain
    large = np.zeros((50, 224, 224, 3), np.uint8)
    assert isinstance(prefetched(batches_of(large)), Prefetched)


def test_pictures_on_disk_are_chosen_as_those_of_an_array_are(pixels, tmp_path):
    path = tmp_path / "pixels.u8"
    path.write_bytes(pixels.tobytes())
    found = UnloadedImages(PixelFile(path, pixels.shape[1:]), pixels.shape)
    path.unlink()  # a cache makes room while it is read
    for chosen in (7, slice(3, 20, 4), np.array([5, 1, 5]), np.arange(50) % 3 == 0):
        np.testing.assert_array_equal(found[chosen], pixels[chosen])
    np.testing.assert_array_equal(np.asarray(found), pixels)


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
    with pytest.raises(OSError, match="ends before picture 49"):
        read(49)
