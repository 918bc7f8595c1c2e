"""The Fréchet distance against hand-computed figures and scipy's matrix root."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from core.metrics.frechet import Moments, frechet_distance


def by_scipy(one, other):
    """The formula as it is usually written."""
    root = sqrtm(one.covariance @ other.covariance)
    apart = one.mean - other.mean
    return apart @ apart + np.trace(one.covariance + other.covariance - 2 * np.real(root))


def cloud(seed, count, sides, scale=1.0):
    random = np.random.default_rng(seed)
    return random.normal(size=(count, sides)) @ random.normal(size=(sides, sides)) * scale + random.normal(size=sides)


def test_moments_by_hand():
    moments = Moments.of(np.array([[0.0, 2.0], [2.0, 2.0], [4.0, 5.0]], np.float32))
    assert moments.mean.tolist() == [2.0, 3.0]
    np.testing.assert_allclose(moments.covariance, [[4.0, 3.0], [3.0, 3.0]], rtol=1e-12)
    assert moments.covariance.dtype == np.float64
    assert moments.count == 3


@pytest.mark.parametrize("sides", [64, 256, pytest.param(2048, marks=pytest.mark.slow)])
def test_means_one_apart_in_each_dimension(sides):
    unit = np.eye(sides)
    assert frechet_distance(Moments.given(np.zeros(sides), unit), Moments.given(np.ones(sides), unit)) == sides


def test_diagonal_covariances_by_hand():
    one = Moments.given(np.array([1.0, 0.0]), np.diag([4.0, 9.0]))
    other = Moments.given(np.array([0.0, 2.0]), np.diag([1.0, 25.0]))
    # 1 + 4 for the means, (2 - 1)^2 + (3 - 5)^2 for the deviations
    assert frechet_distance(one, other) == pytest.approx(10.0, abs=1e-12)


@pytest.mark.parametrize("sides", [2, 17, 96])
def test_agrees_with_scipy(sides):
    one, other = (Moments.of(cloud(seed, 4 * sides, sides)) for seed in (1, 2))
    assert frechet_distance(one, other) == pytest.approx(by_scipy(one, other), rel=1e-9)


def test_fewer_pictures_than_dimensions():
    """Both covariances are singular, where scipy would need an offset; by the roots of both it needs none."""
    one, other = (Moments.of(cloud(seed, 20, 64)) for seed in (1, 2))
    assert one.factor.shape == (20, 64)
    roots = [Moments.given(each.mean, each.covariance) for each in (one, other)]
    assert roots[0].factor.shape == (64, 64)
    assert frechet_distance(one, other) == pytest.approx(frechet_distance(*roots), rel=1e-9)
    assert frechet_distance(one, other) == pytest.approx(by_scipy(one, other), rel=1e-4)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_a_cloud_is_at_no_distance_from_itself(scale):
    moments = Moments.of(cloud(3, 30, 48, scale))
    assert 0 <= frechet_distance(moments, moments) < 1e-12 * np.trace(moments.covariance)


def test_pictures_that_are_all_alike():
    still = Moments.of(np.ones((5, 3)))
    assert frechet_distance(still, still) == 0
    assert frechet_distance(still, Moments.given(np.ones(3), np.eye(3))) == 3


def test_one_picture_has_no_spread():
    with pytest.raises(ValueError, match="at least two"):
        Moments.of(np.ones((1, 3)))
    with pytest.raises(ValueError, match="as many dimensions"):
        frechet_distance(Moments.of(cloud(1, 9, 2)), Moments.of(cloud(1, 9, 3)))
