"""Which real pictures a GAN is measured by, while it trains and when it is finished."""

import keras
import numpy as np
import pytest
from in_process import BACKEND
from keras import layers

from core.context import Context
from core.data.dataset import Dataset
from core.jobs import Job
from core.models.dcgan import build
from core.runs import Workspace
from core.settings.dcgan import DcganTraining
from core.tasks.gan_attendant import GanAttendant, held_out_places, shown_places
from core.tasks.judge import Judge

SIDE = 28


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
    return Dataset("made", "f", ("a", "b"), pictures, labels, ("x",) * int(ends[-1]), splits)


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
    np.testing.assert_array_equal(shown_places(dataset), splits[shown])
    found = held_out_places(dataset)
    assert sorted(found) == sorted(place for name in held_out for place in splits[name])
    assert not set(found) & (set(shown_places(dataset)) | set(splits["train"]))


@pytest.fixture
def measure(tmp_path):
    """Measures an epoch of a generator that was never trained, by a judge that takes pixels for features."""
    workspace = Workspace(tmp_path)
    settings = DcganTraining.parse({"filters": 4, "latent": 8, "conditional": False})

    def go(dataset, seed=7):
        keras.utils.set_random_seed(0)
        run, job = workspace.create_run(Job(task="train", model="dcgan", settings={}, backend=BACKEND, seed=seed))
        context = Context(job, workspace, run)
        pixels = keras.Input((SIDE, SIDE, 1))
        corner = layers.Flatten()(layers.AveragePooling2D(SIDE // 2)(pixels))
        judge = Judge("pixels", keras.Model(pixels, corner), context)
        gan = build(settings, dataset.shape, 0)
        found = GanAttendant(gan, dataset, judge, settings, context, run).attend(0, last=True)
        return {name: found[name] for name in ("fid", "fid_floor", "kid")}

    return go


def test_an_epochs_distance_knows_nothing_of_the_test_pictures(measure):
    plain = measure(made_dataset(30, 200, 200))
    assert plain["fid"] > plain["fid_floor"] > 0
    assert measure(made_dataset(30, 200, 200, black=("train", "test"))) == plain
    assert measure(made_dataset(30, 200, 200, black=("validation",)))["fid"] != plain["fid"]


def test_an_epochs_distance_is_by_what_is_learnt_where_few_pictures_validate(measure):
    plain = measure(made_dataset(30, 20, 20))
    assert measure(made_dataset(30, 20, 20, black=("validation", "test"))) == plain
    assert measure(made_dataset(30, 20, 20, black=("train",)))["fid"] != plain["fid"]
