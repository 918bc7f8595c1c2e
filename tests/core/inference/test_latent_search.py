"""The search for latents finds what a generator itself has drawn; on each backend."""

import keras
import numpy as np
import pytest
from class_target import class_target

from core import catalog
from core.inference.latent_search import LatentSearch, context_weights
from core.inference.latents import latents
from core.inference.paint import one_hot, paint
from core.models.dcgan import build
from core.settings.inpaint import InpaintSettings

SETTINGS = {"run": "r", "picture": "p", "mask": "m", "lr": 0.1, "prior": 0.0, "window_px": 5}


@pytest.fixture(scope="module")
def gan():
    """Untrained, but of large weights, so that its pictures differ."""
    values = catalog.load(catalog.MODELS["dcgan"].settings).parse({"size": "tiny", "latent": 4, "filters": 4})
    keras.utils.set_random_seed(1)
    made = build(values, (28, 28, 1), class_target(2))
    made.generator.set_weights([weight * 8 if weight.ndim > 1 else weight for weight in made.generator.get_weights()])
    return made


@pytest.fixture
def hole():
    found = np.zeros((28, 28), bool)
    found[9:19, 9:19] = True
    return found


def drawn(gan, label):
    return paint(gan, latents(77, 1, gan.latent), one_hot(np.array([label]), gan))[0]


def test_weights_are_high_beside_the_hole_and_zero_in_it():
    hole = np.zeros((5, 7), bool)
    hole[2, 3] = True
    weights = context_weights(hole, 3, 0.0)
    assert weights[2, 3] == 0
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-6)
    assert np.count_nonzero(weights) == 8
    far = context_weights(hole, 3, 1.0)
    assert far[0, 0] == pytest.approx(1 / (34 + 8 / 9))
    assert far[1, 3] == pytest.approx((1 + 1 / 9) / (34 + 8 / 9))
    assert not context_weights(np.ones((3, 3), bool), 3, 1.0).any()


def test_weights_reach_nowhere_where_nothing_is_near():
    np.testing.assert_allclose(context_weights(np.zeros((2, 2), bool), 3, 0.0), 0.25)


def test_it_finds_the_class_and_what_was_hidden(gan, hole):
    settings = InpaintSettings(**SETTINGS)
    labels = np.tile([0, 1], 6)
    search = LatentSearch(gan, len(labels), settings)
    for label in (0, 1):  # one search serves for several pictures
        picture = drawn(gan, label)
        search.begin(np.where(hole[..., None], 0, picture).astype(np.uint8), hole, labels, latents(0, 12, gan.latent))
        first = search()
        for _ in range(60):
            points, found = search.latents(), search()
        best = int(np.argmin(found.loss))
        assert found.context[best] < first.context.min() / 2
        assert labels[best] == label
        shown = paint(gan, points[best : best + 1], one_hot(labels[best : best + 1], gan))[0]
        off = np.abs(shown[hole].astype(float) - picture[hole]).mean()
        assert off < np.abs(picture[hole].astype(float) - picture[hole].mean()).mean() / 2
    assert search.traces == 1


def test_attempts_know_nothing_of_each_other(gan, hole):
    settings, picture, start = InpaintSettings(**SETTINGS), drawn(gan, 1), latents(0, 3, gan.latent)
    together, alone = LatentSearch(gan, 3, settings), LatentSearch(gan, 1, settings)
    together.begin(picture, hole, np.array([0, 1, 0]), start)
    alone.begin(picture, hole, np.array([1]), start[1:2])
    for _ in range(3):
        together()
        alone()
    np.testing.assert_allclose(together.latents()[1], alone.latents()[0], rtol=1e-3, atol=1e-4)


def test_the_prior_makes_the_discriminator_believe_more(gan, hole):
    priors = []
    for prior in (0.0, 10.0):
        search = LatentSearch(gan, 2, InpaintSettings(**{**SETTINGS, "prior": prior}))
        search.begin(drawn(gan, 0), hole, np.array([0, 1]), latents(3, 2, gan.latent))
        for _ in range(25):
            found = search()
        priors.append(found.prior.sum())
    assert priors[1] < priors[0]
