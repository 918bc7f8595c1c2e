"""Draws the pictures on a way through a generator's latents, with a trained run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.context import Context
from core.events import Images, Log, Progress, Saved
from core.files.atomic import path_of
from core.inference.latent_path import LatentPath, latent_path
from core.inference.paint import one_hot, paint
from core.inference.trained_gan import trained_gan
from core.media.picture_files import check_pictures, check_size, write_pictures
from core.models.dcgan import Gan
from core.runs.recipe import Recipe
from core.settings.interpolate import InterpolateSettings
from core.tasks.generate_images import chosen_labels


def interpolate(settings: InterpolateSettings, context: Context) -> dict[str, Any]:
    """Draws a way's pictures, and writes them into one file where one is named.

    Between two classes the generator is given a mixture of both. Reports `Images` titled "interpolation", their
    details {"place", "share", "label", "epoch"}: which picture of the way, how far on it from 0 to 1, the class it has
    more of, and the generator's age.

    Returns:
        {"run", "epoch", "count", "classes" (what the run can draw by), "seeds" (of the first, the last or added, the
        less), "files"}.

    Raises:
        UserError: the run can't draw that; the file can't be written.
        CancelledError: the user has asked the job to stop.
    """
    out = path_of(settings.out) if settings.out else None
    if out is not None:
        check_pictures(out, overwrite=settings.overwrite)  # better now than when all is drawn
    run = context.workspace.find(settings.run)
    gan, description = trained_gan(run, context, settings.epoch)
    classes = description.classes if gan.class_count else ()
    way = latent_path(settings, context.job.seed, gan.latent)
    if _leads_nowhere(settings, way):
        context.report(Log("What is added is also what is taken away: the way leads nowhere.", "warning"))
    first, last = _end_labels(settings, classes)
    layout = {"columns": settings.columns, "gap_px": settings.gap_px, "scale": settings.scale}
    if out is not None:
        check_size(out, len(way.latents), gan.generator.output_shape[1:], **layout)
    context.report(Progress("draw", 0, len(way.latents), "pictures"))
    pictures = paint(gan, way.latents, _mixtures(gan, first, last, way.shares), context.check)
    labels = [classes[first if share < 0.5 else last] if classes else "" for share in way.shares]
    details = tuple(
        {"place": place, "share": float(share), "label": label, "epoch": description.epochs}
        for place, (share, label) in enumerate(zip(way.shares, labels, strict=True))
    )
    context.report(Images("interpolation", tuple(pictures), details))
    files: list[str] = []
    if out is not None:
        recipe = Recipe.of(context.job, run, description.epochs)
        film: dict[str, Any] = {**layout, "fps": settings.fps, "overwrite": settings.overwrite}
        write_pictures(out, list(pictures), **film, recipe=recipe, context=context)
        context.report(Saved(str(out), "pictures"))
        files.append(str(Path(out).absolute()))
    return {
        "run": run.id,
        "epoch": description.epochs,
        "count": len(pictures),
        "classes": list(classes),
        "seeds": list(way.seeds),
        "files": files,
    }


def _mixtures(gan: Gan, first: int, last: int, shares: np.ndarray) -> np.ndarray | None:
    """Returns how much of each class each picture is drawn as, (N, K); None where the GAN doesn't draw by class."""
    ends = one_hot(np.array([first, last]), gan)  # (2, K)
    if ends is None:
        return None
    share = shares[:, None].astype(np.float32)  # (N, 1)
    return (1 - share) * ends[:1] + share * ends[1:]


def _leads_nowhere(settings: InterpolateSettings, way: LatentPath) -> bool:
    same = way.seeds[1:2] == way.seeds[2:] and settings.to_number == settings.less_number
    return settings.method == "arithmetic" and same


def _end_labels(settings: InterpolateSettings, classes: Sequence[str]) -> tuple[int, int]:
    """Returns the classes of both ends; what is left open is what those pictures have in a sheet of all classes.

    A walk has no picture at the other end: it keeps its class unless another one is set.
    """
    first = chosen_labels(settings.label, classes, np.array([settings.from_number]))[0]
    if settings.to_label or not (settings.label or settings.method == "walk"):
        return int(first), int(chosen_labels(settings.to_label, classes, np.array([settings.to_number]))[0])
    return int(first), int(first)
