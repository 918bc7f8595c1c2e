import math

import numpy as np
import pytest
from shell_radius import shell_radius

from core.inference.latents import combine, latents, linear, on_shell, spherical, walk

X, Y = np.array([1.0, 0.0, 0.0], np.float32), np.array([0.0, 1.0, 0.0], np.float32)


def test_a_latent_depends_on_its_seed_and_number_alone():
    ten = latents(7, 10, 64)
    assert ten.shape == (10, 64)
    assert ten.dtype == np.float32
    np.testing.assert_array_equal(latents(7, 3, 64, first=4), ten[4:7])
    np.testing.assert_array_equal(latents(7, 1, 64, first=9)[0], ten[9])
    assert len(np.unique(np.concatenate([ten, latents(8, 10, 64)])[:, 0])) == 20


def test_a_seed_keeps_its_latents_from_version_to_version():
    np.testing.assert_allclose(latents(1, 2, 3), FIRST, atol=1e-6)


FIRST = np.array([[0.5333539, 1.2422457, 0.1818773], [0.3946598, 0.5838818, -1.1471213]])


def test_no_latent_is_in_two_streams():
    # A number beyond 32 bits would be taken apart, and its upper half for the next of the tuple.
    drawn = [latents(seed, 50, 8, stream=stream) for seed in (0, 7, 2**31 - 1) for stream in range(1, 7)]
    np.testing.assert_array_equal(drawn[0], latents(0, 50, 8))
    assert len(np.unique(np.concatenate(drawn), axis=0)) == 3 * 6 * 50


def test_latents_are_standard_normal():
    values = latents(0, 400, 250).ravel()  # 100,000 values: the mean's deviation is 0.003
    assert abs(values.mean()) < 0.015
    assert abs(values.std() - 1) < 0.01
    for bound, share in ((1.0, 0.6827), (2.0, 0.9545), (3.0, 0.9973)):
        assert abs((np.abs(values) < bound).mean() - share) < 0.007


@pytest.mark.parametrize("psi", [0.05, 0.5, 2.0])
def test_truncation_draws_anew_only_what_lies_beyond(psi):
    plain, cut = latents(3, 50, 200), latents(3, 50, 200, truncation=psi)
    within = np.abs(plain) <= psi
    np.testing.assert_array_equal(cut[within], plain[within])
    assert np.abs(cut).max() <= psi * (1 + 1e-6)
    # Not clipped: a truncated normal is nearly even where psi is small, and has no weight at its edge.
    assert (np.abs(cut) > 0.999 * psi).mean() < 0.004
    np.testing.assert_array_equal(latents(3, 1, 200, first=20, truncation=psi)[0], cut[20])
    assert np.linalg.norm(cut, axis=1).mean() == pytest.approx(shell_radius(200, psi), rel=0.03)


def test_a_truncation_that_would_never_end_is_refused():
    for psi in (0.049, 1e-9):
        with pytest.raises(ValueError, match=r"at least 0\.05"):
            latents(0, 2, 64, truncation=psi)


def test_the_shell_of_known_truncations():
    assert shell_radius(64) == 8
    assert shell_radius(3, 50.0) == pytest.approx(math.sqrt(3))
    # A normal cut at 1 has variance 1 - 2 phi(1) / (2 Phi(1) - 1) = 1 - 0.48394 / 0.68269 = 0.29112.
    assert shell_radius(1, 1.0) ** 2 == pytest.approx(0.29112, abs=1e-5)
    assert shell_radius(1, 0.05) == pytest.approx(0.05 / math.sqrt(3), rel=1e-3)  # nearly uniform


def test_linear_goes_straight():
    np.testing.assert_allclose(linear(X, 3 * Y, 3), [[1, 0, 0], [0.5, 1.5, 0], [0, 3, 0]])
    np.testing.assert_array_equal(linear(X, X, 4), [X] * 4)


def test_spherical_turns_evenly():
    half, root = 0.5, math.sqrt(3) / 2
    np.testing.assert_allclose(spherical(X, Y, 4), [[1, 0, 0], [root, half, 0], [half, root, 0], [0, 1, 0]], atol=1e-6)


