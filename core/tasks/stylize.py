"""Paints a picture anew in the style of another."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from core import catalog
from core.context import Context
from core.data.decode import decode
from core.data.sources.folders import reachable
from core.errors import UserError
from core.events import Images, Log, Metric, Progress, Saved
from core.files.atomic import file_stamp, path_of
from core.inference.cached import cached
from core.inference.style import StylePainter, wanted_layers
from core.inference.trained import trained_model
from core.media.picture_files import check_pictures, write_pictures
from core.models.foreign.backbone import Backbone
from core.models.foreign.keras_file import read_keras_file
from core.models.foreign.value_range import RANGES, guess_range
from core.models.shared.picture_memory import check_picture_memory
from core.runs.recipe import Recipe
from core.settings.stylize import StylizeSettings

SHOW_INTERVAL_S = 0.35
REPORT_INTERVAL_S = 0.1
MOST_MEANT = 20  # steps over which the first and the last loss are taken
BACKBONES_KEPT = 2


def stylize(settings: StylizeSettings, context: Context) -> dict[str, Any]:
    """Paints the content in the style.

    Reports the losses of every step as `Metric`, and the picture so far as `Images` titled "stylize", its details
    holding "step", a few times a second. Stop is heard before every step; it writes no file, and what was last
    reported is all that is left.

    Returns:
        {"files", "loss_first", "loss_last", "steps", "seconds", "size": [width, height], "value_range",
        "style_layers", "content_layers"}; the losses are means over the first and last tenth of the steps, 20 at most.

    Raises:
        UserError: a picture, the backbone or the name of the file can't be used, or the picture diverged.
        CancelledError: the user has asked the job to stop.
    """
    out = path_of(settings.out).absolute() if settings.out else None
    if out is not None:
        # Better now than when it is painted.
        check_pictures(out, (settings.content, settings.style), overwrite=settings.overwrite)
    content = _read(settings.content, settings.size_px)
    style = _read(settings.style, settings.style_px or max(content.shape[:2]))
    backbone = _backbone(settings, [content, style], context)
    context.report(Progress("compile"))
    painter = StylePainter(backbone, content, style, settings, context.job.seed, context.check)
    context.check()
    began = time.perf_counter()
    losses = _paint(painter, settings, context)
    seconds = time.perf_counter() - began
    picture = painter.picture()
    files = []
    if out is not None:
        context.report(Progress("save"))
        layout: dict[str, Any] = {"columns": 1, "gap_px": 0, "scale": 1}
        write_pictures(out, [picture], **layout, recipe=Recipe.of(context.job), overwrite=settings.overwrite)
        context.report(Saved(str(out), "pictures"))
        files.append(str(out))
    meant = max(1, min(MOST_MEANT, len(losses) // 10))
    of_style, of_content = wanted_layers(backbone, settings)
    return {
        "files": files,
        "loss_first": float(np.mean(losses[:meant])),
        "loss_last": float(np.mean(losses[-meant:])),
        "steps": len(losses),
        "seconds": round(seconds, 2),
        "size": [picture.shape[1], picture.shape[0]],
        "value_range": backbone.value_range,
        "style_layers": list(of_style),
        "content_layers": list(of_content),
    }


def _paint(painter: StylePainter, settings: StylizeSettings, context: Context) -> list[float]:
    """Does the steps; returns each one's loss."""
    losses: list[float] = []
    began = shown = reported = time.perf_counter()
    context.report(Progress("compile"))
    while len(losses) < settings.steps:
        context.check()
        values = painter()
        if not math.isfinite(values["loss"]):
            raise UserError(
                "The picture diverged after {steps} steps.",
                hint="Lower the strength or the learning rate.",
                steps=len(losses),
            )
        losses.append(values["loss"])
        done, now = len(losses), time.perf_counter()
        if done == 1:
            began = now  # the first step compiles
        context.report(Metric(done, done / settings.steps, values))
        rate = (done - 1) / (now - began) if done > 1 else 0.0
        if now - reported >= REPORT_INTERVAL_S or done in (1, settings.steps):
            reported = now
            left = (settings.steps - done) / rate if rate else None
            context.report(Progress("stylize", done, settings.steps, "steps", rate, left))
        if now - shown >= SHOW_INTERVAL_S or done in (1, settings.steps):
            context.report(Images("stylize", (painter.picture(),), ({"step": done, **values},)))
            shown = time.perf_counter()
    return losses


def _read(text: str, side_px: int) -> np.ndarray:
    """Returns a picture, its longer side that long: float32 (H, W, 3), 0 to 1.

    Raises:
        DecodeError: it can't be read.
    """
    pixels = decode(reachable(path_of(text).absolute()), colour="rgb", enough_px=side_px)
    scale = side_px / max(pixels.shape[:2])
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    resized = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized, np.float32) / 255


def _backbone(settings: StylizeSettings, pictures: list[np.ndarray], context: Context) -> Backbone:
    """Returns the run's or the file's network.

    Raises:
        UserError: it can't be used.
    """
    path = path_of(settings.backbone)
    if path.suffix == ".keras" and path.is_file():
        model = _file(path, context)
        return Backbone(model, _value_range(model, path.name, settings, pictures, context), path.name)
    run = context.workspace.find(settings.backbone)
    record = run.record()
    catalog.check_use("stylize", record.job.model, run.id)
    model, _ = trained_model(run, context)
    return Backbone(model, "0..255", record.name or run.id)


def _file(path: Path, context: Context) -> keras.Model:
    key = (str(path.absolute()), file_stamp(path.stat()))

    def read() -> keras.Model:
        context.report(Progress("load"))
        return read_keras_file(path)

    return cached(context, "backbones", key, BACKBONES_KEPT, read)


def _value_range(
    model: keras.Model, name: str, settings: StylizeSettings, pictures: list[np.ndarray], context: Context
) -> str:
    if settings.value_range != "auto":
        return settings.value_range
    for picture in pictures:
        check_picture_memory(model, picture.shape[:2], name)
    found = guess_range(model, [picture[None] for picture in pictures])
    if not found:
        raise UserError(
            "The backbone does not show which pixel range it expects.",
            hint="Choose the value range it was trained with: {known}.",
            known=", ".join(RANGES),
        )
    context.report(Log("The backbone seems to expect this pixel range: {range}.", values={"range": RANGES[found]}))
    return found
