"""Scores a trained GAN: distance from real pictures, class agreement, collapse, copies; and writes the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.context import Context
from core.data.dataset import Dataset
from core.data.load import load
from core.errors import UserError, fill
from core.events import Images, Log, Progress
from core.files import write_atomic
from core.latents import latents
from core.metrics.collapse import Collapse, find_collapse
from core.metrics.memorisation import Memorisation, find_copies
from core.models.dcgan import Gan
from core.models.saved import ModelDescription
from core.runs import Run
from core.settings.dcgan import DcganTraining
from core.settings.evaluate import EvaluateSettings
from core.tasks.agreement import class_agreement
from core.tasks.gan_attendant import (
    FEWEST_MEASURED,
    VARIETY_SEED,
    held_out_places,
    looked_at,
    measure_drawn,
    measured_labels,
)
from core.tasks.judge import Judge, make_judge
from core.tasks.reports import report_path, with_report
from core.tasks.trained_gan import trained_gan
from core.training.paint import one_hot, paint

LOOKED_AT = 1000  # drawn pictures in which collapse is looked for
COMPARED, HELD_OUT_COMPARED = 200, 300  # drawn and real ones for which the nearest training picture is looked up


@dataclass(frozen=True, eq=False)
class Drawn:
    """Pictures drawn to look for collapse and copies. M of them.

    Args:
        pictures: uint8 (M, H, W, C).
        labels: int (M,), as which they were drawn; all 0 without classes.
        features: float32 (M, D).
        probabilities: float32 (M, K) or None.
    """

    pictures: np.ndarray
    labels: np.ndarray
    features: np.ndarray
    probabilities: np.ndarray | None


def evaluate_gan(settings: EvaluateSettings, context: Context) -> dict[str, Any]:
    """Scores a GAN's run by its own held-out pictures, with the judge and the latents that its training was scored by.

    So the same figures come out as at the end of the training. Other data only take the held-out pictures' place in
    the distances.

    Returns:
        {"run", "data", "epochs" (age of the generator), "judge" (whose features these are), "real_count" (pictures that
        it was shown to measure by), "metrics": {"fid", "kid",
        "kid_spread", "is", "floor", "kid_floor", "count", "agreement", "agreement_count",
        "agreement_judge_accuracy"}, "collapse": {"alarm", "verdict", "missed", "kinds", "kinds_drawn", "diversity",
        "within", "spacing", "pixels", "count"}, "memorisation": {"alarm", "verdict", "copies", "count", "threshold",
        "false_alarms", "held_out", "held_out_distance", "nearest": [{"number", "train", "distance", "ratio",
        "copy"}]}, "report"}; where the report can't be written, "report" is empty and "error" says why.

    Raises:
        UserError: the run holds no GAN, its data has changed, or there is nothing to measure by.
        CancelledError: the user has asked the job to stop.
    """
    run = context.workspace.find(settings.run)
    gan, description = trained_gan(run, context)
    trained = description.typed_settings()
    if not isinstance(trained, DcganTraining):
        raise TypeError(f"A GAN's settings are a DCGAN training's. Received: {type(trained).__name__}")
    dataset = _own_data(run, trained, context)
    seed = run.record().job.seed
    real = _real_pictures(settings.data, dataset, trained, description, seed, context)
    judge = make_judge(dataset, trained, context, run)
    context.report(Progress("measure", 0, len(real), "pictures"))
    real_features, real_probabilities = judge.look(real)
    metrics = measure_drawn(gan, dataset, judge, real_features, trained.measure_count, seed, context)
    metrics |= class_agreement(gan, dataset, context, run)
    drawn = _draw(gan, dataset, judge, seed, context)
    collapse = find_collapse(
        real_features,
        drawn.features,
        real_probabilities,
        drawn.probabilities,
        judge.classes,
        real_pictures=real,
        fake_pictures=drawn.pictures,
        seed=seed,
    )
    context.report(collapse.verdict)
    copies = _look_for_copies(drawn, dataset, trained, context)
    context.report(copies.verdict)
    result: dict[str, Any] = {
        "run": run.id,
        "data": settings.data or dataset.source,
        "epochs": description.epochs,
        "judge": judge.name,
        "real_count": len(real),
        "metrics": metrics,
        "collapse": _collapse_values(collapse),
        "memorisation": _copies_values(copies),
    }
    _show_nearest(drawn, dataset, copies, context)
    return with_report(result, lambda: _write_report(run, dataset, drawn, copies, result, settings), context)


def _own_data(run: Run, trained: DcganTraining, context: Context) -> Dataset:
    """Returns what the run was trained on, divided as it was then."""
    record = run.record()
    dataset = load(trained, record.job.seed, context, minimum_classes=0)
    if record.dataset.get("fingerprint", dataset.fingerprint) != dataset.fingerprint:
        raise UserError(
            "The data in '{source}' has changed since the run '{run}' was trained.",
            hint="Put the same pictures back: what is drawn is compared with what was learnt.",
            source=dataset.source,
            run=run.id,
        )
    return dataset


def _real_pictures(
    data: str, own: Dataset, trained: DcganTraining, description: ModelDescription, seed: int, context: Context
) -> np.ndarray:
    """Returns the real pictures to measure by, (N, H, W, C), of the run's own held-out ones, or of other data's."""
    dataset, places = own, held_out_places(own)
    if data:
        side, _, channels = description.input_shape
        colour = "grey" if channels == 1 else "rgb"
        other = trained.model_copy(update={"data": data, "image_px": side, "colour": colour, "group_by": "none"})
        dataset = load(other, context.job.seed, context, minimum_classes=0)
        places = dataset.splits["test"] if "test" in dataset.given else np.arange(len(dataset.labels))
    if len(places) < FEWEST_MEASURED:
        raise UserError(
            "'{data}' holds too few pictures ({count}) that were not trained on to measure the drawn ones by.",
            hint="Name other data to measure by, with --data.",
            data=dataset.source,
            count=len(places),
        )
    return np.asarray(dataset.images[looked_at(places, trained.measure_count, seed, context)])


def _draw(gan: Gan, dataset: Dataset, judge: Judge, seed: int, context: Context) -> Drawn:
    """Draws pictures in the proportions of the classes, so that missing ones are the generator's doing."""
    labels = measured_labels(dataset, dataset.splits["train"], LOOKED_AT, seed + VARIETY_SEED)
    source = latents(seed + VARIETY_SEED, LOOKED_AT, gan.latent)
    context.report(Progress("measure", 0, LOOKED_AT, "pictures"))
    pictures = paint(gan, source, one_hot(labels, gan), context.check)
    return Drawn(pictures, labels, *judge.look(pictures))


