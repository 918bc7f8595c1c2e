"""Turns an index into pictures of one size. Must not know where the files lie nor what is trained on them."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from core.context import Context
from core.data.cache import Entry, PictureCache, PixelSink
from core.data.dataset import Skipped
from core.data.decode import DecodeError, read_size
from core.data.digests import digest_of, digests_of
from core.data.fitting import change_channels, fit_picture, fit_placement, wanted_channels
from core.data.form import (
    LARGEST_OWN_SIDE_PX,
    DepthFoundError,
    Form,
    choose_form,
    decode_one,
    own_side,
    usual_ratio,
    with_range,
)
from core.data.index import Index
from core.data.intensity import FoundRange
from core.data.notices import Overview, notices
from core.data.parallel import MAX_WORKERS, each
from core.data.passing import may_pass
from core.data.placement import Placement
from core.data.progress import Progressing
from core.data.unloaded import UnloadedImages
from core.errors import UserError
from core.events import Log
from core.settings.dataset import DatasetSettings

VERSION = 2  # raise it when the same settings would give other pixels
MEMORY_BYTES = 2 * 2**30  # what the cache can't keep still goes into memory up to this


@dataclass(frozen=True, eq=False)
class Pictures:
    """All readable pictures of an index, at one size. M of them.

    Args:
        images: uint8 (M, H, W, C), C being 1 or 3; may read from disk, or decode, while it is indexed.
        kept: int64 (M,), the place of each in the index.
        digests: uint64 (M,), equal where pictures are exact copies.
        skipped: the files that could not be read.
        placement: from each file's own pixels to these; None where no targets lie in the pictures.
        reading: str, how more than 8 bits became 8: "full" or "LOW..HIGH"; empty where no picture has them, or each was
            scaled by itself.
    """

    images: Any
    kept: np.ndarray
    digests: np.ndarray
    skipped: tuple[Skipped, ...] = ()
    placement: Placement | None = None
    reading: str = ""


class _ColourFoundError(Exception):
    """The pictures looked grey, and one of them is not."""


def read_pictures(index: Index, settings: DatasetSettings, context: Context) -> Pictures:
    """Reads every picture of the index, at the size and in the colours that the settings ask for.

    Files are decoded once and then come from the workspace's cache. Those that can't be read are left out and listed.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    if index.draw is not None:
        own = index.draw(context)
        drawn = _bring_to_form(own, index, settings, context)
        progress = Progressing(context, "scan", len(drawn), "pictures")
        sizes = np.repeat([own.shape[1:3]], len(own), axis=0)
        placed = fit_placement(sizes, drawn.shape[1], fit=settings.fit) if _follow_pictures(index) else None
        _report(Overview(len(drawn), ratio=usual_ratio([own.shape[1:3]])), settings, context)
        return Pictures(drawn, np.arange(len(drawn)), digests_of(drawn, progress), placement=placed)
    entry, form = _read_files(index, settings, context)
    images: Any = entry.images
    _report_reduced(index, entry.shape[1], settings, context)
    _report(Overview(len(entry.kept), entry.seen["notes"], form.found, form.ratio), settings, context)
    if images is None:
        images = UnloadedImages(lambda place: _read_again(index, int(entry.kept[place]), form), entry.shape)
    skipped = tuple(Skipped(index.names[place], reason) for place, reason in entry.skipped)
    placement = None
    if _follow_pictures(index):
        placement = fit_placement(_own_sizes(index, entry, settings, context), form.side_px, fit=settings.fit)
    reading = form.found.reading if form.found is not None else ""
    return Pictures(images, entry.kept, entry.digests, skipped, placement, reading)


def _report(seen: Overview, settings: DatasetSettings, context: Context) -> None:
    for notice in notices(seen, intensity=settings.intensity, fit=settings.fit):
        context.report(notice)


def _follow_pictures(index: Index) -> bool:
    return index.target is not None and index.target.follows_picture


