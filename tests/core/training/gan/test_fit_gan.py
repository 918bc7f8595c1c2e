"""A GAN's training goes on where it was stopped as if nothing had happened; on whatever backend the tests run."""

import json
import math
import shutil

import keras
import numpy as np
import pytest
from class_target import class_target

from core.context import Context
from core.data.dataset import Dataset
from core.data.targets.classes import ClassTargets
from core.errors import CancelledError, UserError
from core.events import Metric
from core.files.sealed import seal, unseal_versioned
from core.jobs import Job
from core.models.dcgan import build, build_generator
from core.models.shared.variables import pack, unpack
from core.runs.run import Run, Workspace
from core.settings.dcgan import DcganTraining
from core.training.gan.adversarial import SUMS, AdversarialStep
from core.training.gan.fit_gan import fit_gan
from core.training.gan.snapshots import WEIGHTS, snapshot_epochs
from core.training.loop.checkpoints import VARIABLES

SETTINGS = {"filters": 4, "latent": 8, "batch_size": 8, "epochs": 3, "snapshots": 2}
STEPS = 5  # an epoch


class Callback:
    """Counts its calls; gives made-up distances, the second epoch's being the lowest."""

    decides = True

    def __init__(self, stop_at=None):
        self.epochs = []
        self._stop_at = stop_at

    def __call__(self, epoch, *, last, reporter):
        if self._stop_at == epoch:
            raise CancelledError
        self.epochs.append((epoch, last))
        return {"fid": [3.0, 1.0, 2.0][epoch], "kid": math.nan}


class Spoiler(Callback):
    """Makes the weights after the first epoch no numbers."""

    def __call__(self, epoch, *, last, reporter):
        self.gan.discriminator.trainable_variables[0].assign(
            np.full(self.gan.discriminator.trainable_variables[0].shape, np.nan, np.float32)
        )
        return super().__call__(epoch, last=last, reporter=reporter)


class Beginnings:
    """GANs as they are before a training. What was compiled for the same settings is used again."""

    def __init__(self, shape):
        self._shape, self._made = shape, {}

    def gan(self, settings):
        key = settings.model_dump_json()
        if key not in self._made:
            keras.utils.set_random_seed(0)
            gan, generator = build(settings, self._shape, class_target(2)), build_generator(settings, self._shape, 2)
            step = AdversarialStep(gan, generator, settings, settings.epochs * STEPS)
            variables = [*gan.variables, *generator.variables, *step.variables().values()]
            self._made[key] = gan, generator, step, [(one, np.array(_numpy(one.value))) for one in variables]
        gan, generator, step, values = self._made[key]
        step.sync()
        step.begin_epoch()
        for variable, value in values:
            variable.assign(value)
        return gan, generator

    def step(self, gan, generator, settings, total_steps):
        assert total_steps == settings.epochs * STEPS
        return next(made[2] for made in self._made.values() if made[0] is gan and made[1] is generator)


_numpy = keras.ops.convert_to_numpy


