"""Scores a classifier on pictures it has never seen, and writes the report."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.context import Context
from core.evaluation.caveats import told
from core.evaluation.scored_pictures import Sample, other_sample, own_sample
from core.events import Progress
from core.files.atomic import write_atomic
from core.inference.predict import predict_split
from core.inference.trained import trained_model
from core.metrics.classification import confusion, per_class, scores, softmax
from core.models.shared.saved import ModelDescription
from core.reports.with_report import report_path, with_report
from core.runs.run import Run
from core.settings.evaluate import EvaluateSettings


def evaluate_classifier(settings: EvaluateSettings, context: Context) -> dict[str, Any]:
    """Scores the run on its own test split, or on other data whose classes have the same names.

    Of other data only its test split is scored where it has one, else every picture; those that the run has been
    trained or validated on, apart: see `other_sample`.

    Returns:
        {"run", "data", "metrics": {"test_accuracy", its 95 % interval from "test_accuracy_low" to
        "test_accuracy_high", "test_loss", "ece"; of pictures that the run knows "known_accuracy" and its like},
        "count" (pictures that the score is of), "seen" and "caveats" (see `Sample`), "classes": [{"label",
        "precision", "recall", "f1", "count"}], "confusion": K x K, "samples_per_s", "report"}; where the report can't
        be written, "report" is empty and "error" says why.

    Raises:
        UserError: the run holds no model, its data has changed, or there is nothing to score.
        CancelledError: the user has asked the job to stop.
    """
    run = context.workspace.find(settings.run)
    model, description = trained_model(run, context)
    data = settings.data
    sample = other_sample(data, run, description, context) if data else own_sample(run, description, context)
    context.report(Progress("evaluate", 0, len(sample.scored), "pictures"))
    began = time.perf_counter()
    logits = predict_split(model, sample.images, sample.scored, context)
    passed = time.perf_counter() - began
    labels = sample.labels[sample.scored]
    matrix = confusion(logits.argmax(axis=1), labels, len(description.classes))
    result: dict[str, Any] = {
        "run": run.id,
        "data": sample.source,
        "metrics": _metrics(logits, labels, sample, model, context),
        "count": len(sample.scored),
        "seen": sample.seen,
        "caveats": told(sample.caveats),
        "classes": per_class(matrix, description.classes),
        "confusion": matrix.tolist(),
        "samples_per_s": round(len(sample.scored) / passed, 1) if passed else 0.0,
    }
    probabilities = softmax(logits)
    return with_report(
        result, lambda: _write_report(run, description, sample, probabilities, result, settings), context
    )


def _metrics(
    logits: np.ndarray, labels: np.ndarray, sample: Sample, model: keras.Model, context: Context
) -> dict[str, float]:
    """Returns the scores, those on pictures that the run knows under names of their own."""
    if not len(sample.unseen):
        return {f"known_{name}": value for name, value in scores(logits, labels).items()}
    metrics = {name if name == "ece" else f"test_{name}": value for name, value in scores(logits, labels).items()}
    if len(sample.known):
        known = scores(predict_split(model, sample.images, sample.known, context), sample.labels[sample.known])
        metrics |= {f"known_{name}": value for name, value in known.items()}
    return metrics


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
    places = sample.scored
    page = render_report(run, description.classes, sample.images, places, sample.labels[places], sample.names,
                         probabilities, result)  # fmt: skip
    write_atomic(path, page.encode("utf-8", errors="replace"))
    return path
