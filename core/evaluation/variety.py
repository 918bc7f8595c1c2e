"""Whether a GAN draws with variety, and pictures of its own: looks for collapse and for copies of training pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.context import Context
from core.data.dataset import Dataset
from core.errors import fill
from core.evaluation.feature_extractor import FeatureExtractor
from core.evaluation.gan_callback import VARIETY_STREAM, held_out_places, measured_labels
from core.events import Images, Log, Progress
from core.inference.latents import latents
from core.inference.paint import one_hot, paint
from core.metrics.collapse import FEWEST, Collapse, find_collapse
from core.metrics.memorisation import Memorisation, find_copies
from core.models.dcgan import Gan

DRAWN = 1000  # drawn pictures in which collapse is looked for
COMPARED, HELD_OUT_COMPARED = 200, 300  # drawn and real ones for which the nearest training picture is looked up
SHOWN = 24  # of the drawn pictures, those that come nearest to training pictures


@dataclass(frozen=True, eq=False)
class Variety:
    """What was found in M drawn pictures.

    Args:
        pictures: uint8 (M, H, W, C).
        labels: int (M,), as which they were drawn; all 0 without classes.
        collapse: how varied they are.
        copies: what lies nearest to the first of them.
    """

    pictures: np.ndarray
    labels: np.ndarray
    collapse: Collapse
    copies: Memorisation

    def values(self) -> dict[str, Any]:
        """Returns both findings as JSON has them.

        Returns:
            {"collapse": {"alarm", "verdict", "says", "missed", "kinds", "kinds_drawn", "diversity", "within",
            "spacing", "pixels", "count"}, "memorisation": {"alarm", "verdict", "says", "copies", "count", "threshold",
            "false_alarms", "held_out", "held_out_distance"}}. "verdict" is a sentence; "says" are its "message" and
            "values", for whoever speaks another language.
        """
        collapse, copies = self.collapse, self.copies
        return {
            "collapse": {
                **_verdict(collapse.verdict),
                "missed": list(collapse.missed),
                "kinds": collapse.kinds,
                "kinds_drawn": collapse.kinds_drawn,
                "diversity": collapse.diversity,
                "within": collapse.within,
                "spacing": collapse.spacing,
                "pixels": collapse.pixels,
                "count": collapse.count,
            },
            "memorisation": {
                **_verdict(copies.verdict),
                "copies": len(copies.copies),
                "count": len(copies.nearest),
                "threshold": copies.threshold,
                "false_alarms": copies.false_alarms,
                "held_out": copies.held_out,
                "held_out_distance": copies.held_out_distance,
            },
        }

    def nearest(self) -> list[dict[str, Any]]:
        """Returns {"number", "train" (place), "distance", "ratio", "copy"} of each picture that was compared."""
        copies = self.copies
        rows = zip(copies.nearest, copies.distances, copies.ratios, strict=True)
        return [
            {
                "number": number,
                "train": int(train),
                "distance": float(distance),
                "ratio": float(ratio),
                "copy": number in copies.copies,
            }
            for number, (train, distance, ratio) in enumerate(rows)
        ]


def find_variety(
    gan: Gan,
    dataset: Dataset,
    extractor: FeatureExtractor,
    real: np.ndarray,
    seen: tuple[np.ndarray, np.ndarray | None],
    context: Context,
    *,
    mirrored: bool,
    seed: int,
) -> Variety:
    """Draws pictures, looks at them, and reports both verdicts and the pictures nearest to training pictures.

    Args:
        gan: finished.
        dataset: what it learnt from; pictures are drawn in the proportions of its classes.
        extractor: whose features show how varied they are.
        real: uint8 (N, H, W, C), real pictures to compare with; where they are too few, training pictures are.
        seen: features and probabilities of these.
        context: gets the progress, and is asked whether to stop.
        mirrored: bool, whether the training mirrored pictures.
        seed: int, of the run's job.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    labels = measured_labels(dataset, dataset.splits["train"], DRAWN, seed, VARIETY_STREAM)
    source = latents(seed, DRAWN, gan.latent, stream=VARIETY_STREAM)
    context.report(Progress("measure", 0, DRAWN, "pictures"))
    pictures = paint(gan, source, one_hot(labels, gan), context.check)
    features, probabilities = extractor.extract(pictures)
    if len(real) < FEWEST:
        real = np.asarray(dataset.images[dataset.splits["train"][:DRAWN]])
        seen = extractor.extract(real)
    collapse = find_collapse(
        seen[0],
        features,
        seen[1],
        probabilities,
        extractor.classes,
        real_pictures=real,
        fake_pictures=pictures,
        seed=seed,
    )
    context.report(collapse.verdict)
    found = Variety(pictures, labels, collapse, _find_copies(pictures, dataset, context, mirrored=mirrored))
    context.report(found.copies.verdict)
    _show_nearest(found, dataset, context)
    return found


def _find_copies(pictures: np.ndarray, dataset: Dataset, context: Context, *, mirrored: bool) -> Memorisation:
    if len(dataset.splits["train"]) < 2:
        return Memorisation(Log("There are too few training pictures to look for copies of them."))
    held_out = np.random.default_rng(0).permutation(held_out_places(dataset))[:HELD_OUT_COMPARED]

    def on_progress(done: int, total: int) -> None:
        context.check()
        context.report(Progress("compare", done, total, "pictures"))

    return find_copies(
        pictures[:COMPARED],
        dataset.images,
        np.asarray(dataset.images[np.sort(held_out)]),
        places=dataset.splits["train"],
        mirrored=mirrored,
        on_progress=on_progress,
    )


def _show_nearest(found: Variety, dataset: Dataset, context: Context) -> None:
    """Reports the drawn pictures that come nearest to training pictures, each beside its nearest one."""
    copies = found.copies
    order = np.argsort(copies.ratios, kind="stable")[:SHOWN]
    pairs = tuple(
        np.concatenate([found.pictures[place], np.asarray(dataset.images[copies.nearest[place]])], axis=1)
        for place in order
    )
    details = tuple(
        {"number": int(place), "label": dataset.names[copies.nearest[place]], "ratio": float(copies.ratios[place])}
        for place in order
    )
    context.report(Images("nearest", pairs, details))


def _verdict(verdict: Log) -> dict[str, Any]:
    return {
        "alarm": verdict.level == "warning",
        "verdict": fill(verdict.message, verdict.values),
        "says": {"message": verdict.message, "values": dict(verdict.values)},
    }
