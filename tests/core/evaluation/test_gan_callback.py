"""Which real pictures a GAN is measured by, and that no picture a user draws is among those measured."""

import keras
import numpy as np
import pytest
from in_process import BACKEND
from keras import layers

from core.context import Context
from core.data.dataset import Dataset
from core.data.targets.classes import ClassTargets
from core.evaluation.feature_extractor import FeatureExtractor
from core.evaluation.gan_callback import GanEpochCallback, epoch_reference_places, held_out_places, measure_drawn
from core.inference.latents import latents
from core.inference.paint import paint
from core.jobs import Job
from core.models.dcgan import Gan
from core.runs.run import Workspace
from core.settings.dcgan import DcganTraining

SIDE, SEED = 28, 7


def made_dataset(train, validation, test, black=()):
    """Splits of so many pictures, one after the other; noise but for the splits that are black."""
    random = np.random.default_rng(0)
    counts = {"train": train, "validation": validation, "test": test}
    ends = np.cumsum([0, *counts.values()])
    splits = {name: np.arange(ends[place], ends[place + 1]) for place, name in enumerate(counts)}
    pictures = random.integers(0, 256, (ends[-1], SIDE, SIDE, 1), np.uint8)
    for name in black:
        pictures[splits[name]] = 0
    labels = np.arange(ends[-1], dtype=np.int32) % 2
    return Dataset("made", "f", pictures, ClassTargets(("a", "b"), labels), ("x",) * int(ends[-1]), splits)


@pytest.mark.parametrize(
    ("validation", "test", "shown", "held_out"),
    [
        (250, 300, "validation", ("test",)),
        (200, 60, "validation", ("test",)),  # few, but the others have chosen the epoch
        (199, 200, "train", ("test",)),
        (199, 199, "train", ("test", "validation")),
        (0, 60, "train", ("test", "validation")),
        (0, 0, "train", ()),
    ],
)
def test_the_epoch_is_chosen_by_other_pictures_than_the_finished_one_is_measured_by(validation, test, shown, held_out):
    dataset = made_dataset(400, validation, test)
    splits = dataset.splits
    np.testing.assert_array_equal(epoch_reference_places(dataset), splits[shown])
    found = held_out_places(dataset)
    assert sorted(found) == sorted(place for name in held_out for place in splits[name])
    assert not set(found) & (set(epoch_reference_places(dataset)) | set(splits["train"]))


class PixelExtractor(FeatureExtractor):
    """Takes the means of the picture's four quarters for features; keeps what it was shown."""

    def __init__(self, context):
        pixels = keras.Input((SIDE, SIDE, 1))
        quarters = layers.Flatten()(layers.AveragePooling2D(SIDE // 2)(pixels))
        super().__init__("pixels", keras.Model(pixels, quarters), context)
        self.seen = []

    def extract(self, pictures, places=None):
        self.seen.append(pictures)
        return super().extract(pictures, places)


def made_gan():
    """A generator whose pictures are as different as their latents, and a discriminator that isn't asked."""
    numbers, pixels = keras.Input((8,)), keras.Input((SIDE, SIDE, 1))
    drawn = layers.Reshape((SIDE, SIDE, 1))(layers.Dense(SIDE * SIDE, "tanh")(numbers))
    return Gan(keras.Model(numbers, drawn), keras.Model(pixels, layers.Dense(1)(layers.Flatten()(pixels))), 0)


@pytest.fixture
def measure_epoch(tmp_path):
    """Has an epoch measured; returns the distances, the GAN, the extractor and the context."""
    workspace = Workspace(tmp_path)

    def go(dataset):
        keras.utils.set_random_seed(0)
        run, job = workspace.create_run(Job(task="train", model="dcgan", settings={}, backend=BACKEND, seed=SEED))
        context = Context(job, workspace, run)
        gan, extractor = made_gan(), PixelExtractor(context)
        found = GanEpochCallback(gan, dataset, extractor, DcganTraining(), context, run)(0, last=True, reporter=context)
        return {name: found[name] for name in ("fid", "fid_floor", "kid")}, gan, extractor, context

    return go


@pytest.fixture
def measure(measure_epoch):
    return lambda dataset: measure_epoch(dataset)[0]


def test_no_picture_that_a_user_draws_with_the_same_seed_is_measured(measure_epoch):
    dataset = made_dataset(30, 200, 200)
    _, gan, extractor, context = measure_epoch(dataset)
    measure_drawn(gan, dataset, extractor, extractor.extract(dataset.images)[0], 100, SEED, context)
    _, by_epoch, _, finished = extractor.seen
    users = paint(gan, latents(SEED, 300, gan.latent), None)
    together = np.concatenate([by_epoch, finished, users])
    assert len(together) == 100 + 100 + 300
    assert len(np.unique(together, axis=0)) == len(together)


def test_an_epochs_distance_knows_nothing_of_the_test_pictures(measure):
    plain = measure(made_dataset(30, 200, 200))
    assert plain["fid"] > plain["fid_floor"] > 0
    assert measure(made_dataset(30, 200, 200, black=("train", "test"))) == plain
    assert measure(made_dataset(30, 200, 200, black=("validation",)))["fid"] != plain["fid"]


def test_an_epochs_distance_is_by_what_is_learnt_where_few_pictures_validate(measure):
    plain = measure(made_dataset(30, 20, 20))
    assert measure(made_dataset(30, 20, 20, black=("validation", "test"))) == plain
    assert measure(made_dataset(30, 20, 20, black=("train",)))["fid"] != plain["fid"]
