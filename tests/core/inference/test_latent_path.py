import numpy as np
import pytest
from shell_radius import shell_radius

from core.inference.latent_path import latent_path
from core.inference.latents import combine, latents
from core.settings.interpolate import InterpolateSettings

DIMS = 64


def path(seed=5, **values):
    return latent_path(InterpolateSettings(run="r", **values), seed, DIMS)


@pytest.mark.parametrize("method", ["linear", "spherical"])
def test_a_way_leads_from_one_seed_to_the_other(method):
    found = path(method=method, from_seed=3, to_seed=9, steps=6)
    assert found.latents.shape == (6, DIMS)
    np.testing.assert_array_equal(found.latents[0], latents(3, 1, DIMS)[0])
    np.testing.assert_array_equal(found.latents[-1], latents(9, 1, DIMS)[0])
    np.testing.assert_allclose(found.shares, [0, 0.2, 0.4, 0.6, 0.8, 1])
    assert found.seeds == (3, 9)


def test_a_way_keeps_to_the_shell_only_where_it_is_spherical():
    def middle(method):
        return np.linalg.norm(path(method=method, steps=3).latents[1])

    assert middle("spherical") == pytest.approx(shell_radius(DIMS), rel=0.1)
    assert middle("linear") < 0.8 * shell_radius(DIMS)


def test_seeds_left_open_follow_the_job():
    assert path(seed=5).seeds == (5, 6)
    assert path(seed=5, method="walk").seeds == (5,)
    assert path(seed=2**31 - 1, method="arithmetic").seeds == (2**31 - 1, 0, 1)
    np.testing.assert_array_equal(path(seed=7).latents, path(seed=1, from_seed=7).latents)


def test_a_picture_of_a_sheet_can_be_an_end():
    found = path(from_seed=3, from_number=4, to_seed=3, to_number=8)
    np.testing.assert_array_equal(found.latents[[0, -1]], latents(3, 9, DIMS)[[4, 8]])


def test_truncation_holds_for_the_ends_and_for_a_walk():
    found = path(truncation=0.5)
    assert np.abs(found.latents[[0, -1]]).max() <= 0.5001
    walked = path(method="walk", truncation=0.5).latents
    np.testing.assert_allclose(np.linalg.norm(walked, axis=1), shell_radius(DIMS, 0.5), rtol=0.1)


def test_a_way_back_repeats_without_showing_an_end_twice():
    there, found = path(steps=5), path(steps=5, back=True)
    np.testing.assert_array_equal(found.latents, there.latents[[0, 1, 2, 3, 4, 3, 2, 1]])
    np.testing.assert_allclose(found.shares, [0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25])


def test_a_walk_begins_with_the_picture_that_is_named():
    for cut in (0.0, 0.5):
        found = path(method="walk", from_seed=3, from_number=4, truncation=cut, steps=6)
        np.testing.assert_array_equal(found.latents[0], latents(3, 5, DIMS, truncation=cut)[4])
        assert found.seeds == (3,)


def test_a_walk_brings_the_class_back():
    found = path(method="walk", steps=8)
    assert found.shares[0] == 0
    assert found.shares[4] == pytest.approx(1)
    np.testing.assert_allclose(found.shares[1:], found.shares[:0:-1])


@pytest.mark.parametrize("average", [1, 3])
def test_arithmetic_takes_one_thing_away_and_adds_another(average):
    found = path(method="arithmetic", from_seed=1, to_seed=2, less_seed=3, average=average, steps=4)
    a, c, b = (latents(seed, average, DIMS).mean(axis=0) for seed in (1, 2, 3))

    def direction(latent):
        return latent / np.linalg.norm(latent)

    np.testing.assert_allclose(direction(found.latents[0]), direction(a), atol=1e-5)
    np.testing.assert_allclose(direction(found.latents[-1]), direction(a - b + c), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found.latents, axis=1), shell_radius(DIMS), rtol=0.15)
    assert found.seeds == (1, 2, 3)


def test_arithmetic_begins_with_the_chosen_picture_itself():
    found = path(method="arithmetic", from_seed=1, from_number=4, to_seed=2, less_seed=3, steps=4, back=True).latents
    first, added, gone = latents(1, 5, DIMS)[4:], latents(2, 1, DIMS), latents(3, 1, DIMS)
    np.testing.assert_array_equal(found[0], first[0])
    np.testing.assert_array_equal(found[3], combine(first, gone, added))
    assert abs(np.linalg.norm(found[0]) - np.linalg.norm(found[3])) > 0.1  # so the end's norm is not the start's
