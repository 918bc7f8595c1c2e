"""Who learns something else than classes adds targets, a model and rows: all that lies between stays as it is.

Here the sum of a picture's ink is learnt. It is looked at, trained, saved, and opened again.
"""

import shutil
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import ClassVar

import keras
import numpy as np
import pytest
from in_process import BACKEND, do
from keras import layers

from core import catalog
from core.context import Context
from core.data.load import load
from core.data.picture_batches import PictureBatches
from core.data.sources import digits
from core.data.targets.target import Targets
from core.inference.trained import trained_model
from core.jobs import Job
from core.kinds.kind import Kind, Wanted
from core.runs.run import Workspace
from core.training.begin import begin, outcome, save_kept, status_writer
from core.training.objectives.objective import Objective
from core.training.supervised.fit import fit

VALUES = {"data": "digits", "size": "tiny", "epochs": 2, "validation_share": 0.1}


class NumberTargets(Targets):
    """One number a sample."""

    kind: ClassVar[str] = "number"

    def __init__(self, numbers, *, unit):
        self.numbers, self.unit = np.asarray(numbers, np.float32), unit

    def __len__(self):
        return len(self.numbers)

    def take(self, places):
        return NumberTargets(self.numbers[places], unit=self.unit)

    def header(self):
        return (self.kind, self.unit)

    def content(self):
        return self.numbers.tobytes()

    def counts(self):
        return {"numbers": len(self.numbers)}

    def caption(self, place):
        return f"{self.numbers[place]} {self.unit}"

    def summary(self):
        mean, spread = float(self.numbers.mean()), float(self.numbers.std())
        return {"target": self.kind, "unit": self.unit, "mean": mean, "spread": spread}

    def batch(self, places, placement=None, random=None):
        return self.numbers[places, None]


def index(settings, seed, context):
    found = digits.index(settings, seed, context)
    ink = found.draw(context).sum(axis=(1, 2, 3)) / 255
    return replace(found, targets={NumberTargets.kind: NumberTargets(ink, unit="px")})


def build(settings, input_shape, target):
    inputs = keras.Input(input_shape, name="pixels")
    x = layers.Flatten(name="flatten")(layers.Rescaling(1 / 255, name="scale")(inputs))
    x = layers.Dense(1, name="number")(x)
    return keras.Model(inputs, layers.Rescaling(target["spread"], target["mean"], name="unit")(x))


def train(settings, context):
    seed = context.job.seed
    dataset = load(settings, seed, context, catalog.wanted(context.job.model))
    run, description, model = begin(settings, dataset, context)
    objective = Objective(
        PictureBatches.of(dataset, "train", settings.batch_size, seed),
        PictureBatches.of(dataset, "validation", settings.batch_size),
        keras.losses.MeanAbsoluteError(),
        [keras.metrics.MeanAbsoluteError(name="error")],
    )
    fitted = fit(model, objective, settings, seed, context, run.folder, status_writer(run), context.job.model)
    save_kept(run, model, description, fitted, context)
    return outcome(run, fitted)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    code = SimpleNamespace(build=build, train=train, index=index, stand_in=None)
    monkeypatch.setitem(sys.modules, "measuring", code)
    kind = Kind(
        samples="pictures",
        wanted=Wanted("number", fewest=0),
        checks=("core.data.open_index:check_data",),
        check_other="core.data.open_index:check_other_data",
        preview="preview",
        describe="core.models.shared.describe:describe_pictures",
        evaluate="",
        scores=("error",),
        tasks=(),
        refusal="",
        usual="scale",
        panel="",
        use="",
        icon="",
        plots=((), ()),
    )
    row = catalog.Model("Scale", "", "core.settings.cnn:CnnTraining", "measuring:build", "measuring:train", "scale")
    monkeypatch.setitem(catalog.TARGETS, "number", "measuring:stand_in")
    monkeypatch.setitem(catalog.KINDS, "scale", kind)
    monkeypatch.setitem(catalog.MODELS, "scale", row)
    monkeypatch.setitem(catalog.DATASETS, "digits", catalog.Dataset("", "", "measuring:index"))
    return Workspace(tmp_path)


def test_it_is_trained_saved_and_opened_again(workspace):
    run, _ = workspace.create_run(Job(task="train", model="scale", settings=VALUES, backend=BACKEND))
    ending, _ = do(workspace, None, run=run)
    assert ending.state == "finished", ending
    rows = run.history_path.read_text().splitlines()
    assert float(rows[2].split(",")[1]) < float(rows[1].split(",")[1])

    pictures = digits.index(None, 0, Context(run.record().job, workspace)).draw(None)[:3].astype("float32")
    models = []
    for _ in range(2):
        model, description = trained_model(run, Context(run.record().job, workspace))
        models.append(keras.ops.convert_to_numpy(model(pictures)))
        assert (description.target["target"], description.target["unit"], description.classes) == ("number", "px", ())
        shutil.rmtree(run.model_folder, ignore_errors=True)  # the second time it is built from the checkpoints
    np.testing.assert_array_equal(*models)


@pytest.mark.parametrize("task", ["preview", "check", "describe"])
def test_it_is_looked_at_before_it_is_trained(workspace, task):
    values = VALUES if task == "describe" else {"data": "digits"}
    ending, _ = do(workspace, task, values, model="scale")
    assert ending.state == "finished", ending
    if task == "describe":
        assert ending.result["parameters"] == 65
    else:
        assert (ending.result["classes"], ending.result["counts"]) == ({}, {"numbers": 1797})
    assert ending.result.get("warnings", []) == []
