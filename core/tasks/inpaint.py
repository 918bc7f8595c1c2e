"""Fills a hole in a picture with what a trained GAN would draw there."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.context import Context
from core.data.decode import decode
from core.data.fitting import fit_picture
from core.data.sources.folders import reachable
from core.errors import UserError
from core.events import Images, Log, Metric, Progress, Saved
from core.files.atomic import path_of
from core.inference.latent_search import Found, LatentSearch, context_weights
from core.inference.latents import latents
from core.inference.paint import one_hot, paint
from core.inference.trained_gan import trained_gan
from core.media.blend import paste, poisson_blend
from core.media.picture_files import check_pictures, write_pictures
from core.models.dcgan import Gan
from core.models.shared.saved import ModelDescription
from core.runs.recipe import Recipe
from core.settings.dataset import DatasetSettings
from core.settings.inpaint import InpaintSettings
from core.settings.intensity import AUTO
from core.tasks.generate_images import chosen_labels

SHOW_INTERVAL_S = 0.35
REPORT_INTERVAL_S = 0.1
MOST_ATTEMPTS = 512
HALF = 128
UNLIKE = 0.03  # of two proportions: less is the rounding of a smaller copy
DRAWN_EACH, NEAREST = 16, 5  # latents tried for each attempt; how many of a class measure how near it comes


def inpaint(settings: InpaintSettings, context: Context) -> dict[str, Any]:
    """Looks for the latent whose picture fits what is seen, and fills the hole with that picture.

    The picture is brought to the size that the run draws. Where no class is named, every class is tried and the one
    that fits best is taken. Reports the best attempt's losses at every step as `Metric`, and the picture filled with
    it as `Images` titled "inpaint", details {"step", "label", "loss"}, a few times a second. Stop writes no file.

    Returns:
        {"run", "epoch", "label", "context_loss", "prior_loss", "hole" (its share of the picture), "tried" (the best of
        each class, {"label", "context_loss", "prior_loss", "loss",
        "penalty"}, best first), "seconds", "files"}.

    Raises:
        UserError: the run draws no pictures, the program writes no such file, a picture can't be read, or the mask
            leaves nothing to fill or to see.
        CancelledError: the user has asked the job to stop.
    """
    out = path_of(settings.out).absolute() if settings.out else None
    if out is not None:
        # Better now than when the hole is filled.
        check_pictures(out, (settings.picture, settings.mask), overwrite=settings.overwrite)
    run = context.workspace.find(settings.run)
    gan, description = trained_gan(run, context, settings.epoch)
    classes = description.classes if gan.class_count else ()
    picture, hole = _read(settings, description, context)
    labels = _labels(settings, classes)
    search = LatentSearch(gan, len(labels), settings)
    starts, penalty = best_starts(gan, picture, hole, labels, settings, context)
    search.begin(picture, hole, labels, starts)
    fill = _Filler(gan, picture, hole, labels, settings)
    began = time.perf_counter()
    found, points = _look(search, fill, penalty, settings, classes, context)
    best = int(np.argmin(found.loss + penalty))
    filled = fill(points, best)
    files: list[str] = []
    if out is not None:
        recipe = Recipe.of(context.job, run, description.epochs)
        layout: dict[str, Any] = {"columns": 1, "gap_px": 0, "scale": 1}
        write_pictures(out, [filled], **layout, recipe=recipe, overwrite=settings.overwrite)
        context.report(Saved(str(out), "pictures"))
        files.append(str(out))
    return {
        "run": run.id,
        "epoch": description.epochs,
        "label": classes[labels[best]] if classes else "",
        "context_loss": float(found.context[best]),
        "prior_loss": float(found.prior[best]),
        "hole": round(float(hole.mean()), 4),
        "tried": _best_of_each(found, penalty, labels, classes),
        "seconds": round(time.perf_counter() - began, 2),
        "files": files,
    }


def best_starts(
    gan: Gan, picture: np.ndarray, hole: np.ndarray, labels: np.ndarray, settings: InpaintSettings, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """Draws many latents of each class and takes those whose pictures fit what is seen best.

    The loss has many valleys, and to look into one costs far less than to go down into it. And with enough effort
    almost any class can be made to fit: a class whose random samples come near is the likelier one.

    Returns:
        Where each attempt begins, float32 (N, Z); and a penalty, float (N,), to be added to its loss when
        attempts are compared: how far the best random samples of its class are from the visible part.
    """
    pool = latents(context.job.seed, DRAWN_EACH * settings.attempts, gan.latent)  # the same for every class
    target, weights = picture.astype(np.float32), context_weights(hole, settings.window_px, settings.far)[..., None]
    starts, penalty = np.empty((len(labels), gan.latent), np.float32), np.empty(len(labels))
    kinds = np.unique(labels)
    for done, label in enumerate(kinds):
        context.report(Progress("draw", done * len(pool), len(kinds) * len(pool), "pictures"))
        drawn = paint(gan, pool, one_hot(np.full(len(pool), label), gan), context.check)  # (P, H, W, C)
        misfit = (weights * np.abs(drawn - target)).mean(axis=-1).sum(axis=(1, 2)) / 127.5  # (P,), as the context loss
        places = np.flatnonzero(labels == label)
        starts[places] = pool[np.argsort(misfit, kind="stable")[: len(places)]]
        penalty[places] = np.sort(misfit)[:NEAREST].mean()
    return starts, penalty


class _Filler:
    """Fills the hole with what one attempt draws."""

    def __init__(
        self, gan: Gan, picture: np.ndarray, hole: np.ndarray, labels: np.ndarray, settings: InpaintSettings
    ) -> None:
        self.labels = labels
        self._gan, self._picture, self._hole = gan, picture, hole
        self._blend = poisson_blend if settings.blend == "poisson" else paste

    def __call__(self, points: np.ndarray, place: int) -> np.ndarray:
        drawn = paint(self._gan, points[place : place + 1], one_hot(self.labels[place : place + 1], self._gan))
        return self._blend(self._picture, drawn[0], self._hole)


def _look(
    search: LatentSearch,
    fill: _Filler,
    penalty: np.ndarray,
    settings: InpaintSettings,
    classes: Sequence[str],
    context: Context,
) -> tuple[Found, np.ndarray]:
    """Does the steps; returns how well each attempt fits, and the latents that fit so."""
    began = shown = reported = time.perf_counter()
    context.report(Progress("compile"))
    for step in range(1, settings.steps + 1):
        context.check()
        before = search.latents() if step == settings.steps else None  # the losses are those before a step
        found = search()
        best = int(np.argmin(found.loss + penalty))
        if not math.isfinite(found.loss[best]):
            raise UserError("The search diverged after {steps} steps.", hint="Lower the learning rate.", steps=step)
        now = time.perf_counter()
        if step == 1:
            began = now  # the first step compiles
        values = {name: float(getattr(found, name)[best]) for name in ("loss", "context", "prior")}
        context.report(
            Metric(
                step,
                step / settings.steps,
                {"loss": values["loss"], "context_loss": values["context"], "prior_loss": values["prior"]},
            )
        )
        rate = (step - 1) / (now - began) if step > 1 else 0.0
        if now - reported >= REPORT_INTERVAL_S or step in (1, settings.steps):
            reported = now
            left = (settings.steps - step) / rate if rate else None
            context.report(Progress("inpaint", step, settings.steps, "steps", rate, left))
        if now - shown >= SHOW_INTERVAL_S or step in (1, settings.steps):
            points = search.latents() if before is None else before
            label = classes[fill.labels[best]] if classes else ""
            details = {"step": step, "label": label, "loss": values["loss"]}
            context.report(Images("inpaint", (fill(points, best),), (details,)))
            shown = time.perf_counter()
    return found, points


def _labels(settings: InpaintSettings, classes: Sequence[str]) -> np.ndarray:
    """Returns the class of each attempt: (N,).

    Raises:
        UserError: there is no such class, or there are too many to try them all.
    """
    if settings.label or not classes:
        return chosen_labels(settings.label, classes, np.zeros(settings.attempts, np.int64))
    each = min(settings.attempts, MOST_ATTEMPTS // len(classes))
    if not each:
        raise UserError(
            "The run knows {count} classes, too many to try each.",
            hint="Say which one is on the picture.",
            count=len(classes),
        )
    return np.tile(np.arange(len(classes)), each)


def _best_of_each(
    found: Found, penalty: np.ndarray, labels: np.ndarray, classes: Sequence[str]
) -> list[dict[str, Any]]:
    rows: dict[int, dict[str, Any]] = {}
    for place in np.argsort(found.loss + penalty, kind="stable"):
        rows.setdefault(
            int(labels[place]),
            {
                "label": classes[labels[place]] if classes else "",
                "context_loss": float(found.context[place]),
                "prior_loss": float(found.prior[place]),
                "loss": float(found.loss[place]),
                "penalty": float(penalty[place]),
            },
        )
    return list(rows.values())


def _read(settings: InpaintSettings, description: ModelDescription, context: Context) -> tuple[np.ndarray, np.ndarray]:
    """Returns the picture and what of it is hole, as large as the run draws: uint8 (H, W, C), bool (H, W).

    Raises:
        UserError: one can't be read, or there is nothing to fill, or nothing to go by.
    """
    data = description.typed_settings()
    if not isinstance(data, DatasetSettings):
        raise TypeError(f"A GAN's settings hold a data set's. Received: {type(data).__name__}")
    side, _, channels = description.input_shape
    pixels = _decode(settings.picture, data.background, description.reads, grey=channels == 1)
    mask = _decode(settings.mask, "#000000", AUTO, grey=True)  # what is transparent in a mask is kept
    size = (pixels.shape[1], pixels.shape[0])
    if size != (side, side):
        context.report(
            Log(
                "The picture of {width} x {height} px is filled as the run draws, at {side} x {side} px.",
                values={"width": size[0], "height": size[1], "side": side},
            )
        )
    if mask.shape[:2] != pixels.shape[:2]:
        _warn_of_stretching(mask, size, context)
        mask = np.asarray(Image.fromarray(mask[..., 0]).resize(size, Image.Resampling.BILINEAR))[..., None]
    picture = fit_picture(pixels, side, channels, fit=data.fit, background=data.background)
    hole = fit_picture(mask, side, 1, fit=data.fit, background="#000000")[..., 0] >= HALF
    if not hole.any():
        raise UserError(
            "The mask '{path}' marks nothing to fill.",
            hint="Paint white what is to be filled, on black.",
            path=settings.mask,
        )
    if hole.all():
        raise UserError(
            "The mask '{path}' leaves nothing of the picture to go by.",
            hint="Paint white only what is to be filled.",
            path=settings.mask,
        )
    return picture, hole


def _warn_of_stretching(mask: np.ndarray, size: tuple[int, int], context: Context) -> None:
    """Says that the mask has other proportions than the picture, so that the hole will not lie where it was painted."""
    height, width = mask.shape[:2]
    if abs(width * size[1] - height * size[0]) > max(width * size[1], height * size[0]) * UNLIKE:
        context.report(
            Log(
                "The mask of {width} x {height} px is stretched to the picture's {wide} x {high}, its hole too.",
                "warning",
                {"width": width, "height": height, "wide": size[0], "high": size[1]},
            )
        )


def _decode(text: str, background: str, reading: str, *, grey: bool) -> np.ndarray:
    path = reachable(Path(path_of(text)).absolute())
    return decode(path, background=background, colour="grey" if grey else "auto", reading=reading)
