"""Scores a classifier on pictures it has never seen, and writes the report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.context import Context
from core.data.load import load, report_small_test
from core.data.targets.classes import ClassTargets, classes_of
from core.errors import UserError
from core.events import Log, Progress
from core.files.atomic import write_atomic
from core.inference.predict import predict_split
from core.inference.trained import trained_model
from core.kinds.kind import Wanted
from core.metrics.classification import confusion, per_class, scores, softmax
from core.models.shared.saved import ModelDescription
from core.reports.with_report import report_path, with_report
from core.runs.run import Run
from core.settings.dataset import DatasetSettings
from core.settings.evaluate import EvaluateSettings


@dataclass(frozen=True, eq=False)
class Sample:
    """The pictures that are scored. M of them.

    Args:
        source: str, where they come from.
        images: uint8 (N, H, W, C).
        indices: int (M,), which of them.
        labels: int (M,), in the order of the model's classes.
        names: what each of all N is called.
    """

    source: str
    images: Any
    indices: np.ndarray
    labels: np.ndarray
    names: Any


def evaluate_classifier(settings: EvaluateSettings, context: Context) -> dict[str, Any]:
    """Scores the run on its own test split, or on other data whose classes have the same names.

    Of other data only its test split is scored where it has one, else every picture.

    Returns:
        {"run", "metrics": {"test_accuracy", its 95 % interval from "test_accuracy_low" to "test_accuracy_high",
        "test_loss", "ece"}, "count", "classes": [{"label", "precision",
        "recall", "f1", "count"}], "confusion": K x K, "samples_per_s", "report"}; where the report can't be written,
        "report" is empty and "error" says why.

    Raises:
        UserError: the run holds no model, its data has changed, or there is nothing to score.
        CancelledError: the user has asked the job to stop.
    """
    run = context.workspace.find(settings.run)
    model, description = trained_model(run, context)
    sample = _other(settings.data, description, context) if settings.data else _own(run, description, context)
    context.report(Progress("evaluate", 0, len(sample.indices), "pictures"))
    began = time.perf_counter()
    logits = predict_split(model, sample.images, sample.indices, context)
    passed = time.perf_counter() - began
    found = scores(logits, sample.labels)
    matrix = confusion(logits.argmax(axis=1), sample.labels, len(description.classes))
    result: dict[str, Any] = {
        "run": run.id,
        "data": sample.source,
        "metrics": {name if name == "ece" else f"test_{name}": value for name, value in found.items()},
        "count": len(sample.indices),
        "classes": per_class(matrix, description.classes),
        "confusion": matrix.tolist(),
        "samples_per_s": round(len(sample.indices) / passed, 1) if passed else 0.0,
    }
    probabilities = softmax(logits)
    return with_report(
        result, lambda: _write_report(run, description, sample, probabilities, result, settings), context
    )


def _write_report(
    run: Run,
    description: ModelDescription,
    sample: Sample,
    probabilities: np.ndarray,
    result: dict[str, Any],
    settings: EvaluateSettings,
) -> Path:
    from core.reports.classifier import render_report  # matplotlib takes its time, and only here is it needed

    path = report_path(run, settings.data)
    page = render_report(run, description.classes, sample.images, sample.indices, sample.labels, sample.names,
                         probabilities, result)  # fmt: skip
    write_atomic(path, page.encode("utf-8", errors="replace"))
    return path


def _own(run: Run, description: ModelDescription, context: Context) -> Sample:
    """Returns the run's own test split, made again from the same pictures with the same seed."""
    record = run.record()
    settings = description.typed_settings()
    if not isinstance(settings, DatasetSettings):
        raise TypeError(f"A classifier's settings hold a data set's. Received: {type(settings).__name__}")
    dataset = load(settings, record.job.seed, context)
    if record.dataset.get("fingerprint", dataset.fingerprint) != dataset.fingerprint:
        raise UserError(
            "The data in '{source}' has changed since the run '{run}' was trained: its test split is no longer known.",
            hint="Put the same pictures back, or name data to score it on.",
            source=dataset.source,
            run=run.id,
        )
    indices = dataset.splits["test"]
    if not len(indices):
        raise UserError(
            "The run '{run}' has no test split.", hint="Name other data to score it on, with --data.", run=run.id
        )
    report_small_test(len(indices), context)
    return Sample(dataset.source, dataset.images, indices, classes_of(dataset.targets).labels[indices], dataset.names)


def _other(data: str, description: ModelDescription, context: Context) -> Sample:
    """Returns other data's pictures, read at the model's size, with the model's labels."""
    side, _, channels = description.input_shape
    colour = "grey" if channels == 1 else "rgb"
    trained = description.typed_settings()
    settings = DatasetSettings.parse(
        {
            **{name: value for name, value in trained.model_dump().items() if name in DatasetSettings.model_fields},
            "data": data,
            "image_px": side,
            "colour": colour,
            "group_by": "none",  # all of it is scored
        }
    )
    dataset = load(settings, context.job.seed, context, Wanted(fewest=1))
    classes = classes_of(dataset.targets)
    chosen = np.zeros(len(classes), bool)
    chosen[dataset.splits["test"] if "test" in dataset.given else slice(None)] = True
    places = {name: label for label, name in enumerate(description.classes)}
    labels = np.array([places.get(name, -1) for name in classes.classes], np.int64)[classes.labels]
    _report_unknown(classes, chosen & (labels < 0), context)
    indices = np.flatnonzero(chosen & (labels >= 0))
    if not len(indices):
        raise UserError(
            "No class of '{data}' has the name of one that the run knows.",
            hint="The run knows: {classes}. Name the folders like that.",
            data=data,
            classes=", ".join(description.classes[:20]),
        )
    return Sample(dataset.source, dataset.images, indices, labels[indices], dataset.names)


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
