"""Fitting: what is written, stopped, resumed and kept."""

import csv
import json
import shutil
import threading
import time
from copy import copy
from dataclasses import replace

import keras
import numpy as np
import pytest

from core.context import Context
from core.data.dataset import Dataset
from core.data.targets.classes import ClassTargets
from core.data.unloaded import UnloadedImages
from core.errors import UserError
from core.events import Log, Metric, Progress, Saved, Status
from core.files.sealed import seal, unseal_versioned
from core.jobs import Job
from core.models.shared.variables import named_variables, pack, read_variables, unpack
from core.runs.run import Run, Workspace
from core.settings.cnn import CnnTraining
from core.training.begin import status_writer
from core.training.loop.checkpoints import VARIABLES
from core.training.loop.loop import Loop
from core.training.objectives.classifying import classifying
from core.training.supervised.fit import fit
from core.training.supervised.validation import Validation

PICTURES = 120


def make_dataset(noise=20):
    """Three classes, told apart by which third of the picture is bright."""
    random = np.random.default_rng(0)
    labels = np.arange(PICTURES, dtype=np.int32) % 3
    images = random.integers(0, noise, (PICTURES, 6, 6, 1), dtype=np.uint8)
    for place, label in enumerate(labels):
        images[place, :, 2 * label : 2 * label + 2] += 150
    order = random.permutation(PICTURES)
    splits = {"train": order[:80], "validation": order[80:100], "test": order[100:]}
    splits = {name: np.sort(indices) for name, indices in splits.items()}
    names = tuple(str(place) for place in range(PICTURES))
    return Dataset("made", "f00d", images, ClassTargets(("a", "b", "c"), labels), names, splits)


class Trial:
    """One run that can be trained, stopped and gone on with."""

    def __init__(self, folder, **settings):
        values = {"size": "tiny", "epochs": 3, "batch_size": 16, "dropout": 0.2, "crop": 0.2, **settings}
        self.settings = CnnTraining.parse(values)
        job = Job(task="train", model="cnn", settings=self.settings.model_dump(mode="json"), seed=5)
        self.workspace = Workspace(folder)
        self.run, self.job = self.workspace.create_run(job)
        self.events = []
        self.dataset = make_dataset()

    def train(self, act=lambda event, context: None):
        def listener(event):
            self.events.append(event)
            act(event, self.context)

        from core.models.cnn import build

        self.context = Context(self.job, self.workspace, self.run, listener)
        keras.utils.set_random_seed(self.job.seed)
        self.model = build(self.settings, self.dataset.shape, self.dataset.targets.summary())
        objective = classifying(self.dataset, self.settings, self.job.seed)
        self.fitted = fit(
            self.model,
            objective,
            self.settings,
            self.job.seed,
            self.context,
            self.run.folder,
            status_writer(self.run),
        )
        return self

    def copied(self, folder):
        """Returns the same trial, with a run of its own that holds what this one's does."""
        other = copy(self)
        other.workspace = Workspace(shutil.copytree(self.workspace.folder, folder, dirs_exist_ok=True))
        other.run = Run(other.workspace.runs_folder / self.run.id)
        other.events = []
        return other

    def weights(self):
        return read_variables(named_variables(self.model))

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def rows(self):
        with self.run.history_path.open(newline="") as file:
            return list(csv.DictReader(file))


def stop_at(step):
    def act(event, context):
        if isinstance(event, Metric) and event.per == "batch" and event.step >= step:
            context.cancel()

    return act


@pytest.fixture
def every_step(monkeypatch):
    """Reports every step, so that a test can act at a certain one."""
    monkeypatch.setattr("core.training.loop.loop.REPORT_INTERVAL_S", 0.0)
    monkeypatch.setattr("core.training.supervised.validation.REPORT_INTERVAL_S", 0.0)


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(other[name], value, err_msg=name)


@pytest.fixture(scope="module")
def best(tmp_path_factory):
    """A training to its end that keeps its best epoch. Nobody changes its run: copy it."""
    return Trial(tmp_path_factory.mktemp("best")).train()


@pytest.fixture(scope="module")
def last(tmp_path_factory):
    """A training to its end that keeps its last epoch. Nobody changes its run: copy it."""
    return Trial(tmp_path_factory.mktemp("last"), keep="last").train()


