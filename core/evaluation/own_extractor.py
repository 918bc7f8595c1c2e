"""A small network trained on the same data within seconds, to measure generated pictures with. Knows no generator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.context import Context
from core.data.dataset import Dataset
from core.data.load import none_to_train
from core.data.targets.classes import ClassTargets, classes_of
from core.errors import CancelledError
from core.events import Event, Log, Metric, Progress, Saved
from core.files.migrations import migrate
from core.files.sealed import DamagedError, seal, unseal_versioned
from core.inference.predict import predict_split
from core.metrics.classification import accuracy
from core.models.shared.formats import format_of, migrations_of
from core.models.shared.saved import ModelDescription, rebuild
from core.models.shared.variables import named_variables, pack, read_variables, unpack
from core.runs.run import Run
from core.settings.cnn import CnnTraining
from core.training.begin import status_writer
from core.training.loop.reporter import RelayedReporter
from core.training.objectives.classifying import classifying
from core.training.supervised.fit import fit

WEIGHTS, DESCRIPTION = "weights.safetensors", "judge.json"
PHASE = "judge"  # of its progress
MOST_TRAINED, MOST_TESTED = 8000, 2000  # pictures; more would cost more time than they add
HELD_OUT = 10  # one of so many training pictures is held out where there are no others to score by
PIXELS = 24_000 * 28 * 28  # the work of a whole training, in samples of that size
FEWEST_SAMPLES, FEWEST_EPOCHS, MOST_EPOCHS = 8000, 2, 24
TURNS = ("0°", "90°", "180°", "270°")  # the classes where the data have none


@dataclass(frozen=True)
class Plan:
    """How an extractor is trained. Extractors of different plans share nothing but the pictures.

    Args:
        folder: str, where in the run it is kept.
        seed: int, added to the job's.
        settings: what differs from the size "fast" of the CNN.
        work: float, times as much training.
        scored_on: splits of unseen pictures, of which the first that has some says how often it is right.
    """

    folder: str
    seed: int
    settings: Mapping[str, Any]
    work: float = 1.0
    scored_on: tuple[str, ...] = ("validation",)


# How good it is decides whether it may choose an epoch of the generator: the test pictures must not.
OWN = Plan("judge", 1_000_003, {"filters": 16})
# For agreement: another width, activation, pooling and augmentation, other random numbers, other pictures of many. It
# chooses nothing.
INDEPENDENT = Plan(
    "judge-independent",
    2_000_003,
    {"filters": 24, "pooling": "average", "activation": "gelu", "dropout": 0.3, "crop": 0.12},
    1.25,
    ("test", "validation"),
)


@dataclass(frozen=True)
class OwnExtractor:
    """What is known of a trained extractor beside its network.

    Args:
        fingerprint: str, of the data it was trained on.
        seed: int, of the run's job.
        plan: str, how it was made, so that one made in an older way is not taken for one of this.
        description: of its network; the classes are turns where `turns`.
        turns: bool, whether it predicts rotations, where the data have no classes.
        accuracy: float in [0, 1], on unseen pictures; None where there are none.
    """

    fingerprint: str
    seed: int
    plan: str
    description: ModelDescription
    turns: bool
    accuracy: float | None


def own_extractor(dataset: Dataset, context: Context, run: Run, plan: Plan = OWN) -> tuple[keras.Model, OwnExtractor]:
    """Returns the run's extractor: the one kept in its folder, else a new one, which is kept there.

    It learns the train split's classes. Where there is but one class it learns to predict by how much a picture is
    rotated (Gidaris et al. 2018): that needs no labels, and its features describe shapes and strokes as well; only
    where every picture looks the same however it is rotated does it learn nothing.

    Whether it is read or trained, the random state afterwards is that of the job's seed. Its own randomness comes from
    the seed of the run's job, so that an evaluation of the run uses the extractor that measured its training.

    Args:
        dataset: its train split is learnt, and the plan says by which other one it is scored; where the data have none
            such, by a tenth of the train split, which is then not learnt.
        context: gets the progress, and is asked whether to stop.
        run: where the extractor is kept, and whose seed decides.
        plan: how it is made.

    Raises:
        CancelledError: the user has asked the job to stop.
        UserError: the disk is full; there is nothing to train on.

    Reference:
        - [Gidaris et al., 2018](https://arxiv.org/abs/1803.07728), predicting rotations.
    """
    seed = run.record().job.seed
    found = _read(run.folder / plan.folder, dataset, context, plan, seed)
    if found is None:
        found = _train(dataset, context, run, plan, seed)
        _write(run.folder / plan.folder, *found)
    keras.utils.set_random_seed(context.job.seed)
    return found


def _train(dataset: Dataset, context: Context, run: Run, plan: Plan, seed: int) -> tuple[keras.Model, OwnExtractor]:
    own_seed, turns = seed + plan.seed, len(classes_of(dataset.targets).classes) < 2
    shown = _sample(dataset, own_seed, plan, turns=turns)
    settings = _settings(shown, dataset.source, plan)
    description = ModelDescription("cnn", settings.model_dump(mode="json"), shown.targets.summary(), shown.shape)
    keras.utils.set_random_seed(own_seed)
    model = description.build()
    on_status = status_writer(run) if context.run is not None else lambda status: None
    objective = classifying(shown, settings, own_seed)
    fitted = fit(model, objective, settings, own_seed, ExtractorReporter(context), folder=None, on_status=on_status)
    if fitted.stopped:
        raise CancelledError
    if fitted.error is not None:
        raise fitted.error
    tested = shown.splits["test"]
    right = None
    if len(tested):
        logits = predict_split(model, shown.images, tested, context, PHASE)
        right = accuracy(logits, classes_of(shown.targets).labels[tested])
    return model, OwnExtractor(dataset.fingerprint, seed, _spell(plan), description, turns, right)


def _sample(dataset: Dataset, seed: int, plan: Plan, *, turns: bool) -> Dataset:
    """Returns the part of the data that is enough to train and to score an extractor; nothing is validated on."""
    random = np.random.default_rng(seed)
    train = dataset.splits["train"]
    if not len(train):
        raise none_to_train(dataset.source)
    unseen = next((dataset.splits[split] for split in plan.scored_on if len(dataset.splits[split])), None)
    if unseen is None:
        unseen, train = np.split(random.permutation(train), [len(train) // HELD_OUT])
    parts = {"train": (train, MOST_TRAINED), "test": (unseen, MOST_TESTED)}
    chosen = {
        split: np.sort(random.permutation(indices)[: most // (len(TURNS) if turns else 1)])
        for split, (indices, most) in parts.items()
    }
    if not turns:
        return replace(dataset, splits={"validation": np.zeros(0, np.int64), **chosen})
    images, labels, splits = [], [], {}
    place = 0
    for split, indices in chosen.items():
        upright = np.asarray(dataset.images[indices])  # (N, S, S, C): pictures in a data set are square
        images += [np.rot90(upright, turn, axes=(1, 2)) for turn in range(len(TURNS))]
        labels += [np.full(len(indices), turn, np.int32) for turn in range(len(TURNS))]
        splits[split] = np.arange(place, place + len(TURNS) * len(indices))
        place += len(TURNS) * len(indices)
    return replace(
        dataset,
        images=np.concatenate(images),
        targets=ClassTargets(TURNS, np.concatenate(labels)),
        names=tuple(map(str, range(place))),
        splits={"validation": np.zeros(0, np.int64), **splits},
    )


def _settings(dataset: Dataset, source: str, plan: Plan) -> CnnTraining:
    """Returns settings that take about the same time for any data."""
    height, width, _ = dataset.shape
    samples = plan.work * np.clip(PIXELS / (height * width), FEWEST_SAMPLES, PIXELS / 28**2)
    epochs = int(np.clip(round(samples / len(dataset.splits["train"])), FEWEST_EPOCHS, MOST_EPOCHS))
    return CnnTraining.parse({"size": "fast", "data": source, "epochs": epochs, "keep": "last", **plan.settings})


def _spell(plan: Plan) -> str:
    return json.dumps([plan.seed, plan.work, PIXELS, MOST_TRAINED, dict(plan.settings)])


def _write(folder: Path, model: keras.Model, extractor: OwnExtractor) -> None:
    weights = pack(read_variables(named_variables(model)))
    content = json.dumps(asdict(extractor), indent=1, ensure_ascii=False).encode()
    seal(folder, {WEIGHTS: weights, DESCRIPTION: content}, format_of(extractor.description.model))


def _read(
    folder: Path, dataset: Dataset, context: Context, plan: Plan, seed: int
) -> tuple[keras.Model, OwnExtractor] | None:
    """Returns the extractor that is kept there; None where there is none for these data, or it is damaged."""
    if not folder.is_dir():
        return None
    try:
        version, contents = unseal_versioned(folder, only=(WEIGHTS, DESCRIPTION))
        values = json.loads(contents[DESCRIPTION])
        read = {"description": values["description"], "variables": unpack(contents[WEIGHTS])}
        read = migrate({"format": version, **read}, migrations_of(read["description"]["model"]), folder)
        extractor = OwnExtractor(**{**values, "description": ModelDescription.of_json(read["description"])})
        made_for = (extractor.fingerprint, extractor.seed, extractor.plan, extractor.description.input_shape)
        if made_for != (dataset.fingerprint, seed, _spell(plan), dataset.shape):
            return None
        return rebuild(extractor.description, read["variables"]), extractor
    except (DamagedError, ValueError, TypeError, KeyError) as error:
        context.report(
            Log("The feature extractor in '{folder}' is damaged ({reason}): a new one is trained.", "warning",
                {"folder": folder, "reason": error})
        )  # fmt: skip
        return None


class ExtractorReporter(RelayedReporter):
    """Keeps the figures of the extractor's training out of the plots of the training that the user watches."""

    def report(self, event: Event) -> None:
        """Passes on states, warnings and progress."""
        if isinstance(event, Progress):
            event = replace(event, phase=PHASE)
        if not isinstance(event, Metric | Saved) and not (isinstance(event, Log) and event.level == "info"):
            super().report(event)
