"""Feature extractors: a network of the data's own, a run of the user's, a file of InceptionV3 weights."""

import json
import random
import shutil
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from core.context import Context
from core.data.load import load
from core.data.targets.classes import ClassTargets
from core.errors import CancelledError, UserError
from core.evaluation import own_extractor as module
from core.evaluation.feature_extractor import FeatureExtractor, independent_extractor, make_extractor
from core.evaluation.own_extractor import INDEPENDENT, OWN
from core.events import Log, Metric, Progress, Saved, Status
from core.inference.predict import predict_batch_size
from core.jobs import Job
from core.metrics.classification import accuracy
from core.metrics.collapse import find_collapse
from core.runs.run import Workspace
from core.settings.cnn import CnnTraining

BACKEND = keras.backend.backend()
OWN_OF_DATA = SimpleNamespace(judge="")


WHOLE = {name: getattr(module, name) for name in ("MOST_TRAINED", "PIXELS", "FEWEST_SAMPLES")}
QUICK = {"MOST_TRAINED": 600, "PIXELS": 2400 * 28 * 28, "FEWEST_SAMPLES": 2400}


@pytest.fixture(autouse=True, scope="module")
def _quick():
    """A tenth of the training is enough to see that it works; the whole is tried where a figure is claimed."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUICK.items():
            patch.setattr(module, name, value)
        yield


class Trial:
    """Digits, a workspace and a run that stands for a generator's."""

    def __init__(self, folder, *, seed=0, listener=None):
        self.workspace = Workspace(folder)
        job = Job(task="train", model="cnn", settings={"data": "digits"}, backend=BACKEND, seed=seed)
        self.run, job = self.workspace.create_run(job)
        self.events = []

        def hear(event):
            self.events.append(event)
            if listener:
                listener(event, self.context)

        self.context = Context(job, self.workspace, self.run, hear)
        self.dataset = load(CnnTraining.parse({"data": "digits"}), seed, self.context)
        self.test = self.dataset.splits["test"]

    def extractor(self, settings=OWN_OF_DATA, dataset=None):
        return make_extractor(dataset or self.dataset, settings, self.context, self.run)


@pytest.fixture(scope="module")
def trial(tmp_path_factory, _quick):
    made = Trial(tmp_path_factory.mktemp("judge"))
    made.made = made.extractor()
    return made


def test_the_extractor_of_the_data_knows_the_classes_and_how_often_it_is_right(trial):
    unseen = trial.dataset.splits["validation"]
    features, probabilities = trial.made.extract(trial.dataset.images[unseen])
    assert features.shape == (len(unseen), trial.made.dimensions)
    assert features.dtype == probabilities.dtype == np.float32
    assert trial.made.classes == trial.dataset.targets.classes
    right = accuracy(probabilities, trial.dataset.targets.labels[unseen])
    assert right == pytest.approx(trial.made.accuracy)
    assert right > 0.8
    assert trial.made.name == f"CNN of this data, {100 * right:.1f} % right"
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_the_test_pictures_have_no_part_in_what_may_choose_an_epoch(trial, tmp_path, monkeypatch):
    """Were they all mislabelled, nothing would change: neither the network nor how good it is said to be."""
    labels = trial.dataset.targets.labels.copy()
    labels[trial.test] = (labels[trial.test] + 1) % 10
    mislabelled = replace(trial.dataset, targets=ClassTargets(trial.dataset.targets.classes, labels))
    mine = Trial(tmp_path)
    assert mine.extractor(dataset=mislabelled).skill == trial.made.skill
    independent = independent_extractor(mislabelled, mine.context, mine.run)  # it chooses nothing
    assert independent.accuracy < 0.2


def test_without_other_pictures_it_is_scored_on_some_that_it_has_not_learnt(trial):
    none = {"validation": trial.test[:0], "test": trial.test}
    dataset = replace(trial.dataset, splits={**trial.dataset.splits, **none})
    shown = module._sample(dataset, 0, OWN, turns=False)
    assert len(shown.splits["test"]) == len(dataset.splits["train"]) // 10
    assert not set(shown.splits["test"]) & {*shown.splits["train"], *trial.test}
    assert set(shown.splits["test"]) <= set(dataset.splits["train"])


def test_its_training_stays_out_of_the_plots(trial):
    assert not [event for event in trial.events if isinstance(event, Metric | Saved)]
    phases = {event.phase for event in trial.events if isinstance(event, Progress)}
    assert "judge" in phases
    assert "train" not in phases
    assert not trial.run.history_path.exists()
    assert not list(trial.run.folder.glob(".tmp-*"))