def test_learns_and_writes_a_row_an_epoch(tmp_path):
    trial = Trial(tmp_path, epochs=6).train()
    rows = trial.rows()
    assert [row["epoch"] for row in rows] == [str(epoch) for epoch in range(6)]
    assert list(rows[0]) == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    assert float(rows[-1]["val_accuracy"]) > 0.9
    ends = [event for event in trial.of(Metric) if event.per == "epoch"]
    assert [event.epoch for event in ends] == [1, 2, 3, 4, 5, 6]
    assert [event.step for event in ends] == [5, 10, 15, 20, 25, 30]
    assert [event.epoch for event in trial.of(Saved)] == [1, 2, 3, 4, 5, 6]
    lines = [json.loads(line) for line in trial.run.metrics_path.read_text().splitlines()]
    assert [line["epoch"] for line in lines if line["per"] == "epoch"] == [1, 2, 3, 4, 5, 6]


def test_the_same_seed_gives_the_same_weights(best, tmp_path):
    other = Trial(tmp_path).train()
    assert_same(best.weights(), other.weights())
    assert best.run.history_path.read_bytes() == other.run.history_path.read_bytes()


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize("step", [1, 4, 7, 9])
def test_stopped_anywhere_and_resumed_ends_as_if_it_had_not_been(last, tmp_path, step):
    cut = Trial(tmp_path, keep="last").train(stop_at(step))
    assert cut.fitted.stopped
    assert cut.fitted.state.steps == step + 1  # asked for in a report, seen after the next step
    saves = [place for place, event in enumerate(cut.events) if isinstance(event, Progress) and event.phase == "save"]
    assert isinstance(cut.events[saves[0] + 1], Saved)
    earlier = cut.run.history_path.read_bytes() if cut.run.history_path.exists() else b""
    cut.train()
    assert not cut.fitted.stopped
    assert_same(cut.weights(), last.weights())
    assert cut.run.history_path.read_bytes() == last.run.history_path.read_bytes()
    assert cut.run.history_path.read_bytes().startswith(earlier)


def test_stopped_in_validation_and_resumed(best, tmp_path):
    def stop_in_validation(event, context):
        if isinstance(event, Progress) and event.phase == "validate" and len(trial.rows_so_far()) == 1:
            context.cancel()

    trial = Trial(tmp_path)
    trial.rows_so_far = lambda: trial.rows() if trial.run.history_path.exists() else []
    trial.train(stop_in_validation)
    assert trial.fitted.stopped
    assert len(trial.rows()) == 1
    trial.train()
    assert trial.run.history_path.read_bytes() == best.run.history_path.read_bytes()


def test_stopped_while_validation_waits_for_its_pictures(best, tmp_path):
    trial = Trial(tmp_path)
    pixels, slow = trial.dataset.images, set(trial.dataset.splits["validation"])

    def read(place):
        time.sleep(1.0 if place in slow else 0.0)
        return pixels[place]

    asked = []

    def stop_in_validation(event, context):
        if isinstance(event, Progress) and event.phase == "validate":
            asked.append(time.monotonic())
            context.cancel()

    trial.dataset = replace(trial.dataset, images=UnloadedImages(read, pixels.shape))
    validate = Validation.__call__

    def ask_late(self, epoch, *, last, reporter):
        threading.Timer(0.5, lambda: stop_in_validation(Progress("validate"), trial.context)).start()
        return validate(self, epoch, last=last, reporter=reporter)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Validation, "__call__", ask_late)
        trial.train()
    assert time.monotonic() - asked[0] < 2
    assert trial.fitted.stopped
    trial.dataset = replace(trial.dataset, images=pixels)
    trial.train()
    assert trial.run.history_path.read_bytes() == best.run.history_path.read_bytes()


def test_a_finished_run_is_not_trained_further(best, tmp_path):
    trial = best.copied(tmp_path).train()
    assert_same(trial.weights(), best.weights())
    assert trial.run.history_path.read_bytes() == best.run.history_path.read_bytes()


def test_a_row_that_a_kill_prevented_is_added(best, tmp_path):
    trial = best.copied(tmp_path)
    whole = trial.run.history_path.read_bytes()
    trial.run.history_path.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    trial.train()
    assert trial.run.history_path.read_bytes() == whole


