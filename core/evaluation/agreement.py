"""Class agreement: how often an independent classifier recognises the class that a picture was drawn as."""

from __future__ import annotations

import numpy as np

from core.context import Context
from core.data.dataset import Dataset
from core.evaluation.feature_extractor import independent_extractor
from core.evaluation.gan_callback import AGREEMENT_STREAM, measured_labels
from core.inference.latents import latents
from core.inference.paint import one_hot, paint
from core.models.dcgan import Gan
from core.runs.interval import wilson_interval
from core.runs.run import Run

COUNT = 1000


def class_agreement(gan: Gan, dataset: Dataset, context: Context, run: Run) -> dict[str, float]:
    """Draws pictures by class and asks an independent classifier what they show.

    Args:
        gan: the GAN as it is.
        dataset: what it has learnt from; the classes are drawn in the proportions of its train split.
        context: gets the progress, and is asked whether to stop.
        run: the GAN's; its seed decides, and the classifier is kept in its folder.

    Returns:
        {"agreement" in [0, 1], "agreement_low" and "agreement_high" (the ends of its 95 % interval, as the pictures
        that are drawn change it), "agreement_count" (pictures), "agreement_judge_accuracy" (the
        classifier's accuracy on unseen real pictures; only where there are some)}; empty where the GAN doesn't draw by
        class.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    extractor = independent_extractor(dataset, context, run) if gan.class_count else None
    if extractor is None:
        return {}
    seed = run.record().job.seed
    labels = measured_labels(dataset, dataset.splits["train"], COUNT, seed, AGREEMENT_STREAM)
    source = latents(seed, COUNT, gan.latent, stream=AGREEMENT_STREAM)
    drawn = paint(gan, source, one_hot(labels, gan), context.check)
    _, probabilities = extractor.extract(drawn)
    if probabilities is None:
        raise TypeError("A classifier of the data gives probabilities. Received: None")
    share = float(np.mean(probabilities.argmax(axis=1) == labels))
    low, high = wilson_interval(share, COUNT)
    found = {
        "agreement": share,
        "agreement_low": low,
        "agreement_high": high,
        "agreement_count": float(COUNT),
    }
    if extractor.accuracy is not None:
        found["agreement_judge_accuracy"] = extractor.accuracy
    return found
