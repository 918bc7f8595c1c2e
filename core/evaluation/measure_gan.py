"""All that is found out about a finished GAN, at a training's end and in an evaluation alike."""

from __future__ import annotations

import numpy as np

from core.context import Context
from core.data.dataset import Dataset
from core.evaluation.agreement import class_agreement
from core.evaluation.feature_extractor import FeatureExtractor
from core.evaluation.gan_callback import measure_drawn
from core.evaluation.variety import Variety, find_variety
from core.models.dcgan import Gan
from core.runs.run import Run
from core.settings.dcgan import GanTraining


def measure_gan(
    gan: Gan,
    dataset: Dataset,
    extractor: FeatureExtractor,
    real: np.ndarray,
    settings: GanTraining,
    context: Context,
    run: Run,
) -> tuple[dict[str, float], Variety]:
    """Measures what it draws.

    Args:
        gan: finished.
        dataset: what it learnt from.
        extractor: whose features measure.
        real: uint8 (N, H, W, C), real pictures that it has not seen, to measure by.
        settings: of its training.
        context: gets the progress, and is asked whether to stop.
        run: the GAN's; its seed decides which pictures are drawn.

    Returns:
        Those of {"fid", "kid", "kid_spread", "is", "floor", "kid_floor", "count", "agreement", "agreement_low",
        "agreement_high", "agreement_count", "agreement_judge_accuracy"} that there are, see
        `ReferenceStatistics.measure` and `class_agreement`; and the variety.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    seed = run.record().job.seed
    seen = extractor.extract(real)
    metrics = measure_drawn(gan, dataset, extractor, seen[0], settings.measure_count, seed, context)
    metrics |= class_agreement(gan, dataset, context, run)
    return metrics, find_variety(gan, dataset, extractor, real, seen, context, mirrored=settings.flip, seed=seed)
