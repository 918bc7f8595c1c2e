"""The kernel distance: by hand, against the definition, and without bias."""

import numpy as np
import pytest

from core.metrics.kernel_distance import kernel_distance


def test_by_hand():
    one, other = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]])
    # within: k(0, 1) = 1 and k(1, 2) = 27; across: (1 + 1 + 8 + 27) / 4 = 9.25
    assert kernel_distance(one, other).value == pytest.approx(1 + 27 - 2 * 9.25)


def test_is_the_definition():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(23, 5)), random.normal(size=(31, 5)) + 0.5
    kernel = lambda a, b: (a @ b / 5 + 1) ** 3  # noqa: E731
    within = [
        np.mean([kernel(a, b) for i, a in enumerate(cloud) for j, b in enumerate(cloud) if i != j])
        for cloud in (one, other)
    ]
    across = np.mean([kernel(a, b) for a in one for b in other])
    assert kernel_distance(one, other).value == pytest.approx(sum(within) - 2 * across)


def test_has_no_bias_on_equal_sets():
    """Its mean over many draws of one distribution is 0 within three standard errors; the biased one's is not."""
    random = np.random.default_rng(1)
    draws = [(random.normal(size=(20, 8)), random.normal(size=(20, 8))) for _ in range(800)]
    found = [kernel_distance(*pair, subsets=0).value for pair in draws]
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found)) < 3 * error
    selves = [sum(((cloud**2).sum(axis=1) / 8 + 1) ** 3) / 20**2 for pair in draws for cloud in pair]
    assert np.mean(selves) > 30 * error  # what comparing each with itself would add, about
    assert min(found) < 0


def test_tells_two_distributions_apart():
    random = np.random.default_rng(2)
    real, same, other = (
        random.normal(size=(400, 16)),
        random.normal(size=(400, 16)),
        random.normal(size=(400, 16)) + 0.4,
    )
    equal, unequal = kernel_distance(real, same), kernel_distance(real, other)
    assert unequal.value > 20 * abs(equal.value)
    assert unequal.value > 5 * unequal.spread > 0
    assert equal.subset_size == 200


def test_the_subsets_follow_the_seed():
    random = np.random.default_rng(3)
    clouds = random.normal(size=(50, 4)), random.normal(size=(60, 4))
    assert kernel_distance(*clouds, seed=1) == kernel_distance(*clouds, seed=1)
    assert kernel_distance(*clouds, seed=1).spread != kernel_distance(*clouds, seed=2).spread


def test_of_very_many_the_first_are_compared(monkeypatch):
    monkeypatch.setattr("core.metrics.kernel_distance.MOST", 200)
    random = np.random.default_rng(4)
    clouds = [random.normal(size=(250, 2)) for _ in range(2)]
    assert kernel_distance(*clouds) == kernel_distance(*(cloud[:200] for cloud in clouds))


def test_clouds_that_cannot_be_compared():
    with pytest.raises(ValueError, match="Two clouds"):
        kernel_distance(np.ones((1, 3)), np.ones((5, 3)))
