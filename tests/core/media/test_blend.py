"""Patches without a seam, against what follows from Laplace's equation."""

import numpy as np
import pytest

from core.media.blend import paste, poisson_blend


@pytest.fixture
def hole():
    found = np.zeros((12, 16), bool)
    found[3:9, 4:12] = True
    return found


def ramp():
    y, x = np.mgrid[:12, :16]
    return (40 + 5 * y + 3 * x)[..., None].astype(np.uint8)


def test_a_pasted_patch_is_there_and_nothing_else_changes(hole):
    picture, patch = ramp(), np.full((12, 16, 1), 7, np.uint8)
    pasted = paste(picture, patch, hole)
    assert (pasted[hole] == 7).all()
    np.testing.assert_array_equal(pasted[~hole], picture[~hole])


def test_a_patch_that_is_off_by_a_constant_fits_exactly(hole):
    picture = ramp()
    np.testing.assert_array_equal(poisson_blend(picture, picture + 60, hole), picture)


def test_a_flat_patch_takes_on_the_slope_of_its_rim(hole):
    """A membrane over a rim on a plane is that plane."""
    picture = ramp()
    np.testing.assert_array_equal(poisson_blend(picture, np.zeros_like(picture), hole), picture)


def test_what_the_patch_shows_stays(hole):
    picture, patch = np.full((12, 16, 3), 100, np.uint8), np.full((12, 16, 3), 150, np.uint8)
    patch[5:7, 7:9] = 200
    blended = poisson_blend(picture, patch, hole)
    np.testing.assert_array_equal(blended[~hole], picture[~hole])
    assert (blended[3, 4:12] == 100).all()
    assert (blended[5:7, 7:9] == 150).all()


def test_a_hole_at_the_edge_asks_nothing_there():
    picture, hole = ramp(), np.zeros((12, 16), bool)
    hole[:, 8:] = True
    level = np.repeat(picture[:, :1], 16, axis=1)
    blended = poisson_blend(level, level + 30, hole)
    np.testing.assert_array_equal(blended, level)


def test_a_hole_without_a_rim_takes_the_patch():
    picture, patch = ramp(), np.full((12, 16, 1), 9, np.uint8)
    np.testing.assert_array_equal(poisson_blend(picture, patch, np.ones((12, 16), bool)), patch)
