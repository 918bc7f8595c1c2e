"""Classifies pictures with a trained run."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core import catalog
from core.context import Context
from core.data.decode import DecodeError
from core.data.notices import model_notices
from core.data.parallel import each
from core.data.pictures import find_pictures, read_noting, read_picture
from core.data.progress import Progressing
from core.errors import UserError
from core.events import Images
from core.inference.predict import predict, predict_batch_size
from core.inference.trained import trained_model
from core.metrics.classification import softmax
from core.models.shared.saved import ModelDescription
from core.settings.classify import ClassifySettings
from core.settings.dataset import DatasetSettings

THUMBNAIL_PX = 96
LARGE_THUMBNAIL_PX = 320  # a few pictures are looked at one by one
FEW = 32
FIRST_BATCH_S = 0.5  # results are shown at least this often, full batch or not


def classify(settings: ClassifySettings, context: Context) -> dict[str, Any]:
    """Classifies pictures, read as the run's training read them.

    Reports `Images` titled "predictions" batch by batch, their details being rows of "results"; their pictures are
    thumbnails, or none where the settings want none.

    Returns:
        {"results": [{"path", "label", "probability", "top": [{"label", "probability"}]}],
        "skipped": [{"path", "reason"}], "samples_per_s"}, in the order of the paths.

    Raises:
        UserError: the run is no classifier's or holds no model, or nothing was named.
        CancelledError: the user has asked the job to stop.
    """
    run = context.workspace.find(settings.run)
    catalog.check_use("classify", run.record().job.model, run.id)
    model, description = trained_model(run, context)
    paths, skipped = find_pictures(settings.paths, context)
    if not paths and not skipped:
        raise UserError("No pictures were given.", hint="Name pictures or folders of pictures.")
    bad = [{"path": entry.path, "reason": entry.reason} for entry in skipped]
    began = time.perf_counter()
    results = _classify(model, description, paths, bad, settings, context)
    passed = time.perf_counter() - began
    return {"results": results, "skipped": bad, "samples_per_s": round(len(results) / passed, 1) if passed else 0.0}


def top_classes(probabilities: np.ndarray, classes: Sequence[str], count: int) -> list[dict[str, Any]]:
    """Returns the likeliest classes.

    Args:
        probabilities: float (K,).
        classes: K names.
        count: int, how many at most.
    """
    order = np.argsort(-probabilities, kind="stable")[:count]
    return [{"label": classes[place], "probability": float(probabilities[place])} for place in order]


def _classify(
    model: keras.Model,
    description: ModelDescription,
    paths: Sequence[Path],
    bad: list[dict[str, str]],
    settings: ClassifySettings,
    context: Context,
) -> list[dict[str, Any]]:
    read = _reader(description, paths, thumbnails=settings.thumbnails)
    size = predict_batch_size(description.input_shape)
    progress = Progressing(context, "classify", len(paths), "pictures")
    results: list[dict[str, Any]] = []
    waiting: list[tuple[Path, np.ndarray, np.ndarray | None]] = []
    notes: Counter[str] = Counter()
    last = time.perf_counter()

    def flush() -> None:
        pictures = np.stack([picture for _, picture, _ in waiting])
        probabilities = softmax(predict(model, pictures, size))
        rows = []
        for (path, _, _), row in zip(waiting, probabilities, strict=True):
            top = top_classes(row, description.classes, settings.top)
            rows.append({"path": str(path), **top[0], "top": top})
        results.extend(rows)
        thumbnails = tuple(thumbnail for _, _, thumbnail in waiting if thumbnail is not None)
        context.report(Images("predictions", thumbnails, tuple(rows)))
        waiting.clear()

    for place, outcome in each(read, len(paths), progress):
        if isinstance(outcome, DecodeError):
            bad.append({"path": str(paths[place]), "reason": outcome.reason})
        else:
            picture, small, noted = outcome
            waiting.append((paths[place], picture, small))
            notes.update(noted)
        if len(waiting) == size or (waiting and time.perf_counter() - last > FIRST_BATCH_S):
            flush()
            last = time.perf_counter()
    if waiting:
        flush()
    progress.end()
    for notice in model_notices(notes, description.reading):
        context.report(notice)
    return results


def _reader(description: ModelDescription, paths: Sequence[Path], *, thumbnails: bool) -> Any:
    """Returns the function that reads the picture at a place, its thumbnail where one is wanted, and its notes."""
    data = description.typed_settings()
    if not isinstance(data, DatasetSettings):
        raise TypeError(f"A classifier's settings hold a data set's. Received: {type(data).__name__}")
    side, _, channels = description.input_shape
    way: dict[str, Any] = {"background": data.background, "reading": description.reads}
    small_px = LARGE_THUMBNAIL_PX if len(paths) <= FEW else THUMBNAIL_PX

    def read(place: int) -> tuple[np.ndarray, np.ndarray | None, frozenset[str]] | DecodeError:
        path = paths[place]
        try:
            picture, notes = read_noting(path, side, channels, fit=data.fit, **way)
            small = read_picture(path, side_px=small_px, channels=3, fit="pad", **way) if thumbnails else None
        except DecodeError as error:
            return error
        return picture, small, notes

    return read
