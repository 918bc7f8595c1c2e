"""Drawing many pictures: each the same whatever is drawn with it, and none of them held twice."""

import tracemalloc

import keras
import numpy as np
import pytest
from class_target import class_target

from core.inference.latents import latents
from core.inference.paint import LARGEST_BATCH, one_hot, paint
from core.models.dcgan import build
from core.settings.dcgan import DcganTraining

SIDE, COUNT = 64, 10 * LARGEST_BATCH + 7


@pytest.fixture(scope="module")
def gan():
    keras.utils.set_random_seed(0)
    return build(DcganTraining.parse({"filters": 4, "latent": 8, "image_px": SIDE}), (SIDE, SIDE, 3), class_target(2))


def test_each_picture_is_what_it_is_in_a_batch_of_its_own(gan):
    source, weights = latents(3, COUNT, gan.latent), one_hot(np.arange(COUNT) % 2, gan)
    drawn = paint(gan, source, weights)
    assert (drawn.shape, drawn.dtype) == ((COUNT, SIDE, SIDE, 3), np.uint8)
    for start in (0, 3 * LARGEST_BATCH, 10 * LARGEST_BATCH):
        part = slice(start, start + LARGEST_BATCH)
        np.testing.assert_array_equal(drawn[part], paint(gan, source[part], weights[part]))
    assert paint(gan, source[:0], weights[:0]).shape == (0, SIDE, SIDE, 3)


def test_pictures_are_held_once(gan):
    count = 40 * LARGEST_BATCH
    source, weights = latents(3, count, gan.latent), one_hot(np.zeros(count, int), gan)
    paint(gan, source[:1], weights[:1])
    tracemalloc.start()
    drawn = paint(gan, source, weights)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 1.5 * drawn.nbytes