def _own_sizes(index: Index, entry: Entry, settings: DatasetSettings, context: Context) -> np.ndarray:
    """Returns height and width, px, of the files' pictures as they are seen, int64 (M, 2); they are kept in the cache.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    cache, key = PictureCache(context.workspace.cache_folder), _cache_key(index, settings)
    known = cache.sizes(key)
    if known is not None and known.shape == (len(entry.kept), 2):
        return known

    def look(number: int) -> tuple[int, ...]:
        assert index.read is not None  # noqa: S101
        source = index.read(int(entry.kept[number]))
        return source.shape[:2] if isinstance(source, np.ndarray) else read_size(source, upright=True)[::-1]

    progress = Progressing(context, "scan", len(entry.kept), "pictures")
    found = [size for _, size in each(look, len(entry.kept), progress, MAX_WORKERS)]
    progress.end()
    sizes = np.array(found, np.int64).reshape(-1, 2)
    cache.keep_sizes(key, sizes)
    return sizes


def read_one(index: Index, place: int, form: Form) -> tuple[np.ndarray, frozenset[str]]:
    """Reads one picture.

    Returns:
        uint8 (side_px, side_px, channels), and the notes of `decode_noting`.

    Raises:
        DecodeError: it can't be read.
        DepthFoundError: it has more than 8 bits, and the form doesn't say how they are read.
    """
    picture, notes = decode_one(index, place, form.settings, form.found, enough_px=form.side_px)
    if form.settings.colour == "auto" and picture.shape[-1] > form.channels:
        raise _ColourFoundError
    background = form.settings.background
    return fit_picture(picture, form.side_px, form.channels, fit=form.settings.fit, background=background), notes


def _read_again(index: Index, place: int, form: Form) -> np.ndarray:
    """Reads one picture that could be read when the data set was gone through.

    Raises:
        UserError: it is gone by now, or another one.
    """
    try:
        return read_one(index, place, form)[0]
    except (DecodeError, _ColourFoundError, DepthFoundError) as error:
        reason = "It has colours now, and was grey."
        if isinstance(error, DecodeError):
            reason = error.reason
        elif isinstance(error, DepthFoundError):
            reason = "It has more than 8 bits now, and had no more before."
        raise UserError(
            "'{path}' can no longer be read. {reason}",
            hint="Put it back as it was, then go on: resume the run, or give the command again.",
            path=index.names[place],
            reason=reason,
        ) from error


def _read_files(index: Index, settings: DatasetSettings, context: Context) -> tuple[Entry, Form]:
    cache = PictureCache(context.workspace.cache_folder)
    key = _cache_key(index, settings)
    entry = _open_kept(cache, key, index, settings)
    if entry is None:
        with cache.locked(key, context) as writable:
            entry = _open_kept(cache, key, index, settings)  # another process may have been at it
            if entry is None:
                entry = _decode_into(cache if writable else None, key, index, settings, context)
    return entry, _form_of(entry, settings)


def _open_kept(cache: PictureCache, key: str, index: Index, settings: DatasetSettings) -> Entry | None:
    """Returns the cache's entry; None where there is none, or where a picture it lacks can be read by now."""
    entry = cache.open(key)
    if entry is None:
        return None
    form = _form_of(entry, settings)
    for place in entry.passing:
        try:
            read_one(index, place, form)
        except DecodeError:
            continue
        except (_ColourFoundError, DepthFoundError):
            pass
        return None
    return entry


def _form_of(entry: Entry, settings: DatasetSettings) -> Form:
    """Returns the form that an entry's pictures have."""
    _, side_px, _, channels = entry.shape
    found = FoundRange(**entry.seen["found"]) if entry.seen["found"] else None
    return Form(side_px, channels, settings, ratio=entry.seen["ratio"], found=found)


def _decode_into(
    cache: PictureCache | None, key: str, index: Index, settings: DatasetSettings, context: Context
) -> Entry:
    form = choose_form(index, settings, context)
    while True:
        try:
            return _decode_form(cache, key, index, form, context)
        except _ColourFoundError:
            form = replace(form, channels=3)
        except DepthFoundError:
            form = with_range(index, form, context)


