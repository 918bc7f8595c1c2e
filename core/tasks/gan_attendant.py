"""What is done with a GAN at the end of each epoch of its training: a sheet of samples, and measurements."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from core.context import Context
from core.data.dataset import Dataset
from core.events import Images, Log, Progress, Saved
from core.latents import latents
from core.metrics.picture_quality import Yardstick
from core.models.dcgan import Gan
from core.picture_files import grid, write_pictures
from core.runs import Run
from core.settings.dcgan import AdversarialFitSettings
from core.tasks.judge import Judge
from core.training.paint import one_hot, paint

ROWS, COLUMNS = 10, 8  # of a sheet; by class where there are classes
FEWEST_MEASURED = 8  # real pictures; of fewer no distance means anything
SHEET_SEED, MEASURED_SEED = 1, 2  # added to the job's: neither sheet nor measure uses latents of a user's pictures
MEASURED = ("fid", "kid", "is", "fid_floor")


class GanAttendant:
    """Draws and measures with the same latents every time, so that what changes is the generator alone.

    Args:
        gan: the GAN that is trained.
        dataset: its held-out pictures are what the drawn ones are measured by.
        judge: whose features measure; None leaves measuring out.
        settings: how often, and how many.
        context: is told of the sheets, and asked whether to stop.
        run: where sheets are kept.
    """

    def __init__(
        self,
        gan: Gan,
        dataset: Dataset,
        judge: Judge | None,
        settings: AdversarialFitSettings,
        context: Context,
        run: Run,
    ) -> None:
        self._gan, self._judge, self._settings, self._context, self._run = gan, judge, settings, context, run
        seed = context.job.seed
        rows = min(ROWS, len(dataset.classes)) if gan.class_count else COLUMNS
        self._latents = latents(seed + SHEET_SEED, rows * COLUMNS, gan.latent)
        self._labels = np.repeat(np.arange(rows), COLUMNS) % max(1, gan.class_count)
        self._yardstick: Yardstick | None = None
        held_out = held_out_places(dataset)
        if judge is None:
            return
        if len(held_out) < FEWEST_MEASURED:
            context.report(Log("Too few pictures are held back to measure the drawn ones by.", "warning"))
            return
        context.report(Progress("measure"))
        features, _ = judge.look(dataset.images[held_out])
        self._yardstick = Yardstick(features, settings.measure_count, seed)
        self._measured = measured_labels(dataset, held_out, self._yardstick.count, seed)
        self._measured_latents = latents(seed + MEASURED_SEED, self._yardstick.count, gan.latent)

    def attend(self, epoch: int, *, last: bool) -> Mapping[str, float]:
        """See `core.training.fit_gan.Attendant`; the numbers are `MEASURED`."""
        self._draw_sheet(epoch)
        every = self._settings.measure_epochs
        if self._yardstick is None or not (last or (every and (epoch + 1) % every == 0) or (every and epoch == 0)):
            return dict.fromkeys(MEASURED, math.nan)
        found = self.measure()
        return {name: found.get("floor" if name == "fid_floor" else name, math.nan) for name in MEASURED}

    def measure(self) -> dict[str, float]:
        """Measures the generator as it is; see `Yardstick.measure`. Empty where nothing can be measured.

        Raises:
            CancelledError: the user has asked the job to stop.
        """
        if self._yardstick is None or self._judge is None:
            return {}
        self._context.report(Progress("measure", 0, self._yardstick.count, "pictures"))
        drawn = paint(self._gan, self._measured_latents, one_hot(self._measured, self._gan), self._context.check)
        return self._yardstick.measure(*self._judge.look(drawn))

    def _draw_sheet(self, epoch: int) -> None:
        pictures = paint(self._gan, self._latents, one_hot(self._labels, self._gan), self._context.check)
        path = self._run.samples / f"{epoch + 1:06d}.png"
        write_pictures(path, list(pictures), columns=COLUMNS, gap_px=1, scale=1)
        sheet = grid(list(pictures), columns=COLUMNS, gap_px=1, scale=1)
        self._context.report(Images("samples", (sheet,), ({"epoch": epoch + 1, "path": str(path)},)))
        self._context.report(Saved(str(path), "pictures", epoch + 1))


def held_out_places(dataset: Dataset) -> np.ndarray:
    """Returns the pictures that no training saw, int64 (M,): of the test and the validation split."""
    return np.concatenate([dataset.splits["test"], dataset.splits["validation"]])


def measured_labels(dataset: Dataset, held_out: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Returns labels for drawn pictures, int (count,), with the shares that the held-out pictures have."""
    places = np.random.default_rng((seed, MEASURED_SEED)).permutation(held_out)
    return dataset.labels[np.resize(places, count)].astype(np.int64)
