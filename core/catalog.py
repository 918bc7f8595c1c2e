"""The tables that say what there is. Adding one thing is one new file and one row here.

Rows name their code by string, "module:name", so that reading a table imports nothing heavy.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import UserError, closest
from core.kinds.classifier import CLASSIFIER
from core.kinds.gan import GAN
from core.kinds.kind import Kind, Wanted
from core.kinds.language import LANGUAGE

EngineName = Literal["training", "interactive", "data"]


@dataclass(frozen=True)
class Task:
    """One thing a user can ask for.

    Args:
        title: str, for lists and the status line.
        function: str, `task(settings, context) -> dict`.
        settings: str, its Settings class; empty for "train", where the model's row names it.
        engine: the engine that runs it in the window.
        keras: bool, whether a backend has to be imported first.
        writes_run: bool, whether it trains something and so owns a run folder.
    """

    title: str
    function: str
    settings: str
    engine: EngineName
    keras: bool = True
    writes_run: bool = False


@dataclass(frozen=True)
class Model:
    """One architecture that can be trained.

    Args:
        title: str, for menus.
        help: str, one sentence that says what it is good for.
        settings: str, the Settings class of a whole training: data, fit and architecture.
        build: str, `build(settings, input_shape, target) -> keras.Model`, for a classifier from raw pixels to logits;
            `target` is what its targets say of themselves (`Targets.summary`), and what it can't be built for it
            refuses by a ValueError. For text `build(settings, vocabulary_size)`.
        train: str, the task function that trains it.
        kind: str, a key of `KINDS`: what it does.
        tasks: keys of the tasks that use a trained one, beside those that use each of its kind.
        migrations: str, what brings its checkpoints and saved models from one format to the next, oldest first; each
            is given what `core.models.shared.formats` says.
    """

    title: str
    help: str
    settings: str
    build: str
    train: str
    kind: str = "classifier"
    tasks: tuple[str, ...] = ()
    migrations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """One kind of data set.

    Args:
        title: str, for lists.
        help: str, one sentence.
        index: str, `index(settings, seed, context) -> core.data.index.Index`.
        recognise: str, `recognise(path) -> bool`, tried in the table's order; empty where the row's key itself is
            what a user names (an embedded data set).
        samples: what a model can learn from it, as `Kind.samples` says; none where it is only looked at.
    """

    title: str
    help: str
    index: str
    recognise: str = ""
    samples: tuple[Literal["pictures", "texts"], ...] = ("pictures",)


KINDS: Mapping[str, Kind] = {"classifier": CLASSIFIER, "gan": GAN, "language": LANGUAGE}

# What samples may carry -> `stand_in(source, count, fewest) -> Targets`, for samples that carry none of it: what stands
# for it, or a UserError.
TARGETS: Mapping[str, str] = {
    "class": "core.data.targets.classes:stand_in",
    "captions": "core.data.targets.captions:stand_in",
    "none": "core.data.targets.nothing:stand_in",
}

TASKS: Mapping[str, Task] = {
    "train": Task("Training", "", "", "training", writes_run=True),
    "describe": Task("Model size", "core.tasks.describe:describe", "", "interactive"),
    "evaluate": Task(
        "Evaluation", "core.tasks.evaluate:evaluate", "core.settings.evaluate:EvaluateSettings", "interactive"
    ),
    "classify": Task(
        "Classification", "core.tasks.classify:classify", "core.settings.classify:ClassifySettings", "interactive"
    ),
    "generate": Task(
        "Pictures", "core.tasks.generate_images:generate", "core.settings.generate:GenerateSettings", "interactive"
    ),
    "interpolate": Task(
        "Interpolation",
        "core.tasks.interpolate:interpolate",
        "core.settings.interpolate:InterpolateSettings",
        "interactive",
    ),
    "inpaint": Task("Inpainting", "core.tasks.inpaint:inpaint", "core.settings.inpaint:InpaintSettings", "interactive"),
    "stylize": Task(
        "Style transfer", "core.tasks.stylize:stylize", "core.settings.stylize:StylizeSettings", "interactive"
    ),
    "text": Task(
        "Writing",
        "core.tasks.generate_text:generate_text",
        "core.settings.generate_text:GenerateTextSettings",
        "interactive",
    ),
    "examine_text": Task(
        "Token view",
        "core.tasks.examine_text:examine_text",
        "core.settings.examine_text:ExamineTextSettings",
        "interactive",
    ),
    "check": Task("Data check", "core.data.check:check", "core.settings.dataset:DatasetSettings", "data", keras=False),
    "check_text": Task(
        "Text check", "core.text.check:check_text", "core.settings.text_data:TextSettings", "data", keras=False
    ),
    "preview": Task(
        "Preview", "core.data.preview:preview", "core.settings.dataset:DatasetSettings", "data", keras=False
    ),
    "look": Task("Look", "core.data.look:look", "core.settings.look:LookSettings", "data", keras=False),
    "preview_text": Task(
        "Preview", "core.text.preview:preview_text", "core.settings.text_data:TextSettings", "data", keras=False
    ),
}

MODELS: Mapping[str, Model] = {
    "cnn": Model(
        "CNN",
        "A convolutional network: the best start for most pictures.",
        "core.settings.cnn:CnnTraining",
        "core.models.cnn:build",
        "core.tasks.train_classifier:train",
        migrations=(
            "core.models.shared.formats:keep_earlier_layout",
            "core.models.shared.reading_migration:keep_reading",
        ),
        tasks=("stylize",),
    ),
    "vit": Model(
        "Vision Transformer",
        "Attention over patches: needs more pictures than a CNN.",
        "core.settings.vit:VitTraining",
        "core.models.vit:build",
        "core.tasks.train_classifier:train",
        migrations=(
            "core.models.vit_migrations:fold_embedding",
            "core.models.shared.formats:keep_earlier_layout",
            "core.models.shared.reading_migration:keep_reading",
        ),
    ),
    "dcgan": Model(
        "DCGAN",
        "Draws pictures like yours, by class where there are classes.",
        "core.settings.dcgan:DcganTraining",
        "core.models.dcgan:build",
        "core.tasks.train_gan:train",
        kind="gan",
        migrations=(
            "core.models.shared.formats:keep_earlier_layout",
            "core.models.shared.reading_migration:keep_reading",
        ),
    ),
    "gpt2": Model(
        "GPT-2",
        "Learns to write text like yours, token by token.",
        "core.settings.text_fit:Gpt2Training",
        "core.models.gpt2.gpt2:build",
        "core.tasks.train_text:train",
        kind="language",
    ),
}

DATASETS: Mapping[str, Dataset] = {
    "digits": Dataset("Digits", "1,797 handwritten digits, 8 × 8 px, built in.", "core.data.sources.digits:index"),
    "shapes": Dataset(
        "Shapes",
        "Scenes of coloured shapes, drawn from a seed, built in.",
        "core.data.sources.shapes.source:scenes",
        samples=("pictures", "texts"),
    ),
    "shapes-clips": Dataset(
        "Moving shapes",
        "Clips of moving shapes, built in; the class is the direction of motion.",
        "core.data.sources.shapes.source:clips",
        samples=(),
    ),
    "idx": Dataset(
        "idx files",
        "A folder of idx files, as MNIST comes.",
        "core.data.sources.idx:index",
        "core.data.sources.idx:recognise",
    ),
    "folder": Dataset(
        "Folder",
        "A folder of class folders of pictures.",
        "core.data.sources.folders:index",
        "core.data.sources.folders:recognise",
    ),
    "zip": Dataset(
        "Zip archive",
        "A zip of class folders of pictures.",
        "core.data.sources.archives:index",
        "core.data.sources.archives:recognise",
    ),
}

BACKENDS: Mapping[str, str] = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def embedded(samples: str) -> list[str]:
    """Returns the names of the embedded data sets that a model can learn from.

    Args:
        samples: str, "pictures" or "texts".
    """
    return [name for name, row in DATASETS.items() if not row.recognise and samples in row.samples]


def load(name: str) -> Any:
    """Imports what a row names.

    Args:
        name: str, "module:attribute".
    """
    module, attribute = name.split(":")
    return getattr(importlib.import_module(module), attribute)


def kind_of(model: str) -> Kind:
    """Returns the kind of a model.

    Args:
        model: str, a key of `MODELS`; "" where none is meant, which gets what classifiers are.

    Raises:
        UserError: there is no such model.
    """
    return KINDS[find(MODELS, model, "model").kind if model else "classifier"]


def does(model: str, task: str) -> bool:
    """Returns whether a trained model is of use for a task.

    Args:
        model: str, a key of `MODELS`.
        task: str, a key of `TASKS`; one that neither a kind nor a model names, such as "evaluate", takes all of them.

    Raises:
        UserError: there is no such model or task.
    """
    find(TASKS, task, "task")
    row = find(MODELS, model, "model")
    choosy = any(task in (*other.tasks, *KINDS[other.kind].tasks) for other in MODELS.values())
    return not choosy or task in (*row.tasks, *KINDS[row.kind].tasks)


def check_use(task: str, model: str, run: str) -> None:
    """Refuses a run whose model is of no use for a task.

    Args:
        task: str, as in `does`.
        model: str, the run's.
        run: str, its id.

    Raises:
        UserError: says what the run's model is, and what to train instead; or there is no such task or model.
    """
    if does(model, task):
        return
    kind = next((kind for kind in KINDS.values() if task in kind.tasks), None)
    raise UserError(
        kind.refusal if kind else "The run '{run}' is of no use for this: it is a {model}.",
        hint="Name a run that was trained with `{train}`.",
        run=run,
        model=MODELS[model].title,
        train=f"train {kind.usual if kind else next(name for name in MODELS if does(name, task))}",
    )


def wanted(model: str) -> Wanted:
    """Returns what samples must carry for a training of the model; as in `kind_of`."""
    return kind_of(model).wanted


def find(table: Mapping[str, Any], name: str, kind: str) -> Any:
    """Returns the row of that name.

    Raises:
        UserError: there is none; lists those there are, and names the one that is like it.
    """
    if name not in table:
        guess = closest(name, table)
        raise UserError(
            "There is no {kind} '{name}'.",
            hint="Did you mean '{guess}'? Choose one of: {known}." if guess else "Choose one of: {known}.",
            kind=kind,
            name=name,
            guess=guess,
            known=", ".join(table),
        )
    return table[name]
