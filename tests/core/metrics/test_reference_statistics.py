"""The figures for generated pictures, beside their floor."""

import numpy as np
import pytest

from core.metrics.frechet import Moments, frechet_distance
from core.metrics.reference_statistics import ReferenceStatistics, measure


def features(seed, count=600, sides=12, shift=0.0):
    return np.random.default_rng(seed).normal(size=(count, sides)).astype(np.float32) + np.float32(shift)


def test_more_real_pictures_lie_at_the_floor():
    found = measure(features(0), features(1, 300))
    assert found["count"] == 300
    assert found["fid"] == pytest.approx(found["floor"], rel=0.5)
    assert abs(found["kid"]) < 4 * found["kid_spread"]
    assert "is" not in found


def test_other_pictures_lie_above_it():
    found = measure(features(0), features(1, 300, shift=0.5), np.eye(3)[np.arange(300) % 3])
    assert found["fid"] > 3 * found["floor"]
    assert found["kid"] > 5 * abs(found["kid_floor"])
    assert found["is"] == 3


def test_all_sides_have_the_same_count():
    """200 real pictures make halves of 100: of 500 generated ones, 100 are compared."""
    reference = ReferenceStatistics(features(0, 200))
    found = reference.measure(features(1, 500))
    assert found["count"] == reference.count == 100
    assert found == reference.measure(features(1, 500)[:100])
    fewer = reference.measure(features(1, 40))
    assert fewer["count"] == 40
    assert fewer["floor"] > found["floor"]  # fewer pictures, higher floor


def test_the_floor_is_of_disjoint_halves():
    real = features(0, 64)
    halves = [frechet_distance(Moments.of(real[i]), Moments.of(real[j])) for i, j in [(slice(32), slice(32, 64))]]
    assert ReferenceStatistics(real).floor == pytest.approx(np.mean(halves), rel=0.35)
    # The same pictures on both sides would be no distance apart: were a half not disjoint, this would be lower.
    doubled = np.concatenate([real, real])
    assert ReferenceStatistics(doubled).floor < ReferenceStatistics(real).floor


def test_the_order_of_real_pictures_does_not_matter():
    """Data come sorted by class: halves cut in order would be classes apart."""
    real = np.concatenate([features(0, 100), features(1, 100, shift=5.0)])
    assert ReferenceStatistics(real).floor < 0.5 * frechet_distance(Moments.of(real[:100]), Moments.of(real[100:]))


def test_a_seed_repeats_and_at_most_count_are_compared():
    one, other = (ReferenceStatistics(features(0), 50, seed=4).measure(features(1)) for _ in range(2))
    assert one == other
    assert one["count"] == 50
    assert one != ReferenceStatistics(features(0), 50, seed=5).measure(features(1))


def test_too_few_to_measure():
    with pytest.raises(ValueError, match="four real pictures"):
        ReferenceStatistics(features(0, 3))
    with pytest.raises(ValueError, match="two generated"):
        ReferenceStatistics(features(0, 8)).measure(features(0, 1))


def test_it_can_be_stopped_between_its_parts():
    calls = []

    def check():
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ReferenceStatistics(features(0), check=check)
    calls.clear()
    reference = ReferenceStatistics(features(0), check=lambda: calls.append(1))
    before = len(calls)
    reference.measure(features(1))
    assert len(calls) > before
