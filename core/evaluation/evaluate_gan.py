"""Scores a trained GAN: distance from real pictures, class agreement, collapse, copies; and writes the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.context import Context
from core.data.dataset import Dataset
from core.data.load import load
from core.errors import UserError
from core.evaluation.caveats import of_known, of_own, told
from core.evaluation.feature_extractor import make_extractor
from core.evaluation.gan_callback import FEWEST_MEASURED, held_out_places, subsample
from core.evaluation.measure_gan import measure_gan
from core.evaluation.other_data import load_other
from core.evaluation.variety import Variety
from core.events import Log, Progress
from core.files.atomic import write_atomic
from core.inference.trained_gan import trained_gan
from core.kinds.gan import GAN
from core.models.shared.saved import ModelDescription
from core.reports.with_report import report_path, with_report
from core.runs.own_data import check_own_data
from core.runs.run import Run
from core.runs.seen import Seen
from core.settings.dcgan import GanTraining
from core.settings.evaluate import EvaluateSettings


def evaluate_gan(settings: EvaluateSettings, context: Context) -> dict[str, Any]:
    """Scores a GAN's run by its own held-out pictures, with its training's feature extractor and latents.

    So the figures equal those at the end of the training. Other data only take the held-out pictures' place in
    the distances: those of them that training and validation have not seen. Where they are the run's own, at another
    place, nothing changes.

    Returns:
        {"run", "data", "epochs" (age of the generator), "judge" (whose features these are), "real_count" (pictures
        to compare with), "seen" ({"train", "validation", "unseen"}, how many of the other data's there are of each;
        None without other data), "caveats" (what the figures do not tell), "metrics": {"fid", "kid",
        "kid_spread", "is", "floor", "kid_floor", "count", "agreement", "agreement_count",
        "agreement_judge_accuracy"}, "collapse" and "memorisation" (see `Variety.values`; the latter with "nearest", see
        there), "report"}; where the report can't be written, "report" is empty and "error" says why.

    Raises:
        UserError: the run holds no GAN, its data has changed, or there is nothing to measure by.
        CancelledError: the user has asked the job to stop.
    """
    run = context.workspace.find(settings.run)
    gan, description = trained_gan(run, context)
    trained = description.typed_settings()
    if not isinstance(trained, GanTraining):
        raise TypeError(f"A GAN's settings are a GAN training's. Received: {type(trained).__name__}")
    dataset, real, seen, caveats = _pictures(settings.data, run, trained, description, context)
    extractor = make_extractor(dataset, trained, context, run)
    context.report(Progress("measure", 0, len(real), "pictures"))
    metrics, variety = measure_gan(gan, dataset, extractor, real, trained, context, run)
    values = variety.values()
    result: dict[str, Any] = {
        "run": run.id,
        "data": settings.data or dataset.source,
        "epochs": description.epochs,
        "judge": extractor.name,
        "real_count": len(real),
        "seen": seen,
        "caveats": told(caveats),
        "metrics": metrics,
        "collapse": values["collapse"],
        "memorisation": {**values["memorisation"], "nearest": variety.nearest()},
    }
    return with_report(result, lambda: _write_report(run, dataset, variety, result, settings), context)


def _pictures(
    data: str, run: Run, trained: GanTraining, description: ModelDescription, context: Context
) -> tuple[Dataset, np.ndarray, dict[str, int] | None, list[Log]]:
    """Returns what the run has learnt, the real pictures to measure by, (N, H, W, C), and what is known of these."""
    seed = run.record().job.seed
    caveats: list[Log] = []
    other, is_own = None, False
    if data:
        other, is_own = load_other(data, description, run, context, GAN.wanted)
    own = other if other is not None and is_own else _own_data(run, trained, context)
    dataset, places, seen = own, held_out_places(own), None
    if is_own:
        caveats = of_own(data, len(places))
    elif other is not None:
        dataset = other
        candidates = other.splits["test"] if "test" in other.given else np.arange(len(other.targets))
        learnt, validated = Seen.of(own.hashes()).places(other.hashes_at(candidates))
        places = candidates[~(learnt | validated)]
        seen = {"train": int(learnt.sum()), "validation": int(validated.sum()), "unseen": len(places)}
        caveats = of_known(seen["train"], seen["validation"], len(candidates))
    if len(places) < FEWEST_MEASURED:
        raise UserError(
            "'{data}' holds too few pictures that were not trained on ({count}) to compare the drawn ones with.",
            hint="Name other data to compare with, with --data.",
            data=dataset.source,
            count=len(places),
        )
    chosen = subsample(places, trained.measure_count, seed, context)
    return own, np.asarray(dataset.images[chosen]), seen, caveats


def _own_data(run: Run, trained: GanTraining, context: Context) -> Dataset:
    """Returns what the run was trained on, divided as it was then."""
    check_own_data(run)
    record = run.record()
    dataset = load(trained, record.job.seed, context, GAN.wanted)
    if record.dataset.get("fingerprint", dataset.fingerprint) != dataset.fingerprint:
        raise UserError(
            "The data in '{source}' has changed since the run '{run}' was trained.",
            hint="Put the same pictures back: what is drawn is compared with what was learnt.",
            source=dataset.source,
            run=run.id,
        )
    return dataset


def _write_report(
    run: Run, dataset: Dataset, variety: Variety, result: dict[str, Any], settings: EvaluateSettings
) -> Path:
    from core.reports.gan import render_gan_report  # matplotlib takes its time, and only here is it needed

    path = report_path(run, settings.data)
    page = render_gan_report(run, dataset, variety.pictures, variety.labels, variety.copies, result)
    write_atomic(path, page.encode("utf-8", errors="replace"))
    return path
