"""The callback at the end of each epoch of a GAN's training: a sheet of samples, and measurements."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.context import Context
from core.data.dataset import Dataset
from core.data.targets.classes import classes_of
from core.evaluation.feature_extractor import FeatureExtractor
from core.events import Images, Log, Progress, Saved
from core.inference.latents import latents
from core.inference.paint import one_hot, paint
from core.jobs import Job
from core.media.picture_files import grid, write_pictures
from core.metrics.collapse import find_collapse
from core.metrics.reference_statistics import ReferenceStatistics
from core.models.dcgan import Gan
from core.runs.recipe import Recipe
from core.runs.run import Run
from core.settings.dcgan import FEWEST_DECIDING, AdversarialFitSettings
from core.training.loop.reporter import Reporter

ROWS, COLUMNS = 8, 10  # of a sheet at most; each column is of one class where there are no more classes than that
FEWEST_MEASURED = 8  # real pictures; of fewer no distance means anything
LEAST_SKILL = 0.2  # of an extractor whose distances may choose an epoch
YOUNG = 0.1  # share of the training in which every generator draws few kinds of pictures: no alarm yet
GAP_PX = 1  # between the pictures of a sheet
ENOUGH = 200  # pictures of a split that suffice to compare with
# Streams of the job's seed beside those of `core.inference.latents`, so that no picture that a user draws was chosen
# by before.
MEASURED_STREAM, AGREEMENT_STREAM, EPOCH_STREAM, VARIETY_STREAM = range(3, 7)
LABELS_STREAM, PLACES_STREAM = 7, 8  # not of latents
# The column of a run's history -> what `ReferenceStatistics.measure` calls it.
MEASURED = {"fid": "fid", "kid": "kid", "is": "is", "fid_floor": "floor", "kid_floor": "kid_floor"}


class GanEpochCallback:
    """Draws and measures with the same latents every time, so that what changes is the generator alone.

    Args:
        gan: the GAN that is trained.
        dataset: what it learns from, and is measured by; see `epoch_reference_places`.
        extractor: whose features measure; None leaves measuring out.
        settings: how often, and how many.
        context: whose job it is; gets a `Log` of what is measured and how.
        run: where sheets are kept.
    """

    def __init__(
        self,
        gan: Gan,
        dataset: Dataset,
        extractor: FeatureExtractor | None,
        settings: AdversarialFitSettings,
        context: Context,
        run: Run,
    ) -> None:
        self._gan, self._extractor, self._settings, self._context, self._run = gan, extractor, settings, context, run
        seed = context.job.seed
        self._columns = min(COLUMNS, gan.class_count or ROWS)
        # As `generate` draws them, so that it can draw the sheet again with what the sheet's file carries.
        self._latents = latents(seed, ROWS * self._columns, gan.latent)
        self._labels = np.arange(len(self._latents)) % max(1, gan.class_count)
        self._reference: ReferenceStatistics | None = None
        shown = epoch_reference_places(dataset)
        if extractor is None:
            return
        if len(shown) < FEWEST_MEASURED:
            context.report(Log("There are too few real pictures to compare the drawn ones with.", "warning"))
            return
        context.report(Progress("measure"))
        shown = subsample(shown, settings.measure_count, seed, context)
        self._seen = extractor.extract(dataset.images, shown)
        self._reference = ReferenceStatistics(self._seen[0], settings.measure_count, seed, context.check)
        self._measured = measured_labels(dataset, shown, self._reference.count, seed, EPOCH_STREAM)
        self._measured_latents = latents(seed, self._reference.count, gan.latent, stream=EPOCH_STREAM)
        context.report(
            Log(
                "While it trains FID, KID and Inception Score compare {count} drawn pictures with as many real ones, "
                "of the {split} split.",
                values={"count": self._reference.count, "split": epoch_reference_split(dataset)},
            )
        )
        self._said = ""  # the last verdict on the variety
        if not self.decides:
            message = "FID and KID are too uncertain here ({count} pictures, {judge}): the last epoch is kept."
            context.report(Log(message, "warning", {"count": self._reference.count, "judge": extractor.name}))

    @property
    def decides(self) -> bool:
        """See `core.training.gan.fit_gan.DecidingCallback`."""
        if self._reference is None or self._extractor is None:
            return False
        return self._reference.count >= FEWEST_DECIDING and self._extractor.skill >= LEAST_SKILL

    def __call__(self, epoch: int, *, last: bool, reporter: Reporter) -> Mapping[str, float]:
        """See `core.training.loop.epoch_callback.EpochCallback`; the numbers are those of `MEASURED`."""
        self._draw_sheet(epoch, reporter)
        every = self._settings.measure_epochs
        due = last or (every > 0 and (epoch == 0 or (epoch + 1) % every == 0))
        if self._reference is None or self._extractor is None or not due:
            return dict.fromkeys(MEASURED, math.nan)
        young = epoch + 1 < YOUNG * self._settings.epochs
        found = self._measure(self._reference, self._extractor, reporter, young=young)
        return {column: found.get(name, math.nan) for column, name in MEASURED.items()}

    def _measure(
        self, reference: ReferenceStatistics, extractor: FeatureExtractor, reporter: Reporter, *, young: bool
    ) -> dict[str, float]:
        reporter.report(Progress("measure", 0, reference.count, "pictures"))
        drawn = paint(self._gan, self._measured_latents, one_hot(self._measured, self._gan), reporter.check)
        features, probabilities = extractor.extract(drawn)
        if not young:
            seed = self._context.job.seed
            found = find_collapse(self._seen[0], features, self._seen[1], probabilities, extractor.classes, seed=seed)
            if found.verdict.message != self._said:
                reporter.report(found.verdict)
            self._said = found.verdict.message
        return reference.measure(features, probabilities)

    def _draw_sheet(self, epoch: int, reporter: Reporter) -> None:
        pictures = paint(self._gan, self._latents, one_hot(self._labels, self._gan), reporter.check)
        path = self._run.samples / f"{epoch + 1:06d}.png"
        columns, recipe = self._columns, self._recipe(epoch + 1)
        layout: dict[str, Any] = {"columns": columns, "gap_px": GAP_PX, "scale": 1}
        write_pictures(path, list(pictures), **layout, recipe=recipe, overwrite=True)  # of the run's own
        sheet = grid(list(pictures), **layout)
        reporter.report(Images("samples", (sheet,), ({"epoch": epoch + 1, "path": str(path)},)))
        reporter.report(Saved(str(path), "pictures", epoch + 1))

    def _recipe(self, epoch: int) -> Recipe:
        """Returns what makes the sheet of that age again: a job of `generate`."""
        job = self._context.job
        layout = {"columns": self._columns, "gap_px": GAP_PX, "scale": 1}
        settings = {"run": self._run.id, "count": len(self._latents), **layout}
        again = Job(task="generate", settings=settings, backend=job.backend, seed=job.seed)
        return Recipe.of(again, self._run, epoch)


def epoch_reference_places(dataset: Dataset) -> np.ndarray:
    """Returns the pictures that the epochs are measured by, int64 (M,), and so the one to keep chosen."""
    return dataset.splits[epoch_reference_split(dataset)]


def epoch_reference_split(dataset: Dataset) -> str:
    """Returns the split that these are of.

    Never the test split. Where the validation split is small the distance would be mostly chance: there it is the
    pictures learnt from, as is usual for a Fréchet distance.
    """
    return "validation" if len(dataset.splits["validation"]) >= ENOUGH else "train"


def held_out_places(dataset: Dataset) -> np.ndarray:
    """Returns the pictures that the finished GAN is measured by, int64 (M,): no training saw them.

    The test split alone where either is large enough, else both.
    """
    test, validation = dataset.splits["test"], dataset.splits["validation"]
    # A validation split as large as that has chosen the epoch.
    return test if max(len(test), len(validation)) >= ENOUGH else np.concatenate([test, validation])


def subsample(places: np.ndarray, most: int, seed: int, context: Context) -> np.ndarray:
    """Returns the real pictures to compare with, int64 (M,): all, or where they are many a random sample.

    Args:
        places: int (N,).
        most: int, drawn pictures that are measured at most. Twice as many real ones are enough: one half to compare
            them with, the other for the distance of real pictures from real ones.
        seed: int, of the run's job.
        context: gets a `Log` where some are left out.
    """
    if len(places) <= 2 * most:
        return places
    context.report(
        Log(
            "The feature extractor is given {count} of the {total} real pictures that there are to compare with.",
            values={"count": 2 * most, "total": len(places)},
        )
    )
    return np.sort(np.random.default_rng((PLACES_STREAM, seed)).permutation(places)[: 2 * most])


def measure_drawn(
    gan: Gan,
    dataset: Dataset,
    extractor: FeatureExtractor,
    real_features: np.ndarray,
    most: int,
    seed: int,
    context: Context,
) -> dict[str, float]:
    """Measures a finished GAN; see `ReferenceStatistics.measure`. Empty where there are too few real pictures.

    Args:
        gan: what draws.
        dataset: what it learnt from; the drawn pictures have the classes' shares.
        extractor: whose features measure.
        real_features: float (N, D) of real pictures, as the extractor gives them.
        most: int, pictures compared at most.
        seed: int, of the run's job.
        context: gets the progress, and is asked whether to stop.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    if len(real_features) < FEWEST_MEASURED:
        return {}
    reference = ReferenceStatistics(real_features, most, seed, context.check)
    labels = measured_labels(dataset, dataset.splits["train"], reference.count, seed, MEASURED_STREAM)
    context.report(Progress("measure", 0, reference.count, "pictures"))
    source = latents(seed, reference.count, gan.latent, stream=MEASURED_STREAM)
    return reference.measure(*extractor.extract(paint(gan, source, one_hot(labels, gan), context.check)))


def measured_labels(dataset: Dataset, places: np.ndarray, count: int, seed: int, stream: int) -> np.ndarray:
    """Returns labels for drawn pictures, int (count,), with the shares that the classes have in those places.

    Args:
        dataset: whose classes they are.
        places: int (N,).
        count: int.
        seed: int, of the run's job.
        stream: int, that of the latents they are drawn from.
    """
    places = np.random.default_rng((LABELS_STREAM, seed, stream)).permutation(places)
    return classes_of(dataset.targets).labels[np.resize(places, count)].astype(np.int64)
