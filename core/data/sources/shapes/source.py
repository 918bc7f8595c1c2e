"""Offers scenes and clips as data sets, drawn when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.context import Context
from core.data.index import Index, OnDemand
from core.data.progress import Progressing
from core.data.sources.shapes.clips import draw_clip, make_clip
from core.data.sources.shapes.drawing import draw_scene
from core.data.sources.shapes.scenes import CLASSES, Scene, make_scene
from core.data.targets.captions import CaptionTargets
from core.data.targets.classes import ClassTargets
from core.errors import UserError
from core.settings.dataset import DatasetSettings

VERSION = 1  # raise it when the same seed would give other pictures


def scenes(settings: DatasetSettings, seed: int, context: Context) -> Index:
    """Returns the index of "shapes": `settings.count` scenes of `settings.side_px`, from the seed."""
    count = settings.count

    def classes() -> ClassTargets:
        return ClassTargets(CLASSES, np.array([scene.label for scene in _told(seed, count, context)], np.int32))

    def captions() -> CaptionTargets:
        return CaptionTargets([scene.sentences for scene in _told(seed, count, context)])

    return Index(
        source="shapes",
        identity=f"shapes-{VERSION}-{seed}-{settings.side_px}-{settings.count}",
        names=[f"shapes/{number}" for number in range(settings.count)],
        targets=OnDemand({ClassTargets.kind: classes, CaptionTargets.kind: captions}),
        given=np.full(settings.count, -1, np.int8),
        read=lambda place: draw_scene(make_scene(seed, place), settings.side_px),
        side_px=settings.side_px,
    )


def _told(seed: int, count: int, context: Context) -> Iterator[Scene]:
    progress = Progressing(context, "scan", count, "pictures")
    for number in range(count):
        yield make_scene(seed, number)
        progress.advance()


def clips(settings: DatasetSettings, seed: int, context: Context) -> Index:
    """Returns the index of "shapes-clips"; of each clip the frame in its middle stands for it."""
    directions = settings.directions
    progress = Progressing(context, "scan", settings.count, "pictures")
    labels = np.empty(settings.count, np.int32)
    classes = tuple(sorted(directions))
    for number in range(settings.count):
        labels[number] = classes.index(make_clip(seed, number, directions).direction)
        progress.advance()

    def read(place: int) -> np.ndarray:
        clip = draw_clip(make_clip(seed, place, directions), settings.side_px, settings.frames)
        frame: np.ndarray = clip[settings.frames // 2]
        return frame

    return Index(
        source="shapes-clips",
        identity=f"clips-{VERSION}-{seed}-{settings.side_px}-{settings.count}-{'-'.join(directions)}-{settings.frames}",
        names=[f"shapes-clips/{number}" for number in range(settings.count)],
        targets={ClassTargets.kind: ClassTargets(classes, labels)},
        given=np.full(settings.count, -1, np.int8),
        read=read,
        side_px=settings.side_px,
        problem=UserError(
            "'{path}' holds clips, not single pictures.",
            hint="Choose the data set 'shapes': a model for clips is to come.",
            path="shapes-clips",
        ),
    )
