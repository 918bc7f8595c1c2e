"""Trains a classifier on a data set: from pictures to a saved model and a test score."""

from __future__ import annotations

from typing import Any

import keras

from core.context import Context
from core.data.dataset import Dataset
from core.data.load import load, report_small_test
from core.data.targets.classes import classes_of
from core.data.unseen import unseen_classes
from core.evaluation.caveats import of_split, told
from core.events import Log, Progress
from core.inference.predict import predict_split
from core.metrics.classification import scores
from core.models.shared.size import model_size
from core.runs.interval import interval_shown
from core.settings.dataset import DatasetSettings
from core.settings.picture_fit import PictureFitSettings
from core.training.begin import begin, outcome, save_kept, status_writer
from core.training.objectives.classifying import classifying
from core.training.supervised.fit import fit


class ClassifierTraining(PictureFitSettings, DatasetSettings):
    """What every classifier's training settings hold, for the type checker."""


def train(settings: ClassifierTraining, context: Context) -> dict[str, Any]:
    """Trains the job's model, or goes on where its run stopped, saves it and scores it on the test split.

    Args:
        settings: data, fit and architecture.
        context: with the run to write into.

    Returns:
        {"run", "metrics": {"test_accuracy", its 95 % interval from "test_accuracy_low" to "test_accuracy_high",
        "test_loss", "ece", and the same of the validation split, "validation_ece" too}, "caveats" (what the
        score does not tell: {"message", "values"} each), "epochs", "samples_per_s", "train_s", "classes",
        "unseen_classes" (as `core.data.unseen`), "counts", "leaks" (test pictures of which an exact copy is in another
        split), "parameters", "flops"}. `samples_per_s` counts the time of training steps alone, `train_s` everything
        between the first step and the last epoch's end, pauses excepted.

    Raises:
        UserError: the data can't be used, or has changed since the run began; the disk is full; it diverged, and the
            best epoch before that is saved.
        CancelledError: the user stopped it; the model so far is saved.
    """
    dataset = load(settings, context.job.seed, context)
    run, description, model = begin(settings, dataset, context)
    size = model_size(model)
    counts = dataset.summary()["counts"]
    context.report(
        Log(
            "{train} pictures to train on, {validation} to validate, {test} held out for the test; "
            "{parameters} parameters.",
            values={**counts, "parameters": size.parameters},
        )
    )
    caveats = of_split(dataset)
    for caveat in caveats:  # now, while the data can still be mended, and beside the score
        context.report(caveat)
    seed = context.job.seed
    objective = classifying(dataset, settings, seed)
    fitted = fit(model, objective, settings, seed, context, run.folder, status_writer(run), context.job.model)
    save_kept(run, model, description, fitted, context)
    metrics = _score(model, dataset, context)
    if "test_accuracy" in metrics:
        right, interval = metrics["test_accuracy"], interval_shown(metrics["test_accuracy"], counts["test"])
        context.report(
            Log(
                "{right} of {test} test pictures right (95 % interval: {interval}).",
                values={"right": round(right * counts["test"]), "test": counts["test"], "interval": interval},
            )
        )
    return {
        **outcome(run, fitted),
        "metrics": metrics,
        "caveats": told(caveats),
        "classes": list(classes_of(dataset.targets).classes),
        "unseen_classes": unseen_classes(dataset.targets, dataset.splits),
        "counts": counts,
        "leaks": dataset.leaks,
        "parameters": size.parameters,
        "flops": size.flops,
    }


def _score(model: keras.Model, dataset: Dataset, context: Context) -> dict[str, float]:
    """Scores validation and test split; the test split is touched here for the first time."""
    metrics: dict[str, float] = {}
    for split in ("validation", "test"):
        indices = dataset.splits[split]
        if len(indices):
            context.report(Progress("evaluate", 0, len(indices), "pictures"))
            logits = predict_split(model, dataset.images, indices, context)
            found = scores(logits, classes_of(dataset.targets).labels[indices])
            metrics.update({f"{split}_{name}": value for name, value in found.items()})
            if split == "test":
                metrics["ece"] = metrics.pop("test_ece")  # as an evaluation calls it
        else:
            context.report(Log("There is no {split} split: nothing is measured on it.", "warning", {"split": split}))
    report_small_test(len(dataset.splits["test"]), context)
    return metrics
