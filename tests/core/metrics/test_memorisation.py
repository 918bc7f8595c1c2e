"""Planted copies are found among real digits; held-out digits are not taken for copies."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from core.metrics import memorisation as module
from core.metrics.memorisation import find_copies


@pytest.fixture(scope="module")
def digits():
    """1,797 digits of 8x8 px: training pictures, held-out ones, and others that stand for an honest generator's."""
    pictures = (load_digits().images / 16 * 255).astype(np.uint8)[..., None]
    order = np.random.default_rng(0).permutation(len(pictures))
    return pictures[order[:1200]], pictures[order[1200:1500]], pictures[order[1500:]]


def noisy(pictures, deviation):
    random = np.random.default_rng(1)
    return np.clip(pictures + random.normal(0, deviation, pictures.shape), 0, 255).astype(np.uint8)


def moved(pictures):
    random = np.random.default_rng(2)
    return np.stack([np.roll(one, random.integers(-1, 2, 2), (0, 1)) for one in pictures])


def test_real_pictures_that_were_not_trained_on_are_no_copies(digits):
    train, held_out, others = digits
    found = find_copies(others, train, held_out)
    assert not found.alarm
    assert len(found.copies) <= 2  # of 297
    assert found.false_alarms <= 0.01
    assert found.held_out == 300
    assert "no more than chance explains" in found.verdict.message or not found.copies


@pytest.mark.parametrize("spoil", [lambda x: x, lambda x: noisy(x, 10), moved, lambda x: noisy(moved(x), 8)])
def test_copies_are_found_with_their_originals(digits, spoil):
    train, held_out, others = digits
    fake = np.concatenate([others[:80], spoil(train[500:540])])
    found = find_copies(fake, train, held_out)
    planted = set(range(80, 120))
    assert len(planted & set(found.copies)) >= 38
    assert len(set(found.copies) - planted) <= 1
    np.testing.assert_array_equal(found.nearest[80:], np.arange(500, 540))
    assert found.alarm
    assert found.verdict.values == {"copies": len(found.copies), "count": 120}


def test_mirrored_copies_are_found_where_they_are_asked_for(digits):
    train, held_out, others = digits
    fake = np.concatenate([others[:80], train[:40, :, ::-1]])
    assert len(find_copies(fake, train, held_out, mirrored=True).copies) >= 40
    assert len(find_copies(fake, train, held_out).copies) < 10  # an 8 looks the same


def test_one_copy_is_enough(digits):
    train, held_out, others = digits
    found = find_copies(np.concatenate([others[:200], train[7:8]]), train, held_out)
    assert found.alarm
    assert 200 in found.copies
    assert found.nearest[200] == 7
    assert found.distances[200] < 1e-3 < found.held_out_distance


def burst(pictures, count, deviation=5):
    """Each of the pictures so many times over, as a camera or a film has them: never quite the same."""
    return noisy(pictures.repeat(count, axis=0), deviation)


def test_copies_of_a_picture_with_many_near_duplicates_are_found(digits):
    train, held_out, others = digits
    fake = np.concatenate([others, noisy(train[:40], 10), noisy(train[500:540], 10)])
    found = find_copies(fake, np.concatenate([train, burst(train[:40], 25)]), held_out)
    copies, count = set(found.copies), len(others)
    assert len(copies & set(range(count, count + 40))) >= 38  # of what is there 26 times
    assert len(copies & set(range(count + 40, count + 80))) >= 38  # of what is there once
    assert len(copies & set(range(count))) <= 2
    assert found.false_alarms <= 0.01
    assert found.alarm


@pytest.mark.parametrize("also_held_out", [0, 10, 60])
def test_near_duplicates_alone_are_no_alarm(digits, also_held_out):
    train, held_out, others = digits
    held_out = np.concatenate([held_out[also_held_out:], noisy(train[:also_held_out], 6)])
    found = find_copies(others, np.concatenate([train, burst(train[:60], 25)]), held_out)
    assert not found.alarm
    assert len(found.copies) <= 2


def test_distances_are_those_of_the_definition(digits):
    train, held_out, others = digits
    found = find_copies(others[:5], train, held_out)
    for place, one in enumerate(others[:5] / 255.0):
        views = [one[top : top + 6, left : left + 6] for top in range(3) for left in range(3)]
        all_of_them = np.min(
            [((train[:, 1:7, 1:7] / 255.0 - view) ** 2).mean(axis=(1, 2, 3)) for view in views], axis=0
        )
        nearest = np.sqrt(np.sort(all_of_them))[:20]
        assert found.distances[place] == pytest.approx(nearest[0], abs=1e-4)
        assert found.ratios[place] == pytest.approx(nearest[0] / nearest[1:].mean(), abs=1e-3)


def test_the_chunk_does_not_matter(digits, monkeypatch):
    train, held_out, others = digits
    whole = find_copies(others[:50], train, held_out[:50])
    monkeypatch.setattr(module, "CHUNK", 17)
    parts = find_copies(others[:50], train, held_out[:50])
    np.testing.assert_allclose(whole.ratios, parts.ratios, rtol=1e-3)
    np.testing.assert_array_equal(whole.nearest, parts.nearest)


def test_large_pictures_are_averaged_and_copies_still_found():
    random = np.random.default_rng(3)
    coarse = random.integers(0, 256, (260, 12, 12, 3), np.uint8)
    pictures = coarse.repeat(8, axis=1).repeat(8, axis=2)  # (N, 96, 96, 3)
    found = find_copies(np.concatenate([pictures[100:110], pictures[:5]]), pictures[:100], pictures[110:])
    assert found.copies == (10, 11, 12, 13, 14)


def test_only_the_pictures_that_were_trained_on_count(digits):
    train, held_out, others = digits
    places = np.arange(0, 1200, 2)
    found = find_copies(np.concatenate([others[:50], train[[100, 101]]]), train, held_out, places=places)
    assert 50 in found.copies
    assert 51 not in found.copies
    assert found.nearest[50] == 100
    assert set(found.nearest) <= set(places)


def test_few_held_out_pictures_give_the_usual_threshold(digits):
    train, held_out, others = digits
    found = find_copies(np.concatenate([others[:50], train[:3]]), train, held_out[:0])
    assert found.threshold == module.USUAL
    assert found.alarm
    assert set(found.copies) >= {50, 51, 52}
    assert found.held_out == 0


def test_a_stop_is_heard(digits):
    def stop(done, total):
        assert total == len(digits[0])
        raise InterruptedError

    with pytest.raises(InterruptedError):
        find_copies(digits[2], digits[0], digits[1], on_progress=stop)


def test_pictures_of_different_sizes_are_a_mistake(digits):
    with pytest.raises(ValueError, match="one shape"):
        find_copies(np.zeros((4, 9, 9, 1), np.uint8), digits[0], digits[1])