def _decode_form(cache: PictureCache | None, key: str, index: Index, form: Form, context: Context) -> Entry:
    needed = len(index) * form.side_px**2 * form.channels
    fits = cache is not None and cache.make_room(needed)
    if not fits:
        room = "the workspace cannot be written" if cache is None else "the disk has too little room"
        _report_not_kept(room, context)
    streamed = not fits and needed > MEMORY_BYTES
    partial = _partial(cache, key, context) if cache is not None and (fits or streamed) else None
    sink = None if streamed else PixelSink(partial / "pixels.u8" if partial else None, needed, MEMORY_BYTES)
    try:
        entry = _decode_all(index, form, sink, context)
        if sink is not None:
            sink.close()
        if cache is not None and partial is not None and (sink is None or sink.failure is None):
            try:
                cache.publish(key, partial, entry)
            except UserError as error:
                _report_not_kept(str(error), context)
                if sink is not None:
                    sink.take_back(OSError(str(error)))
            else:
                return cache.open(key) or entry
        if sink is None:
            return entry
        if sink.failure is not None:
            _report_not_kept(str(sink.failure.strerror or sink.failure), context)
        return entry if sink.dropped else replace(entry, images=sink.array(entry.shape))
    finally:
        if sink is not None:
            sink.close()
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)


def _partial(cache: PictureCache, key: str, context: Context) -> Path | None:
    try:
        return cache.partial(key)
    except OSError as error:
        _report_not_kept(str(error.strerror), context)
        return None


def _decode_all(index: Index, form: Form, sink: PixelSink | None, context: Context) -> Entry:
    """Decodes every picture in the index's order, the pixels into the sink."""
    progress = Progressing(context, "decode", len(index), "pictures")
    kept, digests = [], []
    skipped: list[tuple[int, str]] = []
    counts: Counter[str] = Counter()
    passing = []

    def read(place: int) -> tuple[np.ndarray, frozenset[str], int] | DecodeError:
        try:
            picture, notes = read_one(index, place, form)
        except DecodeError as error:
            return error
        return picture, notes, digest_of(picture)

    for place, result in each(read, len(index), progress, form.workers):
        if isinstance(result, DecodeError):
            skipped.append((place, result.reason))
            if may_pass(result):
                passing.append(place)
            continue
        picture, notes, digest = result
        counts.update(notes)
        if sink is not None:
            sink.append(picture.tobytes())
        kept.append(place)
        digests.append(digest)
    progress.end()
    shape = (len(kept), form.side_px, form.side_px, form.channels)
    seen = {"notes": dict(counts), "found": form.found and asdict(form.found), "ratio": form.ratio}
    places, hashes = np.array(kept, np.int64), np.array(digests, np.uint64)
    return Entry(None, shape, places, hashes, tuple(skipped), seen, tuple(passing))


def _cache_key(index: Index, settings: DatasetSettings) -> str:
    known = (VERSION, find_spec("pi_heif") is not None)
    asked = (settings.image_px, settings.colour, settings.fit, settings.background.lower(), settings.intensity)
    parts = (*known, index.identity, *asked)
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def _bring_to_form(images: np.ndarray, index: Index, settings: DatasetSettings, context: Context) -> np.ndarray:
    count, height, width, channels = images.shape
    side = own_side((height, width), settings, index)
    channels = wanted_channels(settings.colour, channels)
    if (height, width) == (side, side):
        return change_channels(images, channels)
    fitted = np.empty((count, side, side, channels), np.uint8)
    progress = Progressing(context, "decode", count, "pictures")
    for place, picture in enumerate(images):
        fitted[place] = fit_picture(picture, side, channels, fit=settings.fit, background=settings.background)
        progress.advance()
    progress.end()
    return fitted


def _report_reduced(index: Index, side_px: int, settings: DatasetSettings, context: Context) -> None:
    """Says so where pictures are made smaller than they are although nobody has asked for it."""
    if settings.image_px or index.side_px or side_px < LARGEST_OWN_SIDE_PX or index.read is None:
        return
    own = 0
    for place in np.linspace(0, len(index) - 1, 5).astype(int):
        with suppress(DecodeError):
            source = index.read(int(place))
            own = max(own, *(source.shape[:2] if isinstance(source, np.ndarray) else read_size(source)))
    if own > side_px:
        message = "Pictures of up to {own} px are reduced to {side} px: set a larger picture side to keep more detail."
        context.report(Log(message, values={"own": own, "side": side_px}))


def _report_not_kept(reason: str, context: Context) -> None:
    context.report(
        Log(
            "The decoded pictures cannot be kept ({reason}); next time they are decoded again.",
            "warning",
            {"reason": reason},
        )
    )
