"""What every training does before and after its steps: looks at the data, builds, saves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any, Literal, Protocol

import keras
import numpy as np

from core.context import Context
from core.data.dataset import Dataset, Skipped
from core.data.load import none_to_train
from core.errors import CancelledError, RefusedError, UserError
from core.events import Log, Progress, Saved
from core.files.tables import write_table
from core.models.shared.saved import BYTES_TO_TRAIN, ModelDescription, save_model
from core.runs.own_data import other_data
from core.runs.run import Run
from core.runs.seen import keep_seen
from core.settings.base import Settings
from core.training.loop.fitted import Fitted


class Divided(Protocol):
    """What a training needs to know of its data: of pictures, texts or anything else."""

    @property
    def source(self) -> str:
        """What the user named."""

    @property
    def fingerprint(self) -> str:
        """Equal where the same samples were read in the same way."""

    @property
    def splits(self) -> Mapping[str, Sized]:
        """Split -> samples."""

    def hashes(self, check: Callable[[], object]) -> Mapping[str, np.ndarray]:
        """Returns what the samples of "train" and "validation" are known by again, uint64 (N,); calls `check` often."""

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The files that could not be used."""

    def summary(self) -> dict[str, Any]:
        """Returns what run.json keeps of it."""


def begin(settings: Settings, dataset: Dataset, context: Context) -> tuple[Run, ModelDescription, keras.Model]:
    """Writes down what is trained on, and builds the model with fresh weights, which follow from the job's seed.

    Args:
        settings: data, fit and architecture.
        dataset: what is trained on.
        context: with the run to write into.

    Raises:
        UserError: the data has changed since the run began, nothing is left to train on, or the model can't be built.
        CancelledError: the user has asked the job to stop.
    """
    run = begin_run(dataset, context)
    description = ModelDescription(
        context.job.model,
        settings.model_dump(mode="json"),
        dataset.targets.summary(),
        dataset.shape,
        reading=dataset.reading,
    )
    try:
        description.check(bytes_each=BYTES_TO_TRAIN)
    except ValueError as error:
        raise UserError(
            "A model of these settings can't be built: {reason}.",
            hint="Choose a smaller size, fewer blocks or a larger patch.",
            reason=error,
        ) from error
    keras.utils.set_random_seed(context.job.seed)
    return run, description, description.build()


def begin_run(data: Divided, context: Context) -> Run:
    """Writes down what is trained on, whatever kind of data it is.

    Args:
        data: as it is now.
        context: with the run to write into.

    Raises:
        UserError: the data has changed since the run began, or nothing is left to train on.
        CancelledError: the user has asked the job to stop.
    """
    run = context.run
    if run is None:
        raise ValueError("A training needs a run folder. Received: context.run=None")
    settings = run.record().job.settings
    place = context.job.settings.get("data", settings.get("data"))
    check_unchanged(data.source, data.fingerprint, run, moved=place != settings.get("data"))
    if not len(data.splits["train"]):
        raise none_to_train(data.source)
    job = run.record().job.model_copy(update={"settings": {**settings, "data": place}})
    run.update(job=job, dataset=data.summary(), versions=versions())
    keep_seen(run, data.hashes(context.check))
    list_skipped(data.skipped, run, context)
    context.check()
    return run


def status_writer(run: Run) -> Callable[[Literal["paused", "running"]], object]:
    """Returns what writes a pause, and its end, into the run's record."""
    return lambda status: run.update(status=status)


def save_kept(run: Run, model: keras.Model, description: ModelDescription, fitted: Fitted, context: Context) -> None:
    """Saves the model with the weights it has now, and reports it; raises what `report_kept` raises."""
    context.report(Progress("save"))
    save_model(run.model_folder, model, ModelDescription(**{**vars(description), "epochs": fitted.kept_epoch + 1}))
    report_kept(run, fitted, context)


def report_kept(run: Run, fitted: Fitted, context: Context) -> None:
    """Reports that the model is saved, and from which epoch its weights are where that isn't the last.

    Raises:
        UserError: the training ended because of it; what it learnt before is saved.
        CancelledError: the user stopped the training.
    """
    kept = fitted.kept_epoch + 1
    context.report(Saved(str(run.model_folder), "model", kept))
    if kept != fitted.state.epoch:
        context.report(
            Log("The model has the weights of epoch {epoch}, the best that was measured.", values={"epoch": kept})
        )
    if fitted.error is not None:
        raise fitted.error
    if fitted.stopped:
        raise CancelledError


def outcome(run: Run, fitted: Fitted) -> dict[str, Any]:
    """Returns what every training reports of itself: "run", "epochs", "kept_epoch", "samples_per_s", "train_s"."""
    return {
        "run": run.id,
        "epochs": fitted.state.epoch,
        "kept_epoch": fitted.kept_epoch + 1,
        "samples_per_s": samples_per_s(fitted),
        "train_s": round(fitted.state.train_s, 3),
    }


def check_unchanged(source: str, fingerprint: str, run: Run, *, moved: bool = False) -> None:
    """Refuses to go on with other data than the run began with.

    Args:
        source: str, what the user named.
        fingerprint: str, of the data as they are now.
        run: whose checkpoints were made with the data as they were.
        moved: bool, whether they are at another place now: that they are the same must then be proved.

    Raises:
        RefusedError: they have changed.
    """
    before = run.record().dataset.get("fingerprint")
    if moved and before and before != fingerprint:
        raise other_data(run.id, source)
    if before and before != fingerprint and any(run.checkpoints.glob("[0-9]*")):
        raise RefusedError(
            "The data in '{source}' has changed since the run '{run}' began.",
            hint="Put the same files back, or start a new run.",
            source=source,
            run=run.id,
        )


def versions() -> dict[str, str]:
    """Returns the versions a result depends on."""
    found = {"python": python_version(), "keras": keras.__version__}
    for name in ("pixelwright", keras.backend.backend(), "numpy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a frozen program may carry no metadata
            continue
    return found


def samples_per_s(fitted: Fitted) -> float:
    """Returns the pictures trained on in a second of training steps."""
    state = fitted.state
    if state.samples:
        return round(state.samples / state.steps_s, 1)
    # Only first steps were run, which compile: the speed of the whole is all there is.
    return round(state.steps * state.batch_size / state.train_s, 1) if state.train_s else 0.0


def list_skipped(skipped: tuple[Skipped, ...], run: Run, context: Context) -> None:
    """Writes every file that was left out, with its reason, into skipped.csv: the log names only the first."""
    try:
        if skipped:
            write_table(run.skipped_path, ("path", "reason"), ((one.path, one.reason) for one in skipped))
        else:
            run.skipped_path.unlink(missing_ok=True)  # of an earlier start, before the files were mended
    except (OSError, UserError):  # on Windows a spreadsheet holds the file it shows
        context.report(
            Log(
                "'{path}' can't be updated: close the program that has it open. The training goes on.",
                "warning",
                {"path": run.skipped_path},
            )
        )