def test_a_damaged_checkpoint_costs_its_epoch_only(last, tmp_path):
    trial = last.copied(tmp_path)
    newest = sorted(trial.run.checkpoints.iterdir())[-1]
    (newest / "state.json").write_bytes(b"")
    trial.train()
    assert any(log.level == "warning" and "damaged" in log.message for log in trial.of(Log))
    assert_same(trial.weights(), last.weights())
    assert trial.run.history_path.read_bytes() == last.run.history_path.read_bytes()


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize("part", ["model/", "optimizer/", "metrics/"])
@pytest.mark.parametrize("missing", [True, False])
def test_a_checkpoint_of_another_version_is_told_in_a_sentence(tmp_path, every_step, part, missing):
    trial = Trial(tmp_path).train(stop_at(7))  # within an epoch, where the metrics' sums are needed
    path = max(trial.run.checkpoints.iterdir())
    contents = unseal_versioned(path)[1]
    values = unpack(contents[VARIABLES])
    name = next(name for name in values if name.startswith(part))
    if missing:
        del values[name]
    else:
        values[name] = np.zeros((2, 2, 2, 2, 2), np.float32)
    seal(path, {**contents, VARIABLES: pack(values)})
    with pytest.raises(UserError, match=f"The run '{trial.run.id}' can't be resumed by this version"):
        trial.train()


@pytest.mark.parametrize("at", ["epoch's end", "validation"])
@pytest.mark.parametrize(
    "change", [lambda values, name: values.pop(name), lambda values, name: values.update({name: 0})]
)
def test_a_checkpoint_after_an_epochs_last_step_needs_no_metrics(best, tmp_path, at, change):
    def stop(event, context):
        in_validation = isinstance(event, Progress) and event.phase == "validate"
        at_end = isinstance(event, Metric) and event.per == "epoch"
        if at_end if at == "epoch's end" else in_validation:
            context.cancel()

    trial = Trial(tmp_path).train(stop)
    path = max(trial.run.checkpoints.iterdir())
    contents = unseal_versioned(path)[1]
    values = unpack(contents[VARIABLES])
    change(values, next(name for name in values if name.startswith("metrics/accuracy")))
    seal(path, {**contents, VARIABLES: pack(values)})  # as if other metrics had been measured
    trial.train()
    assert_same(trial.weights(), best.weights())
    assert trial.run.history_path.read_bytes() == best.run.history_path.read_bytes()


def test_a_checkpoint_within_a_long_epoch(tmp_path, monkeypatch):
    trial = Trial(tmp_path, epochs=1)
    object.__setattr__(trial.settings, "checkpoint_s", 0.0)
    trial.train()
    assert len(trial.of(Saved)) > 3


@pytest.mark.usefixtures("every_step")
def test_pause_waits_and_tells(tmp_path):
    trial = Trial(tmp_path, epochs=2)
    seen = []

    def pause(event, context):
        if isinstance(event, Metric) and event.step == 3 and event.per == "batch":
            context.pause()
        if isinstance(event, Status) and event.state == "paused":
            seen.append(trial.run.record().status)
            threading.Timer(0.3, context.resume).start()

    began = time.perf_counter()
    trial.train(pause)
    assert [event.state for event in trial.of(Status)] == ["paused", "running"]
    assert seen == ["paused"]
    assert trial.run.record().status == "running"
    assert trial.fitted.state.train_s < time.perf_counter() - began - 0.25
    assert len(trial.rows()) == 2


@pytest.mark.usefixtures("every_step")
def test_a_pause_in_validation_waits_tells_and_is_not_counted(tmp_path):
    trial = Trial(tmp_path, epochs=6)
    seen = []

    def pause(event, context):
        if isinstance(event, Progress) and event.phase == "validate" and event.done and not seen:
            context.pause()
        if isinstance(event, Status) and event.state == "paused":
            seen.append(trial.run.record().status)
            trial.events.clear()
            threading.Timer(2.0, context.resume).start()

    began = time.perf_counter()
    trial.train(pause)
    assert seen == ["paused"]
    assert trial.run.record().status == "running"
    passed = time.perf_counter() - began
    assert trial.fitted.state.train_s < passed - 1.9
    left = next(event.eta_s for event in trial.of(Progress) if event.phase == "train" and event.eta_s is not None)
    assert left < 7 * (passed - 2)  # six epochs; the pause is no part of their speed


