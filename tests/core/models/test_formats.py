"""What is kept of a model, wherever it lies, goes through its row's migrations as it is read. Of every row.

The last migration here is made up: it makes every weight larger by one, and says 41 epochs, or a dropout of 0.41.
"""

import sys
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from class_target import class_target

from core import catalog
from core.context import Context
from core.evaluation import own_extractor
from core.files.migrations import NewerError
from core.inference.trained_gan import trained_gan
from core.jobs import Job
from core.models.gpt2.folder import Gpt2
from core.models.gpt2.gpt2 import build
from core.models.gpt2.language import Language, keep_language, kept_language
from core.models.gpt2.saved import TextDescription, load_text_model, save_text_model
from core.models.shared.saved import ModelDescription, load_model, save_model
from core.models.shared.variables import named_variables, read_variables
from core.runs.run import Workspace
from core.settings.dcgan import DcganTraining
from core.settings.gpt2 import Gpt2Settings
from core.training.gan.snapshots import Snapshots
from core.training.loop.checkpoints import Checkpoints, TrainingState

PICTURES = [name for name, row in catalog.MODELS.items() if catalog.KINDS[row.kind].samples == "pictures"]
TEXTS = [name for name in catalog.MODELS if name not in PICTURES]
GPT2 = Gpt2Settings.parse({"size": "tiny", "width": 16, "layers": 1, "context": 16})


def grow(values):
    """The made-up migration."""
    weights = {
        name: value + 1 if value.dtype.kind == "f" else value
        for name, value in values["variables"].items()
        if name.startswith("model/")
    }
    values = {**values, "variables": {**values["variables"], **weights}}
    if "description" in values:
        values["description"] = {**values["description"], "epochs": 41}
        if "architecture" in values["description"]:
            values["description"]["architecture"] = {**values["description"]["architecture"], "dropout": 0.41}
    return values


def described(name):
    settings = catalog.load(catalog.MODELS[name].settings).parse({"size": "tiny"})
    return ModelDescription(name, settings.model_dump(mode="json"), class_target("abc"), (28, 28, 1))


def total(model):
    return sum(float(np.sum(value)) for value in values_of(model).values())


def values_of(model):
    return {name: value for name, value in read_variables(named_variables(model)).items() if value.dtype.kind == "f"}


def count_of(model):
    return sum(value.size for value in values_of(model).values())


def a_saved_model(name, run):
    model = described(name).build()

    def read():
        found, description = load_model(run.model_folder)
        return round((total(found) - total(model)) / count_of(model)), description.epochs

    return lambda: save_model(run.model_folder, model, described(name)), read, (0, 0), (1, 41)


def a_checkpoint(name, run):
    checkpoints = Checkpoints(run.checkpoints, lambda event: None, name)

    def read():
        return float(checkpoints.load_latest()[1]["model/x"][0])

    def write():
        checkpoints.save(TrainingState(epoch=1), {"model/x": np.zeros(1, np.float32)})

    return write, read, 0.0, 1.0


def a_snapshot(name, run):
    gan = described(name).build()
    save_model(run.model_folder, gan, described(name))
    run.update(status="done")
    snapshots = Snapshots(gan, DcganTraining.parse({"epochs": 1, "snapshots": 1}), run.snapshots, name)

    def read():
        generator = trained_gan(run, Context(run.record().job, Workspace(run.folder.parents[1])), 1)[0].generator
        return round((total(generator) - total(gan.generator)) / count_of(gan.generator))

    return lambda: snapshots(0, last=True, reporter=SimpleNamespace(report=lambda event: None)), read, 0, 1


def a_judge(name, run):
    dataset = SimpleNamespace(fingerprint="f", shape=(28, 28, 1))
    plan, folder, description = own_extractor.OWN, run.folder / "judge", described(name)
    model = description.build()
    extractor = own_extractor.OwnExtractor("f", 0, own_extractor._spell(plan), description, turns=False, accuracy=None)

    def read():
        found = own_extractor._read(folder, dataset, None, plan, 0)[0]
        return round((total(found) - total(model)) / count_of(model))

    return lambda: own_extractor._write(folder, model, extractor), read, 0, 1


def a_text_model(name, run, tokenizer):
    gpt2 = Gpt2(build(GPT2, tokenizer.size), GPT2, tokenizer)
    description = TextDescription(name, {}, GPT2.model_dump(mode="json"), 3)

    def read():
        found = load_text_model(run.model_folder)[1]
        return found.epochs, found.architecture["dropout"]

    return lambda: save_text_model(run.model_folder, gpt2, description), read, (3, GPT2.dropout), (41, 0.41)


def a_tokenizer(name, run, tokenizer):
    language = Language(tokenizer, GPT2)
    return lambda: keep_language(run, language), lambda: kept_language(run).architecture.dropout, GPT2.dropout, 0.41


KEPT = [
    *((name, make) for name in PICTURES for make in (a_saved_model, a_checkpoint)),
    *((name, a_snapshot) for name in PICTURES if catalog.MODELS[name].kind == "gan"),
    *((name, a_judge) for name in PICTURES if catalog.MODELS[name].kind == "classifier"),
    *((name, make) for name in TEXTS for make in (a_checkpoint, a_text_model, a_tokenizer)),
]


@pytest.mark.parametrize(("name", "make"), KEPT, ids=lambda value: getattr(value, "__name__", value))
def test_what_is_kept_is_migrated_once(name, make, tmp_path, monkeypatch, small_tokenizer):
    keras.utils.set_random_seed(0)
    run, _ = Workspace(tmp_path).create_run(Job(task="train", model=name, settings={"data": "digits"}))
    given = (small_tokenizer,) if make in (a_text_model, a_tokenizer) else ()
    write, read, as_it_is, grown = make(name, run, *given)
    write()
    assert read() == as_it_is

    row = catalog.MODELS[name]
    monkeypatch.setitem(sys.modules, "made_up", SimpleNamespace(grow=grow))
    monkeypatch.setitem(catalog.MODELS, name, replace(row, migrations=(*row.migrations, "made_up:grow")))
    assert read() == grown
    write()
    assert read() == as_it_is
    monkeypatch.setitem(catalog.MODELS, name, row)
    with pytest.raises(NewerError):
        read()
