"""The task behind the quick look at a data set before Train: counts, and some pictures of each class."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from PIL import Image

from core.context import Context
from core.data.dataset import SPLITS
from core.data.decode import DecodeError
from core.data.form import DepthFoundError, Form, choose_form, decode_one, expected_shape, with_range
from core.data.index import Index
from core.data.notices import Overview, notices
from core.data.open_index import trainable_index
from core.data.progress import Progressing
from core.data.splits import given_splits, make_splits
from core.data.targets.classes import class_counts
from core.events import Images, Log
from core.settings.dataset import DatasetSettings

PICTURES = 40
THUMBNAIL_PX = 96


def preview(settings: DatasetSettings, context: Context) -> dict[str, Any]:
    """Looks at a data set without decoding more than some forty pictures of it, for a training of the job's model.

    Reports one `Images` event titled "preview", its pictures taken in turn from every class.

    Returns:
        `samples` (pictures found, readable or not), `classes` (name -> count; empty where they have none), `counts`
        (what else is counted of what they are learnt as, by name), `shape` (height, width and channels that training
        will take), `splits` (name -> count, before exact copies are known), `given` (splits the source sets itself),
        `left_out` (files that are no part of the data set), `remarks` ([{message, values}], what was guessed, looks
        wrong or is left out, and how the pictures are read, as templates), `looked_at` (pictures that were read for
        this) and `unreadable` (those of them that can't be).

    Raises:
        UserError: nothing can be trained on it.
        CancelledError: the user has asked the job to stop.
    """
    index = trainable_index(settings, context)
    strata = index.strata()
    places = _spread(strata)
    if index.draw is not None:
        found = list(index.draw(context, places))
        shape = expected_shape(index, settings, context, np.stack(found))
        logs: list[Log] = []
    else:
        form = choose_form(index, settings, context)
        found, form, notes = _read_some(index, places, form, settings, context)
        shape = form.shape
        overview = Overview(sum(one is not None for one in found), notes, form.found, form.ratio)
        logs = list(notices(overview, intensity=settings.intensity, fit=settings.fit))
    pictures, details = [], []
    for place, picture in zip(places, found, strict=True):
        if picture is not None:
            pictures.append(thumbnail(picture))
            details.append(
                {"path": index.names[place], "label": "" if index.target is None else index.target.caption(int(place))}
            )
    context.report(Images("preview", tuple(pictures), tuple(details)))
    splits = make_splits(
        strata,
        test_share=settings.test_share,
        validation_share=settings.validation_share,
        seed=context.job.seed,
        given=index.given,
        groups=index.groups,
    )
    return {
        "source": index.source,
        "samples": len(index),
        "classes": class_counts(index.target),
        "counts": {} if index.target is None else index.target.counts(),
        "shape": list(shape),
        "splits": {name: len(splits[name]) for name in SPLITS},
        "given": list(given_splits(index.given)),
        "left_out": len(index.skipped),
        "remarks": [{"message": remark.message, "values": remark.values} for remark in (*index.remarks, *logs)],
        "looked_at": len(places),
        "unreadable": len(places) - len(pictures),
    }


def thumbnail(picture: np.ndarray, side_px: int = THUMBNAIL_PX) -> np.ndarray:
    """Returns the picture, uint8 (H, W, C), made no larger than `side_px` on its longer side."""
    height, width, channels = picture.shape
    if max(height, width) <= side_px:
        return picture
    image = Image.fromarray(picture[..., 0] if channels == 1 else picture)
    image.thumbnail((side_px, side_px))
    return np.asarray(image).reshape(image.height, image.width, channels)


def _read_some(
    index: Index, places: np.ndarray, form: Form, settings: DatasetSettings, context: Context
) -> tuple[list[np.ndarray | None], Form, Counter[str]]:
    """Decodes the pictures at the places; None stands for one that can't be read."""
    pictures: list[np.ndarray | None] = []
    counts: Counter[str] = Counter()
    progress = Progressing(context, "decode", len(places), "pictures")
    for place in places:
        try:
            picture, notes = decode_one(index, int(place), settings, form.found, enough_px=THUMBNAIL_PX // 2)
        except DecodeError:
            pictures.append(None)
        except DepthFoundError:
            return _read_some(index, places, with_range(index, form, context), settings, context)
        else:
            pictures.append(picture)
            counts.update(notes)
        progress.advance()
    progress.end()
    return pictures, form, counts


def _spread(strata: np.ndarray) -> np.ndarray:
    """Returns places of up to `PICTURES` pictures: the first of each stratum, then another of each, and so on."""
    order = np.argsort(strata, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(strata[order]) > 0])
    rank = np.arange(len(strata)) - np.repeat(starts, np.diff(np.r_[starts, len(strata)]))
    sizes = np.repeat(np.diff(np.r_[starts, len(strata)]), np.diff(np.r_[starts, len(strata)]))
    rounds = -(-PICTURES // len(starts))
    # Of each class not its first pictures, which tend to be alike, but some from all over it.
    step = np.maximum(sizes // rounds, 1)
    chosen = (rank % step == 0) & (rank // step < rounds)
    turn = rank[chosen] // step[chosen]
    return order[chosen][np.argsort(turn, kind="stable")][:PICTURES]