def _look_for_copies(drawn: Drawn, dataset: Dataset, trained: DcganTraining, context: Context) -> Memorisation:
    held_out = np.random.default_rng(0).permutation(held_out_places(dataset))[:HELD_OUT_COMPARED]

    def tell(done: int, total: int) -> None:
        context.check()
        context.report(Progress("compare", done, total, "pictures"))

    return find_copies(
        drawn.pictures[:COMPARED],
        dataset.images,
        np.asarray(dataset.images[np.sort(held_out)]),
        places=dataset.splits["train"],
        mirrored=trained.flip,
        tell=tell,
    )


def _show_nearest(drawn: Drawn, dataset: Dataset, copies: Memorisation, context: Context) -> None:
    """Reports the drawn pictures that come nearest to training pictures, each beside its nearest one."""
    order = np.argsort(copies.ratios, kind="stable")[:24]
    pairs = tuple(
        np.concatenate([drawn.pictures[place], np.asarray(dataset.images[copies.nearest[place]])], axis=1)
        for place in order
    )
    details = tuple(
        {"number": int(place), "label": dataset.names[copies.nearest[place]], "ratio": float(copies.ratios[place])}
        for place in order
    )
    context.report(Images("nearest", pairs, details))


def _collapse_values(found: Collapse) -> dict[str, Any]:
    return {
        "alarm": found.alarm,
        "verdict": _sentence(found.verdict),
        "missed": list(found.missed),
        "kinds": found.kinds,
        "kinds_drawn": found.kinds_drawn,
        "diversity": found.diversity,
        "within": found.within,
        "spacing": found.spacing,
        "pixels": found.pixels,
        "count": found.count,
    }


def _copies_values(found: Memorisation) -> dict[str, Any]:
    rows = zip(found.nearest, found.distances, found.ratios, strict=True)
    return {
        "alarm": found.alarm,
        "verdict": _sentence(found.verdict),
        "copies": len(found.copies),
        "count": len(found.nearest),
        "threshold": found.threshold,
        "false_alarms": found.false_alarms,
        "held_out": found.held_out,
        "held_out_distance": found.held_out_distance,
        "nearest": [
            {
                "number": number,
                "train": int(train),
                "distance": float(distance),
                "ratio": float(ratio),
                "copy": number in found.copies,
            }
            for number, (train, distance, ratio) in enumerate(rows)
        ],
    }


def _sentence(verdict: Log) -> str:
    return fill(verdict.message, verdict.values)


def _write_report(
    run: Run, dataset: Dataset, drawn: Drawn, copies: Memorisation, result: dict[str, Any], settings: EvaluateSettings
) -> Path:
    from core.metrics.gan_report import render_gan_report  # matplotlib takes its time, and only here is it needed

    path = report_path(run, settings.data)
    page = render_gan_report(run, dataset, drawn.pictures, drawn.labels, copies, result)
    write_atomic(path, page.encode("utf-8", errors="replace"))
    return path
