"""Trains a GAN on a data set: from pictures to a saved generator and its measurements."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.context import Context
from core.data.dataset import Dataset
from core.data.form import expected_shape
from core.data.load import load
from core.data.open_index import trainable_index
from core.data.targets.classes import classes_of
from core.evaluation.feature_extractor import make_extractor
from core.evaluation.gan_callback import FEWEST_MEASURED, GanEpochCallback, held_out_places, subsample
from core.evaluation.measure_gan import measure_gan
from core.events import Log
from core.kinds.gan import GAN
from core.models.dcgan import Gan, build_generator, fitting_side
from core.models.shared.size import model_size
from core.settings.dcgan import DcganTraining
from core.training.begin import begin, outcome, save_kept, status_writer
from core.training.gan.fit_gan import fit_gan

FEW_STEPS, USUAL_STEPS = 1000, 2000  # digits are recognised after about so many


def train(settings: DcganTraining, context: Context) -> dict[str, Any]:
    """Trains the job's GAN, or goes on where its run stopped, saves it and measures what it draws.

    Args:
        settings: data, fit and architecture.
        context: with the run to write into.

    Returns:
        {"run", "metrics": {"fid", "kid", "is", "floor", "kid_floor", "count", "agreement"}, "judge" (whose features
        measured), "collapse" and "memorisation" (see `Variety.values`), "epochs", "kept_epoch", "samples_per_s",
        "train_s", "classes", "counts", "parameters", "flops"}.
        `agreement` is the share of drawn pictures that an independent classifier takes for the class they were drawn
        as; only where the GAN draws by class.

    Raises:
        UserError: the data can't be used, or has changed since the run began; the disk is full; it diverged, and the
            best epoch before that is saved.
        CancelledError: the user stopped it; the model so far is saved.
    """
    settings = settings.model_copy(update={"image_px": _side(settings, context)})
    dataset = load(settings, context.job.seed, context, GAN.wanted)
    run, description, gan = begin(settings, dataset, context)
    if not isinstance(gan, Gan):
        raise TypeError(f"A GAN's row builds a GAN. Received: {type(gan).__name__}")
    generator = build_generator(settings, dataset.shape, gan.class_count)
    size = model_size(gan)
    counts = dataset.summary()["counts"]
    _report_data(counts["train"], dataset, size.parameters, settings, context)
    extractor = make_extractor(dataset, settings, context, run)
    context.report(
        Log("Feature extractor for FID, KID and Inception Score: {judge}.", values={"judge": extractor.name})
    )
    callback = GanEpochCallback(gan, dataset, extractor, settings, context, run)
    fitted = fit_gan(
        gan,
        generator,
        dataset,
        settings,
        context.job.seed,
        context,
        run.folder,
        callback,
        status_writer(run),
        context.job.model,
    )
    save_kept(run, gan, description, fitted, context)
    real = _held_out(dataset, settings, context)
    metrics, variety = measure_gan(gan, dataset, extractor, real, settings, context, run)
    return {
        **outcome(run, fitted),
        "metrics": metrics,
        **variety.values(),
        "judge": extractor.name,
        "classes": list(classes_of(dataset.targets).classes),
        "counts": counts,
        "leaks": dataset.leaks,
        "parameters": size.parameters,
        "flops": size.flops,
    }


def _report_data(pictures: int, dataset: Dataset, parameters: int, settings: DcganTraining, context: Context) -> None:
    """Says what there is to learn from, and where that makes too few steps."""
    held_out = len(held_out_places(dataset))
    context.report(
        Log(
            "{train} pictures to learn from, {held_out} held out to compare with; {parameters} parameters.",
            values={"train": pictures, "held_out": held_out, "parameters": parameters},
        )
    )
    each = max(1, pictures // (settings.batch_size * settings.critic_steps))
    if settings.epochs * each < FEW_STEPS:
        context.report(
            Log(
                "{steps} training steps are few for a GAN: with so many pictures begin with {epochs} epochs.",
                "warning",
                {"steps": settings.epochs * each, "epochs": -(-USUAL_STEPS // each)},
            )
        )


def _held_out(dataset: Dataset, settings: DcganTraining, context: Context) -> np.ndarray:
    """Returns the real pictures that the finished GAN is measured by, (N, H, W, C)."""
    places = subsample(held_out_places(dataset), settings.measure_count, context.job.seed, context)
    if len(places) < FEWEST_MEASURED:
        context.report(Log("Too few pictures were held out from the training to measure the finished GAN.", "warning"))
    return np.asarray(dataset.images[places])


def _side(settings: DcganTraining, context: Context) -> int:
    """Returns the side, px, that a GAN can draw and that comes nearest to the data's."""
    index = trainable_index(settings, context)
    own = settings.image_px or expected_shape(index, settings, context)[0]
    side = fitting_side(own)
    if side != own:
        message = "Pictures are resized from {own} px to {side} px, which a DCGAN can draw."
        context.report(Log(message, values={"own": own, "side": side}))
    return side
