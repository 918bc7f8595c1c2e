"""The alarm rings for collapsed generators and not for real pictures. Figures on a real judge: tests/core/tasks."""

import numpy as np
import pytest

from core.metrics.collapse import find_collapse

CLASSES = tuple("abcdefghij")


class World:
    """Ten classes of Gaussian features and a classifier that is always right; stands for real pictures."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.middles = 4 * np.random.default_rng(0).normal(size=(10, 24))

    def draw(self, count, classes=range(10), spread=1.0):
        labels = self.random.choice(list(classes), count)
        return self.middles[labels] + spread * self.random.normal(size=(count, 24)), np.eye(10)[labels]

    def repeat(self, modes, count):
        features, probabilities = self.draw(modes)
        chosen = self.random.integers(0, modes, count)
        return features[chosen] + 0.02 * self.random.normal(size=(count, 24)), probabilities[chosen]


def verdict(real, fake, *, clusters=False):
    if clusters:
        return find_collapse(real[0], fake[0])
    return find_collapse(real[0], fake[0], real[1], fake[1], CLASSES)


@pytest.mark.parametrize("clusters", [False, True])
@pytest.mark.parametrize("count", [20, 50, 200, 1000])
def test_good_pictures_raise_no_alarm(count, clusters):
    """Sixty draws at each count; one false alarm would already be many."""
    for seed in range(20 if clusters else 60):
        world = World(seed)
        found = verdict(world.draw(300), world.draw(count), clusters=clusters)
        assert not found.alarm, (seed, found)


@pytest.mark.parametrize("clusters", [False, True])
@pytest.mark.parametrize("count", [20, 50, 200, 1000])
def test_collapsed_pictures_raise_one(count, clusters):
    for seed in range(5):
        world = World(seed)
        real = world.draw(300)
        collapsed = {
            "one class": world.draw(count, [3]),
            "three classes": world.draw(count, range(3)),
            "one picture": world.repeat(1, count),
            "four pictures": world.repeat(4, count),
            "nearly one picture a class": world.draw(count, spread=0.1),
        }
        for what, fake in collapsed.items():
            assert verdict(real, fake, clusters=clusters).alarm, (what, seed)


def test_missing_classes_are_named():
    world = World(1)
    found = verdict(world.draw(500), world.draw(500, range(8)))
    assert found.missed == ("i", "j")
    assert found.kinds == 10
    assert found.verdict.message.startswith("The generator hardly draws")
    assert found.verdict.values == {"missed": 2, "kinds": 10, "names": "i, j"}


def test_a_class_drawn_half_as_often_is_not_missed_nor_a_rare_one():
    world = World(2)
    fewer = world.draw(950), world.draw(50, [9])
    fake = tuple(np.concatenate(parts) for parts in zip(*fewer, strict=True))
    assert not verdict(world.draw(500), fake).alarm
    rare = tuple(np.concatenate(parts) for parts in zip(world.draw(498, range(9)), world.draw(2, [9]), strict=True))
    assert not verdict(rare, world.draw(1000, range(9))).alarm


def test_many_pictures_repeated_are_told_by_their_spacing():
    """Thirty different pictures, every class among them, drawn 300 times."""
    world = World(3)
    found = verdict(world.draw(300), world.repeat(30, 300))
    assert found.alarm
    assert found.spacing < 0.1
    assert found.diversity > 0.8
    assert "repeats itself" in found.verdict.message


def test_pictures_alike_within_their_class():
    world = World(4)
    found = verdict(world.draw(400), world.draw(400, spread=0.45))
    assert found.alarm
    assert found.within == pytest.approx(0.45, abs=0.05)
    assert found.diversity > 0.8


def test_pixels_tell_what_features_do_not():
    """The features vary as they should, but each class is drawn with one stroke and a little noise."""
    world = World(7)
    real, fake = world.draw(300), world.draw(300)
    strokes = world.random.integers(0, 256, (10, 40, 40, 3))

    def pictures(drawn, noise):
        clean = strokes[drawn[1].argmax(axis=1)]
        return np.clip(clean + noise * world.random.normal(size=clean.shape), 0, 255).astype(np.uint8)

    varied, alike = pictures(real, 60), pictures(fake, 6)
    found = find_collapse(real[0], fake[0], real[1], fake[1], CLASSES, real_pictures=varied, fake_pictures=alike)
    assert found.alarm
    assert found.within == pytest.approx(1, abs=0.1)
    assert found.pixels < 0.3
    assert "of one kind" in found.verdict.message
    again = find_collapse(
        real[0], fake[0], real[1], fake[1], CLASSES, real_pictures=varied, fake_pictures=pictures(fake, 60)
    )
    assert not again.alarm
    assert again.pixels == pytest.approx(1, abs=0.1)


def test_too_few_to_tell():
    world = World(5)
    found = verdict(world.draw(300), world.repeat(1, 10))
    assert not found.alarm
    assert "too few" in found.verdict.message
    assert found.count == 10


def test_figures_are_ratios_to_real_pictures():
    world = World(6)
    real = world.draw(400)
    found = verdict(real, real)
    assert found.kinds_drawn == pytest.approx(1, abs=0.01)
    assert found.diversity == pytest.approx(1, abs=0.01)
    assert found.within == pytest.approx(1, abs=0.02)
    assert found.spacing == pytest.approx(1, abs=0.05)
    assert found.verdict.message.startswith("No collapse: all {kinds} kinds")


@pytest.mark.parametrize("different", [1, 2])
def test_real_pictures_that_are_mostly_copies_are_compared_without_a_librarys_warning(different):
    rng = np.random.default_rng(0)
    real = np.repeat(rng.normal(size=(different, 4)), 60 // different, axis=0)
    assert find_collapse(real, rng.normal(size=(60, 4))).kinds == different