def test_spherical_lets_the_norm_grow_evenly():
    path = spherical(X, 3 * Y, 5)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), [1, 1.5, 2, 2.5, 3], atol=1e-6)
    np.testing.assert_allclose(path[2], [math.sqrt(2), math.sqrt(2), 0], atol=1e-6)


def test_spherical_between_equal_or_parallel_latents_is_straight():
    np.testing.assert_array_equal(spherical(X, X, 3), [X] * 3)
    np.testing.assert_allclose(spherical(X, 3 * X, 3), [X, 2 * X, 3 * X])
    np.testing.assert_allclose(spherical(0 * X, Y, 3), [0 * X, Y / 2, Y])


def test_spherical_between_opposite_latents_goes_round_and_not_through():
    path = spherical(X, -X, 5)
    np.testing.assert_array_equal(path[[0, -1]], [X, -X])
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(path[2], Y, atol=1e-6)
    np.testing.assert_array_equal(spherical(X, -X, 5), path)


def test_spherical_is_accurate_near_both_ends_of_the_angle():
    for angle in (1e-5, 1e-3, math.pi - 1e-3):
        end = np.array([math.cos(angle), math.sin(angle), 0])
        middle = spherical(np.array([1.0, 0, 0]), end, 3)[1]
        np.testing.assert_allclose(middle, [math.cos(angle / 2), math.sin(angle / 2), 0], atol=2e-7)


def test_both_ways_keep_ends_exactly():
    start, end = latents(0, 2, 100)
    for way in (linear, spherical):
        path = way(start, end, 7)
        assert path.dtype == np.float32
        np.testing.assert_array_equal(path[[0, -1]], [start, end])
        np.testing.assert_allclose(way(end, start, 7)[::-1], path, atol=1e-5)


def test_arithmetic_of_hand_made_latents():
    # mean(base) = (2, 0, 0), minus = (2, -3, 0), plus = (0, 0, 4): the sum is (0, 3, 4), of norm 5.
    base, minus, plus = np.array([[1.0, 1, 0], [3, -1, 0]]), np.array([[2.0, -3, 0]]), np.array([[0.0, 0, 4]])
    radius = np.mean([math.sqrt(2), math.sqrt(10), math.sqrt(13), 4])
    np.testing.assert_allclose(combine(base, minus, plus), np.array([0, 3, 4]) / 5 * radius, rtol=1e-6)


def test_arithmetic_that_changes_nothing_gives_the_first_back():
    a, b = latents(5, 2, 80)
    lost = combine(a[None], b[None], b[None])
    np.testing.assert_allclose(lost / np.linalg.norm(lost), a / np.linalg.norm(a), atol=1e-6)
    np.testing.assert_array_equal(on_shell(np.zeros(4), 2.0), np.zeros(4))


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_walk_is_closed_smooth_and_begins_with_its_latent(seed):
    start = latents(seed, 1, 128)[0] * np.float32(0.8)
    path = walk(start, seed, 60)
    radius = np.linalg.norm(start)
    assert path.shape == (60, 128)
    np.testing.assert_array_equal(path[0], start)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), radius, rtol=1e-5)
    lengths = np.linalg.norm(np.diff(path, axis=0, append=path[:1]), axis=1)  # the way back to the start among them
    assert lengths.max() / lengths.min() < 1.05
    assert lengths.max() < radius / 2
    turned = np.diff(path, axis=0, append=path[:1])
    turned = np.sum(turned * np.roll(turned, -1, axis=0), axis=1) / (lengths * np.roll(lengths, -1))
    assert turned.min() > 0.8  # no corner, not even where it closes
    assert (path @ start).min() < 0.2 * radius**2  # it goes far: a quarter round, or nearly


def test_a_walk_is_the_same_path_in_any_number_of_steps():
    start = latents(2, 1, 32)[0]
    np.testing.assert_allclose(walk(start, 2, 20), walk(start, 2, 60)[::3], atol=0.01)
    np.testing.assert_array_equal(walk(start, 2, 20), walk(start, 2, 20))
    assert np.abs(walk(start, 2, 20) - walk(start, 3, 20)).max() > 0.5
    np.testing.assert_array_equal(walk(start, 2, 1), [start])
    assert not walk(np.zeros(4), 2, 3).any()
