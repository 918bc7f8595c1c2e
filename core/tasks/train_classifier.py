"""Trains a classifier on a data set: from pictures to a saved model and a test score."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any

import keras

from core.context import Context
from core.data.dataset import Dataset
from core.data.load import load, none_to_train, tell_small_test
from core.errors import CancelledError, UserError
from core.events import Log, Progress, Saved
from core.metrics.classification import scores
from core.models.saved import BYTES_TO_TRAIN, ModelDescription, save_model
from core.models.size import model_size
from core.runs import Run
from core.settings.dataset import DatasetSettings
from core.settings.fit import FitSettings
from core.tables import write_table
from core.training.fit import Fitted, fit
from core.training.predict import predict_split


class ClassifierTraining(FitSettings, DatasetSettings):
    """What every classifier's training settings hold, for the type checker."""


def train(settings: ClassifierTraining, context: Context) -> dict[str, Any]:
    """Trains the job's model, or goes on where its run stopped, saves it and scores it on the test split.

    Args:
        settings: data, fit and architecture.
        context: with the run to write into.

    Returns:
        {"run", "metrics": {"test_accuracy", "test_loss", "validation_accuracy", ...}, "epochs", "samples_per_s",
        "train_s", "classes", "counts", "leaks", "parameters", "flops"}. `leaks` counts the test pictures of which an
        exact copy is in another split. `samples_per_s` counts the time of training steps
        alone, `train_s` everything between the first step and the last epoch's end, pauses excepted.

    Raises:
        UserError: the data can't be used, or has changed since the run began; the disk is full; it diverged, and the
            best epoch before that is saved.
        CancelledError: the user stopped it; the model so far is saved.
    """
    run = context.run
    if run is None:
        raise ValueError("A training needs a run folder. Received: context.run=None")
    dataset = load(settings, context.job.seed, context)
    _check_dataset(dataset, run)
    run.update(dataset=dataset.summary(), versions=versions())
    _list_skipped(dataset, run, context)
    context.check()
    description = ModelDescription(context.job.model, settings.model_dump(mode="json"), dataset.classes, dataset.shape)
    try:
        description.check(bytes_each=BYTES_TO_TRAIN)
    except ValueError as error:
        raise UserError(
            "A model of these settings can't be built: {reason}.",
            hint="Choose a smaller size, fewer blocks or a larger patch.",
            reason=error,
        ) from error
    keras.utils.set_random_seed(context.job.seed)
    model = description.build()
    size = model_size(model)
    counts = dataset.summary()["counts"]
    context.report(
        Log(
            "{train} pictures to train on, {validation} to validate, {test} kept back for the test; "
            "{parameters} parameters.",
            values={**counts, "parameters": size.parameters},
        )
    )
    fitted = fit(model, dataset, settings, context, run)
    context.report(Progress("save"))
    _save(run, model, description, fitted, context)
    if fitted.error is not None:
        raise fitted.error
    if fitted.stopped:
        raise CancelledError
    metrics = _score(model, dataset, context)
    if "test_accuracy" in metrics:
        right = round(metrics["test_accuracy"] * counts["test"])
        context.report(Log("{right} of {test} test pictures right.", values={"right": right, "test": counts["test"]}))
    return {
        "run": run.id,
        "metrics": metrics,
        "epochs": fitted.state.epoch,
        "kept_epoch": fitted.kept_epoch + 1,
        "samples_per_s": _rate(fitted),
        "train_s": round(fitted.state.train_s, 3),
        "classes": list(dataset.classes),
        "counts": counts,
        "leaks": dataset.leaks,
        "parameters": size.parameters,
        "flops": size.flops,
    }


def versions() -> dict[str, str]:
    """Returns the versions a result depends on."""
    found = {"python": python_version(), "keras": keras.__version__}
    for name in ("pixelwright", keras.backend.backend(), "numpy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a frozen program may carry no metadata
            continue
    return found


def _check_dataset(dataset: Dataset, run: Run) -> None:
    before = run.record().dataset.get("fingerprint")
    if before and before != dataset.fingerprint and any(run.checkpoints.glob("[0-9]*")):
        raise UserError(
            "The data in '{source}' has changed since the run '{run}' began.",
            hint="Put the same pictures back, or start a new run.",
            source=dataset.source,
            run=run.id,
        )
    if not len(dataset.splits["train"]):
        raise none_to_train(dataset.source)


def _list_skipped(dataset: Dataset, run: Run, context: Context) -> None:
    """Writes every file that was left out, with its reason, into skipped.csv: the log names only the first."""
    try:
        if dataset.skipped:
            write_table(run.skipped_path, ("path", "reason"), ((one.path, one.reason) for one in dataset.skipped))
        else:
            run.skipped_path.unlink(missing_ok=True)  # of an earlier start, before the files were mended
    except (OSError, UserError):  # on Windows a spreadsheet holds the file it shows
        context.report(
            Log(
                "'{path}' can't be brought up to date: close it where it is open. The training goes on.",
                "warning",
                {"path": run.skipped_path},
            )
        )


def _save(run: Run, model: keras.Model, description: ModelDescription, fitted: Fitted, context: Context) -> None:
    kept = fitted.kept_epoch + 1
    save_model(run.model_folder, model, ModelDescription(**{**vars(description), "epochs": kept}))
    context.report(Saved(str(run.model_folder), "model", kept))
    if kept != fitted.state.epoch:
        context.report(
            Log("The model has the weights of epoch {epoch}, the best on the validation split.", values={"epoch": kept})
        )


def _score(model: keras.Model, dataset: Dataset, context: Context) -> dict[str, float]:
    """Scores validation and test split; the test split is touched here for the first time."""
    metrics: dict[str, float] = {}
    for split in ("validation", "test"):
        indices = dataset.splits[split]
        if len(indices):
            context.report(Progress("evaluate", 0, len(indices), "pictures"))
            logits = predict_split(model, dataset.images, indices, context)
            found = scores(logits, dataset.labels[indices])
            metrics.update({f"{split}_{name}": value for name, value in found.items()})
        else:
            context.report(Log("There is no {split} split: nothing is measured on it.", "warning", {"split": split}))
    tell_small_test(len(dataset.splits["test"]), context)
    return metrics


def _rate(fitted: Fitted) -> float:
    state = fitted.state
    if state.samples:
        return round(state.samples / state.steps_s, 1)
    # Only first steps were run, which compile: the speed of the whole is all there is.
    return round(state.steps * state.batch_size / state.train_s, 1) if state.train_s else 0.0
