"""Draws new pictures with a trained run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.context import Context
from core.events import Images, Progress, Saved
from core.files.atomic import path_of
from core.inference.latents import latents
from core.inference.paint import one_hot, paint
from core.inference.trained_gan import trained_gan
from core.media.picture_files import check_pictures, check_size, write_pictures
from core.runs.no_such_class import no_such_class
from core.runs.recipe import Recipe
from core.settings.generate import GenerateSettings

WIDEST = 10  # of a sheet, in times its height


def generate(settings: GenerateSettings, context: Context) -> dict[str, Any]:
    """Draws pictures from the job's seed, and writes them into one file where one is named.

    Picture number k of a seed is the same in every sheet, whatever its size. Reports `Images` titled "drawn", their
    details {"seed", "number", "label"}.

    Returns:
        {"run", "epoch", "count", "classes" (what the run can draw by), "files"}.

    Raises:
        UserError: the run can't draw that; the file can't be written.
        CancelledError: the user has asked the job to stop.
    """
    out = path_of(settings.out) if settings.out else None
    if out is not None:
        check_pictures(out, overwrite=settings.overwrite)
    run = context.workspace.find(settings.run)
    gan, description = trained_gan(run, context, settings.epoch)
    classes = description.classes if gan.class_count else ()
    columns = columns_of(settings, len(classes))
    layout = {"columns": columns, "gap_px": settings.gap_px, "scale": settings.scale}
    if out is not None:
        check_size(out, settings.count, gan.generator.output_shape[1:], **layout)  # better now than when all is drawn
    labels = chosen_labels(settings.label, classes, np.arange(settings.first, settings.first + settings.count))
    source = latents(context.job.seed, settings.count, gan.latent, first=settings.first, truncation=settings.truncation)
    context.report(Progress("draw", 0, settings.count, "pictures"))
    pictures = paint(gan, source, one_hot(labels, gan), context.check)
    details = [
        {
            "seed": context.job.seed,
            "number": settings.first + place,
            "label": classes[label] if classes else "",
            "epoch": description.epochs,
        }
        for place, label in enumerate(labels)
    ]
    context.report(Images("drawn", tuple(pictures), tuple(details)))
    files: list[str] = []
    if out is not None:
        recipe = Recipe.of(context.job, run, description.epochs)
        write_pictures(out, list(pictures), **layout, recipe=recipe, context=context, overwrite=settings.overwrite)
        context.report(Saved(str(out), "pictures"))
        files.append(str(Path(out).absolute()))
    return {
        "run": run.id,
        "epoch": description.epochs,
        "count": len(pictures),
        "classes": list(classes),
        "files": files,
    }


def columns_of(settings: GenerateSettings, classes: int) -> int:
    """Returns how many pictures stand in a row; 0 makes the sheet about square.

    Left open, it is a multiple of the classes where all of them are drawn in turn, so that each has its columns: the
    one nearest to a square, and none where the sheet would be more than `WIDEST` times as wide as high.
    """
    if settings.columns >= 0:
        return settings.columns
    if settings.label or not classes or classes**2 > WIDEST * settings.count:
        return 0
    return classes * max(1, round(math.sqrt(settings.count) / classes))


def chosen_labels(label: str, classes: Sequence[str], numbers: np.ndarray) -> np.ndarray:
    """Returns which class each picture is of.

    Args:
        label: str, a class's name; empty takes all classes in turn.
        classes: what the model draws by; none where it doesn't.
        numbers: int (N,), the pictures' numbers.

    Returns:
        int (N,).

    Raises:
        UserError: there is no such class.
    """
    if not label:
        return numbers % max(1, len(classes))
    if label not in classes:
        raise no_such_class(label, classes)
    return np.full(len(numbers), list(classes).index(label))
