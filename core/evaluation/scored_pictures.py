"""Which pictures a classifier's evaluation scores: the run's own test split, or those of other data that are new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.context import Context
from core.data.dataset import Dataset
from core.data.load import load, report_small_test
from core.data.targets.classes import ClassTargets, classes_of
from core.errors import UserError
from core.evaluation.caveats import UNKNOWN, of_known, of_own, of_split, of_untested
from core.evaluation.other_data import load_other, seen_by
from core.events import Log
from core.kinds.kind import Wanted
from core.models.shared.saved import ModelDescription
from core.runs.own_data import check_own_data
from core.runs.run import Run
from core.settings.dataset import DatasetSettings


@dataclass(frozen=True, eq=False)
class Sample:
    """The pictures that are scored, M of them, and those that the run knows, P.

    Args:
        source: str, where they come from.
        images: uint8 (N, H, W, C).
        names: what each of all N is called.
        labels: int (N,), in the order of the model's classes; -1 for a class that it doesn't know.
        unseen: int (M,), which of them neither training nor validation has seen.
        known: int (P,), which of the others are scored apart.
        seen: {"train", "validation", "unseen"}, how many pictures there are of each; None where that is not known, or
            nothing but the run's own test split is scored.
        caveats: what the score does not tell.
    """

    source: str
    images: Any
    names: Any
    labels: np.ndarray
    unseen: np.ndarray
    known: np.ndarray
    seen: dict[str, int] | None = None
    caveats: tuple[Log, ...] = ()

    @property
    def scored(self) -> np.ndarray:
        """Those that the score is of: the unseen ones, or where there are none the known ones."""
        return self.unseen if len(self.unseen) else self.known


def own_sample(run: Run, description: ModelDescription, context: Context) -> Sample:
    """Returns the run's own test split, made again from the same pictures with the same seed.

    Raises:
        UserError: the data can't be read or have changed, or the run has no test split.
        CancelledError: the user has asked the job to stop.
    """
    check_own_data(run)
    record = run.record()
    dataset = load(_data_settings(description), record.job.seed, context)
    if record.dataset.get("fingerprint", dataset.fingerprint) != dataset.fingerprint:
        raise UserError(
            "The data in '{source}' has changed since the run '{run}' was trained: its test split is no longer known.",
            hint="Put the same pictures back, or name data to score it on.",
            source=dataset.source,
            run=run.id,
        )
    return _test_split(dataset, run, context)


def other_sample(data: str, run: Run, description: ModelDescription, context: Context) -> Sample:
    """Returns other data's pictures, read at the model's size, with the model's labels.

    Where they are the run's own, at another place or under another name, that is its test split. Else it is all
    pictures, or their test split where they have one, those that the run knows apart from those that it doesn't.

    Args:
        data: str, what the user named.
        run: that is scored.
        description: of its model.
        context: its job's seed decides what is drawn.

    Raises:
        UserError: the data can't be read, or no class of theirs is known to the run.
        CancelledError: the user has asked the job to stop.
    """
    dataset, own = load_other(data, description, run, context, Wanted(fewest=1))
    if own and len(dataset.splits["test"]):
        return _test_split(dataset, run, context, data)
    labels = _labels(classes_of(dataset.targets), description.classes)
    places = _matched(dataset, labels, description.classes, context)
    settings, seed = _data_settings(description), run.record().job.seed
    seen = seen_by(run, lambda: load(settings, seed, context), context)
    numbers, known, caveats = None, np.zeros(len(places), bool), [UNKNOWN]
    if seen is not None:
        trained_on, validated_on = seen.places(dataset.hashes_at(places))
        known = trained_on | validated_on
        numbers = {"train": int(trained_on.sum()), "validation": int(validated_on.sum()), "unseen": int((~known).sum())}
        caveats = of_known(numbers["train"], numbers["validation"], len(places))
    scored = places[~known] if not known.all() else places
    counts = np.bincount(labels[scored], minlength=len(description.classes)).tolist()
    caveats += of_untested(description.classes, counts)
    return Sample(
        dataset.source,
        dataset.images,
        dataset.names,
        labels,
        places[~known],
        places[known],
        numbers,
        tuple(caveats),
    )


def _test_split(dataset: Dataset, run: Run, context: Context, data: str = "") -> Sample:
    """Returns the run's own test split; `data` says where they lie now, if elsewhere."""
    places = dataset.splits["test"]
    if not len(places):
        raise UserError(
            "The run '{run}' has no test split.", hint="Name other data to score it on, with --data.", run=run.id
        )
    report_small_test(len(places), context)
    targets = classes_of(dataset.targets)
    numbers = {split: len(dataset.splits[split]) for split in ("train", "validation")} | {"unseen": len(places)}
    return Sample(
        dataset.source,
        dataset.images,
        dataset.names,
        targets.labels,
        places,
        places[:0],
        numbers if data else None,
        (*(of_own(data, len(places)) if data else ()), *of_split(dataset)),
    )


def _data_settings(description: ModelDescription) -> DatasetSettings:
    settings = description.typed_settings()
    if not isinstance(settings, DatasetSettings):
        raise TypeError(f"A classifier's settings hold a data set's. Received: {type(settings).__name__}")
    return settings


def _labels(found: ClassTargets, known: tuple[str, ...]) -> np.ndarray:
    """Returns the samples' labels as the model counts its classes, int64 (N,); -1 where it does not know the class."""
    places = {name: label for label, name in enumerate(known)}
    return np.array([places.get(name, -1) for name in found.classes], np.int64)[found.labels]


def _matched(dataset: Dataset, labels: np.ndarray, known: tuple[str, ...], context: Context) -> np.ndarray:
    """Returns the pictures that can be scored, int64 (M,): of the test split where one is given, else of all."""
    chosen = np.zeros(len(labels), bool)
    chosen[dataset.splits["test"] if "test" in dataset.given else slice(None)] = True
    _report_unknown(classes_of(dataset.targets), chosen & (labels < 0), context)
    places = np.flatnonzero(chosen & (labels >= 0))
    if not len(places):
        raise UserError(
            "No class of '{data}' has the name of one that the run knows.",
            hint="The run knows: {classes}. Name the folders like that.",
            data=dataset.source,
            classes=", ".join(known[:20]),
        )
    return places


def _report_unknown(found: ClassTargets, unknown: np.ndarray, context: Context) -> None:
    """Says which pictures, `unknown` being a bool (N,), are left out because their class is none of the run's."""
    if unknown.any():
        classes = [found.classes[label] for label in np.unique(found.labels[unknown])]
        context.report(
            Log(
                "{count} pictures are left out, since the run does not know their classes: {classes}.",
                "warning",
                {"count": int(unknown.sum()), "classes": ", ".join(classes[:20])},
            )
        )