def test_the_extractor_is_kept_and_used_again(trial, monkeypatch):
    def refuse(*_):
        raise AssertionError("it was trained again")

    pictures = trial.dataset.images[trial.test[:40]]
    monkeypatch.setattr(module, "_train", refuse)
    again = trial.extractor()
    assert again.name == trial.made.name
    for one, other in zip(trial.made.extract(pictures), again.extract(pictures), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_random_state_is_the_same_whether_it_was_trained_or_read(tmp_path, trial):
    drawn = []
    mine = Trial(tmp_path)
    for _ in range(2):
        mine.extractor()
        drawn.append((random.random(), keras.ops.convert_to_numpy(keras.random.normal((3,))).tolist()))
    assert drawn[0] == drawn[1]
    pictures = mine.dataset.images[:20]  # and the same seed makes the same extractor
    np.testing.assert_array_equal(mine.extractor().extract(pictures)[0], trial.made.extract(pictures)[0])


def test_another_seed_makes_another_extractor(trial, tmp_path):
    other, pictures = Trial(tmp_path, seed=5), trial.dataset.images[:20]
    assert not np.array_equal(other.extractor().extract(pictures)[0], trial.made.extract(pictures)[0])


def test_a_damaged_or_foreign_extractor_is_trained_anew(trial, tmp_path):
    mine = Trial(tmp_path)
    shutil.copytree(trial.run.folder / "judge", mine.run.folder / "judge")
    weights = mine.run.folder / "judge" / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert mine.extractor().accuracy == trial.made.accuracy
    assert [event.level for event in mine.events if isinstance(event, Log) and "extractor" in event.message] == [
        "warning"
    ]
    kept = json.loads((mine.run.folder / "judge" / "judge.json").read_text())
    other = replace(mine.dataset, fingerprint="other data")
    mine.extractor(dataset=other)
    assert json.loads((mine.run.folder / "judge" / "judge.json").read_text())["fingerprint"] == "other data"
    assert kept["fingerprint"] == mine.dataset.fingerprint


def test_pictures_of_another_size_or_colour_are_resized(trial):
    pictures = trial.dataset.images[trial.test]  # (N, 8, 8, 1)
    large = np.repeat(np.repeat(np.repeat(pictures, 4, axis=1), 4, axis=2), 3, axis=3)  # (N, 32, 32, 3)
    _, probabilities = trial.made.extract(large)
    assert accuracy(probabilities, trial.dataset.targets.labels[trial.test]) > trial.made.accuracy - 0.1
    assert trial.made.extract(pictures[:0])[0].shape == (0, trial.made.dimensions)


class Read(np.ndarray):
    """Pictures that count how many of them are taken at once."""

    most = 0

    def __getitem__(self, key):
        found = super().__getitem__(key)
        Read.most = max(Read.most, len(found))
        return np.asarray(found)


def test_chosen_pictures_are_read_a_batch_at_a_time(trial):
    pictures = np.tile(trial.dataset.images, (2, 1, 1, 1))
    places = np.random.default_rng(0).permutation(len(pictures))[:3000]
    size = predict_batch_size(tuple(trial.made._network.input_shape[1:]))
    assert size < len(places)
    found = trial.made.extract(pictures.view(Read), places)
    assert Read.most == size
    for one, other in zip(found, trial.made.extract(pictures[places]), strict=True):
        np.testing.assert_array_equal(one, other)
    assert trial.made.extract(pictures, places[:0])[0].shape == (0, trial.made.dimensions)


def test_stop_ends_the_training_of_an_extractor(tmp_path):
    def stop(event, context):
        if isinstance(event, Progress) and event.phase == "judge" and event.done:
            context.cancel()

    trial = Trial(tmp_path, listener=stop)
    with pytest.raises(CancelledError):
        trial.extractor()
    assert not (trial.run.folder / "judge").exists()
    assert not list(trial.run.folder.glob(".tmp-*"))


def test_a_pause_reaches_it_and_is_told(tmp_path):
    seen = []

    def pause(event, context):
        if isinstance(event, Progress) and event.phase == "judge" and event.done and not seen:
            seen.append(time.perf_counter())
            context.pause()
        if isinstance(event, Status) and event.state == "paused":
            seen.append(trial.run.record().status)
            threading.Timer(0.2, context.resume).start()

    trial = Trial(tmp_path, listener=pause)
    trial.extractor()
    assert seen[1] == "paused"
    assert [event.state for event in trial.events if isinstance(event, Status)] == ["paused", "running"]
    assert trial.run.record().status == "running"


def test_without_classes_it_learns_rotations(tmp_path):
    trial = Trial(tmp_path)
    one_class = replace(trial.dataset, targets=ClassTargets(("digit",), np.zeros(len(trial.dataset.targets))))
    extractor = trial.extractor(dataset=one_class)
    features, probabilities = extractor.extract(one_class.images[trial.test])
    assert probabilities is None
    assert extractor.classes == ()
    assert extractor.accuracy > 0.4  # a quarter is chance; 0, 1 and 8 look alike however they are turned
    assert "rotations" in extractor.name
    assert features.shape == (len(trial.test), extractor.dimensions)
    assert features.std(axis=0).max() > 0.1
    assert independent_extractor(one_class, trial.context, trial.run) is None


def test_the_independent_extractor_is_another(trial):
    other = independent_extractor(trial.dataset, trial.context, trial.run)
    pictures = trial.dataset.images[trial.test]
    one, two = (extractor.extract(pictures)[1] for extractor in (trial.made, other))
    assert other.name.startswith("independent CNN of this data, ")
    assert other.dimensions != trial.made.dimensions
    assert not np.array_equal(one, two)
    assert np.mean(one.argmax(axis=1) == two.argmax(axis=1)) > 0.6
    assert (trial.run.folder / "judge-independent").is_dir()
    assert {plan.folder for plan in (OWN, INDEPENDENT)} == {"judge", "judge-independent"}


@pytest.mark.slow
def test_both_extractors_of_the_digits_are_good_enough(tmp_path, monkeypatch):
    for name, value in WHOLE.items():
        monkeypatch.setattr(module, name, value)
    for seed in range(3):
        trial = Trial(tmp_path / str(seed), seed=seed)
        assert trial.extractor().accuracy >= 0.98
        assert independent_extractor(trial.dataset, trial.context, trial.run).accuracy >= 0.985


def test_a_run_of_the_users_own_extracts_features(trial, tmp_path):
    from core.models.shared.saved import ModelDescription, save_model

    for name, settings in (("cnn", {"size": "tiny"}), ("vit", {"size": "tiny"})):
        job = Job(task="train", model=name, settings=settings, backend=BACKEND, name=f"my {name}")
        run, job = trial.workspace.create_run(job)
        description = ModelDescription(name, dict(job.settings), trial.dataset.targets.summary(), trial.dataset.shape)
        model = description.build()
        save_model(run.model_folder, model, description)
        run.update(status="done", result={"metrics": {"test_accuracy": 0.5, "validation_accuracy": 0.991}})
        extractor = trial.extractor(SimpleNamespace(judge=f"my {name}"))
        assert extractor.name == f"{name} of the run 'my {name}', 99.1 % right"
        assert extractor.classes == trial.dataset.targets.classes
        pictures = trial.dataset.images[:30]
        features, probabilities = extractor.extract(pictures)
        head = model.get_layer("logits")
        kernel, bias = map(keras.ops.convert_to_numpy, (head.kernel, head.bias))
        logits = features @ kernel + bias  # the features are what the head sees
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(probabilities, expected, rtol=1e-4, atol=1e-6)


def test_no_run_and_no_file_are_sentences(trial, tmp_path):
    with pytest.raises(UserError, match="There is no run 'nobody'"):
        trial.extractor(SimpleNamespace(judge="nobody"))
    with pytest.raises(UserError, match=r"There is no file '.*none.h5'"):
        trial.extractor(SimpleNamespace(judge=str(tmp_path / "none.h5")))
    (tmp_path / "empty.h5").touch()
    with pytest.raises(UserError, match="holds no weights of InceptionV3"):
        trial.extractor(SimpleNamespace(judge=str(tmp_path / "empty.h5")))


def test_stop_is_seen_between_batches(trial):
    context = Context(trial.context.job, trial.workspace)
    extractor = FeatureExtractor("any", trial.made._network, context, trial.made.classes)
    context.cancel()
    with pytest.raises(CancelledError):
        extractor.extract(trial.dataset.images)


@pytest.mark.parametrize("count", [25, 60, 250])
def test_collapse_is_told_from_real_variety_by_features(trial, count):
    """Held-out digits stand for a good generator; what collapsed ones do is played with training digits."""
    dataset, chance = trial.dataset, np.random.default_rng(count)
    unseen = chance.permutation(np.concatenate([dataset.splits["validation"], trial.test]))
    real, good = np.array_split(dataset.images[unseen], 2)
    train = dataset.splits["train"]

    def repeated(places):
        chosen = dataset.images[chance.choice(places, count)].astype(float)
        return np.clip(chosen + chance.normal(0, 6, chosen.shape), 0, 255).astype(np.uint8)

    def found(pictures):
        seen, fake = trial.made.extract(real), trial.made.extract(pictures)
        return find_collapse(seen[0], fake[0], seen[1], fake[1], dataset.targets.classes)

    labels = dataset.targets.labels[train]
    one_each = np.array([chance.choice(train[labels == label]) for label in range(10)])
    assert not found(good[:count]).alarm
    assert found(repeated(train[labels == 3])).alarm
    assert found(repeated(train[labels < 4])).alarm
    assert found(repeated(chance.choice(train, 1))).alarm
    assert found(repeated(chance.choice(train, 8))).alarm
    assert found(repeated(one_each)).alarm