@pytest.fixture(autouse=True, scope="module")
def _every_step():
    """Reports every step, so that a test can act at a certain one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.training.loop.loop.REPORT_INTERVAL_S", 0.0)
        yield


@pytest.fixture(scope="module")
def dataset():
    random = np.random.default_rng(0)
    count = 8 * STEPS
    images = random.integers(0, 256, (count, 28, 28, 1), np.uint8)
    none = np.zeros(0, np.int64)
    splits = {"train": np.arange(count), "validation": none, "test": none}
    return Dataset("made", "f", images, ClassTargets(("a", "b"), np.arange(count) % 2), ("x",) * count, splits)


@pytest.fixture(scope="module")
def train(tmp_path_factory, dataset):
    """Trains in a run; returns the run, what came of it and the GAN."""
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    beginnings = Beginnings(dataset.shape)

    def go(run=None, callback=None, stop_at=math.inf, **settings):
        typed = DcganTraining.parse({**SETTINGS, **settings})
        job = Job(task="train", model="dcgan", settings=typed.model_dump(mode="json"), seed=5)
        if run is None:
            run, job = workspace.create_run(job)

        def stop(event):
            if isinstance(event, Metric) and event.per == "batch" and event.step >= stop_at:
                context.cancel()

        context = Context(job, workspace, run, stop)
        gan, generator = beginnings.gan(typed)
        if callback is not None:
            callback.gan = gan
        fitted = fit_gan(gan, generator, dataset, typed, job.seed, context, run.folder, callback or Callback())
        return run, fitted, gan

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.training.gan.fit_gan.AdversarialStep", beginnings.step)
        yield go


@pytest.fixture(scope="module")
def straight(train):
    """A training without a stop: run, what came of it, the weights it kept of the first layer, callback."""
    callback = Callback()
    run, fitted, gan = train(callback=callback)
    return run, fitted, np.array(_numpy(gan.generator.get_layer("first").kernel)), callback


def _last_checkpoint(run):
    return unpack(unseal_versioned(max(run.checkpoints.iterdir()))[1][VARIABLES])


def test_it_trains_to_its_end_and_keeps_the_best_measured_epoch(straight):
    run, fitted, kept, callback = straight
    assert callback.epochs == [(0, False), (1, False), (2, True)]
    assert (fitted.state.epoch, fitted.kept_epoch, fitted.stopped) == (3, 1, False)
    best = unpack(unseal_versioned(run.checkpoints / "000002-00000000")[1][VARIABLES])
    np.testing.assert_array_equal(kept, best["model/first/kernel"])
    assert not np.array_equal(kept, _last_checkpoint(run)["model/first/kernel"])
    header, *rows = run.history_path.read_text().splitlines()
    assert len(rows) == 3
    assert {"epoch", "generator_loss", "discriminator_loss", "real_right", "fid", "kid"} <= set(header.split(","))


def _assert_same_training(run, straight):
    expected, found = _last_checkpoint(straight), _last_checkpoint(run)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
    assert run.history_path.read_bytes() == straight.history_path.read_bytes()


def test_distances_that_decide_nothing_leave_the_last_epoch(train):
    callback = Callback()
    callback.decides = False
    _, fitted, _ = train(callback=callback)
    assert (fitted.state.epoch, fitted.kept_epoch, fitted.state.best_epoch) == (3, 2, -1)


def test_stopped_within_an_epoch_and_gone_on_it_ends_with_the_same_bits(train, straight):
    straight, *_ = straight
    run, fitted, _ = train(stop_at=STEPS + 1)
    assert fitted.stopped
    assert fitted.state.steps == STEPS + 2  # asked for in a report, seen after the next step
    run, fitted, _ = train(run=run)
    assert not fitted.stopped
    _assert_same_training(run, straight)


def test_a_critic_of_several_steps_with_a_penalty_goes_on_with_the_same_bits(train):
    settings = {
        "loss": "wasserstein",
        "critic_steps": 2,
        "batch_size": 4,  # two batches of pictures a step: as many steps an epoch as with one of 8
        "epochs": 2,
        "augment": "colour+translate+cutout",
        "flip": True,
    }
    straight, *_ = train(**settings)
    run, fitted, _ = train(stop_at=STEPS + 1, **settings)
    assert fitted.stopped
    assert fitted.state.steps == STEPS + 2  # asked for in a report, seen after the next step
    train(run=run, **settings)
    _assert_same_training(run, straight)


def test_stopped_while_measuring_it_measures_again(train, straight):
    straight, *_ = straight
    run, fitted, _ = train(callback=Callback(stop_at=1))
    assert fitted.stopped
    callback = Callback()
    run, fitted, _ = train(run=run, callback=callback)
    assert callback.epochs == [(1, False), (2, True)]
    assert run.history_path.read_bytes() == straight.history_path.read_bytes()


def _without_a_weight(values):
    del values["model/first/kernel"]


def _with_another_shape(values):
    values["model/first/kernel"] = values["model/first/kernel"][1:]


def _without_sums(values):
    del values[SUMS]


def _with_other_sums(values):
    values[SUMS] = values[SUMS][1:]


NEWEST, BEST = "000003-00000000", "000002-00000000"  # the one to go on from, and the one that is kept
WITHIN = f"000001-{2:08d}"  # one that was stopped


@pytest.fixture(scope="module")
def cut(train):
    """The run of a training that was stopped within its second epoch. Nobody changes it."""
    run, *_ = train(stop_at=STEPS + 1)
    assert max(run.checkpoints.iterdir()).name == WITHIN
    return run


def _changed(run, name, change):
    """Returns a copy of the run in which a checkpoint's values are others."""
    other = Run(run.folder.with_name(f"{run.id}{change.__name__}-{name}"))
    shutil.copytree(run.folder, other.folder)
    contents = unseal_versioned(other.checkpoints / name)[1]
    values = unpack(contents[VARIABLES])
    change(values)
    seal(other.checkpoints / name, {**contents, VARIABLES: pack(values)})
    return other


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (NEWEST, _without_a_weight),
        (NEWEST, _with_another_shape),
        (WITHIN, _without_sums),
        (WITHIN, _with_other_sums),
        (BEST, _with_another_shape),
    ],
)
def test_a_checkpoint_of_another_version_is_told_in_a_sentence(train, straight, cut, name, change):
    run = _changed(cut if name == WITHIN else straight[0], name, change)
    with pytest.raises(UserError, match=f"The run '{run.id}' can't be resumed by this version") as caught:
        train(run=run)
    assert caught.value.hint


@pytest.mark.parametrize("change", [_without_sums, _with_other_sums])
def test_a_checkpoint_at_an_epochs_end_needs_no_means(train, straight, change):
    run = _changed(straight[0], NEWEST, change)
    _, fitted, _ = train(run=run)
    assert (fitted.state.epoch, fitted.kept_epoch, fitted.stopped) == (3, 1, False)


def test_a_training_that_diverges_says_so(train):
    _, fitted, _ = train(callback=Spoiler())
    assert "diverged" in str(fitted.error)
    assert (fitted.state.epoch, fitted.kept_epoch) == (1, 0)


def test_stages_of_the_generator_are_kept(straight):
    run, *_ = straight
    assert sorted(folder.name for folder in run.snapshots.iterdir()) == ["000002", "000003"]
    values = unpack(unseal_versioned(run.snapshots / "000003")[1][WEIGHTS])
    last = _last_checkpoint(run)["model/first/kernel"]
    np.testing.assert_array_equal(values["generator/first/kernel"], last)


def test_stages_are_closer_together_while_it_is_young():
    settings = DcganTraining.parse({"epochs": 100, "snapshots": 5})
    assert sorted(snapshot_epochs(settings)) == [2, 5, 15, 39, 99]
    assert snapshot_epochs(DcganTraining.parse({"epochs": 3, "snapshots": 10})) == {0, 1, 2}
    assert snapshot_epochs(DcganTraining.parse({"snapshots": 0})) == set()


def test_the_numbers_in_the_log_are_json(straight):
    run, *_ = straight
    assert all(json.loads(line)["values"] for line in run.metrics_path.read_text().splitlines())