def validate_as(monkeypatch, *losses):
    """Has each training find these losses on its validation split, one an epoch."""
    monkeypatch.setattr(Validation, "__call__", lambda self, epoch, **_: {"val_loss": losses[epoch]})


def test_the_best_epoch_is_kept(tmp_path, monkeypatch):
    validate_as(monkeypatch, 0.9, 0.2, 0.5)
    best = Trial(tmp_path / "best").train()
    assert best.fitted.kept_epoch == 1
    again = Trial(tmp_path / "again", keep="last").train()
    assert again.fitted.kept_epoch == 2
    assert not np.array_equal(best.weights()["model/logits/kernel"], again.weights()["model/logits/kernel"])


def test_early_stopping_waits_for_its_patience(tmp_path, monkeypatch):
    validate_as(monkeypatch, 0.9, 0.2, 0.5, 0.4, 0.3, 0.1)
    trial = Trial(tmp_path, epochs=6, early_stopping=True, patience=3).train()
    assert len(trial.rows()) == 5
    assert trial.fitted.kept_epoch == 1


def test_without_a_validation_split_the_last_epoch_is_kept(tmp_path):
    trial = Trial(tmp_path)
    trial.dataset.splits["validation"] = np.array([], np.int64)
    trial.train()
    assert list(trial.rows()[0]) == ["epoch", "accuracy", "loss"]
    assert trial.fitted.kept_epoch == 2


def diverge_in(monkeypatch, epoch):
    end = Loop._end_epoch

    def diverge(self):
        if self.state.epoch == epoch:
            self.state.train_logs = {"loss": float("nan"), "accuracy": 0.1}
        end(self)

    monkeypatch.setattr(Loop, "_end_epoch", diverge)


def test_divergence_is_a_sentence_and_keeps_the_best_epoch(tmp_path, monkeypatch):
    diverge_in(monkeypatch, 1)
    trial = Trial(tmp_path, keep="last").train()
    assert "loss is no longer a number in epoch 2" in str(trial.fitted.error)
    assert trial.fitted.kept_epoch == 0
    assert len(trial.rows()) == 1
    assert [path.name for path in trial.run.checkpoints.iterdir()] == ["000001-00000000"]
    assert all(np.isfinite(value).all() for value in trial.weights().values())


def test_divergence_in_the_first_epoch_leaves_nothing(tmp_path, monkeypatch):
    diverge_in(monkeypatch, 0)
    with pytest.raises(UserError, match="loss is no longer a number in epoch 1"):
        Trial(tmp_path).train()


@pytest.mark.usefixtures("every_step")
def test_no_checkpoint_holds_what_is_not_a_number(tmp_path):
    def spoil(event, context):
        if isinstance(event, Metric) and event.per == "batch" and event.step == 7:
            weight = trial.model.trainable_variables[0]
            weight.assign(weight * float("nan"))
            context.cancel()

    trial = Trial(tmp_path)
    if keras.backend.backend() == "jax":
        pytest.skip("JAX holds the weights outside the model during an epoch")
    trial.train(spoil)
    assert trial.fitted.error is not None
    assert [path.name for path in trial.run.checkpoints.iterdir()] == ["000001-00000000"]


def test_an_epoch_without_a_number_is_beaten(tmp_path, monkeypatch):
    validate_as(monkeypatch, float("nan"), 0.5, float("nan"))
    assert Trial(tmp_path).train().fitted.kept_epoch == 1


def test_progress_tells_rate_and_time_left(tmp_path):
    trial = Trial(tmp_path, epochs=30).train()
    steps = [event for event in trial.of(Progress) if event.phase == "train"]
    assert steps[-1].total == 30 * 5 * 16
    assert steps[-1].unit == "samples"
    assert any(event.rate > 0 and event.eta_s is not None for event in steps)
    assert trial.fitted.state.samples / trial.fitted.state.steps_s > 0


def test_live_events_are_rate_limited(tmp_path):
    began = time.perf_counter()
    trial = Trial(tmp_path, epochs=10).train()
    passed = time.perf_counter() - began
    assert len([event for event in trial.of(Metric) if event.per == "batch"]) <= 15 * passed + 2
