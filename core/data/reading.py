"""Turns an index into pictures of one size. Must not know where the files lie nor what is trained on them."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.context import Context
from core.data.cache import Entry, PictureCache, PixelSink
from core.data.dataset import Skipped
from core.data.decode import DecodeError, decode, read_size
from core.data.digests import digest_of, digests_of
from core.data.fitting import change_channels, fit_picture, fit_placement, wanted_channels
from core.data.index import Index
from core.data.parallel import MAX_WORKERS, each, suited_workers
from core.data.placement import Placement
from core.data.progress import Progressing
from core.data.unloaded import UnloadedImages
from core.errors import UserError
from core.events import Log
from core.settings.dataset import DatasetSettings

VERSION = 1  # raise it when the same settings would give other pixels
LARGEST_OWN_SIDE_PX = 64
PROBED_PICTURES = 200
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
    """

    images: Any
    kept: np.ndarray
    digests: np.ndarray
    skipped: tuple[Skipped, ...] = ()
    placement: Placement | None = None


@dataclass(frozen=True)
class Form:
    """The form into which every picture of a data set is brought.

    Args:
        side_px: int, px.
        channels: int, 1 or 3.
        settings: for fit and background.
        workers: int, how many threads suit the pictures' usual size.
    """

    side_px: int
    channels: int
    settings: DatasetSettings
    workers: int = 1


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
        return Pictures(drawn, np.arange(len(drawn)), digests_of(drawn, progress), placement=placed)
    entry, form = _read_files(index, settings, context)
    images: Any = entry.images
    _report_reduced(index, entry.shape[1], settings, context)
    if images is None:
        images = UnloadedImages(lambda place: read_one(index, int(entry.kept[place]), form), entry.shape)
    skipped = tuple(Skipped(index.names[place], reason) for place, reason in entry.skipped)
    placement = None
    if _follow_pictures(index):
        placement = fit_placement(_own_sizes(index, entry, settings, context), form.side_px, fit=settings.fit)
    return Pictures(images, entry.kept, entry.digests, skipped, placement)


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


def read_one(index: Index, place: int, form: Form) -> np.ndarray:
    """Reads one picture.

    Returns:
        uint8 (side_px, side_px, channels).

    Raises:
        DecodeError: it can't be read.
    """
    picture = decode_one(index, place, form.settings, enough_px=form.side_px)
    if form.settings.colour == "auto" and picture.shape[-1] > form.channels:
        raise _ColourFoundError
    return fit_picture(picture, form.side_px, form.channels, fit=form.settings.fit, background=form.settings.background)


def decode_one(index: Index, place: int, settings: DatasetSettings, *, enough_px: int = 0) -> np.ndarray:
    """Decodes one picture, at its own size.

    Returns:
        uint8 (H, W, C), C being 1 or 3.

    Raises:
        DecodeError: it can't be read.
    """
    assert index.read is not None  # noqa: S101
    try:
        source = index.read(place)
        if isinstance(source, np.ndarray):
            return change_channels(source, wanted_channels(settings.colour, source.shape[-1]))
        return decode(source, background=settings.background, colour=settings.colour, enough_px=enough_px)
    except DecodeError as error:
        raise DecodeError.because(error.reason, index.names[place]) from error


def expected_shape(
    index: Index, settings: DatasetSettings, context: Context, drawn: np.ndarray | None = None
) -> tuple[int, int, int]:
    """Returns the (H, W, C) that pictures will most likely be brought to, having looked at a few.

    Args:
        index: what is read.
        settings: the size and the colours that are asked for.
        context: is asked whether to stop.
        drawn: uint8 (M, H, W, C), some of the pictures where the index draws them and that has been done.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    if index.draw is None:
        form = choose_form(index, settings, context)
        return form.side_px, form.side_px, form.channels
    height, width, channels = (index.draw(context, np.array([0])) if drawn is None else drawn).shape[1:]
    side = _own_side((height, width), settings, index)
    return side, side, wanted_channels(settings.colour, channels)


def choose_form(index: Index, settings: DatasetSettings, context: Context) -> Form:
    """Looks at some pictures to find the size and the colours that the settings leave open.

    The size is the most common longer side, at most 64 px. Colours are a first guess: a coloured picture found later
    overrules it.
    """
    assert index.read is not None  # noqa: S101
    sides: Counter[int] = Counter()
    pixels = []
    colours = 0
    places = np.unique(np.linspace(0, len(index) - 1, min(PROBED_PICTURES, len(index))).astype(int))
    progress = Progressing(context, "scan", len(places), "pictures")
    for number, place in enumerate(places):
        with suppress(DecodeError):
            source = index.read(int(place))
            width, height = source.shape[1::-1] if isinstance(source, np.ndarray) else read_size(source)
            sides[max(width, height)] += 1
            pixels.append(width * height)
            if settings.colour == "auto" and not colours and number % 10 == 0:
                colours += decode_one(index, int(place), settings, enough_px=16).shape[-1] == 3
        progress.advance()
    # Of two sizes equally common the larger: nothing is lost.
    own = max(sides, key=lambda side: (sides[side], side), default=LARGEST_OWN_SIDE_PX)
    channels = wanted_channels(settings.colour, 3 if colours else 1)
    return Form(_own_side((own,), settings, index), channels, settings, suited_workers(np.median(pixels or [0])))


def _own_side(size: tuple[int, ...], settings: DatasetSettings, index: Index) -> int:
    """Returns the side, px, to which pictures of the size (height, width) are brought."""
    return settings.image_px or index.side_px or min(max(size), LARGEST_OWN_SIDE_PX)


def _read_files(index: Index, settings: DatasetSettings, context: Context) -> tuple[Entry, Form]:
    cache = PictureCache(context.workspace.cache_folder)
    key = _cache_key(index, settings)
    entry = cache.open(key)
    if entry is None:
        with cache.locked(key, context) as writable:
            entry = cache.open(key)  # another process may have been at it
            if entry is None:
                entry = _decode_into(cache if writable else None, key, index, settings, context)
    _, side_px, _, channels = entry.shape
    return entry, Form(side_px, channels, settings)


def _decode_into(
    cache: PictureCache | None, key: str, index: Index, settings: DatasetSettings, context: Context
) -> Entry:
    form = choose_form(index, settings, context)
    while True:
        try:
            return _decode_form(cache, key, index, form, context)
        except _ColourFoundError:
            form = replace(form, channels=3)


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

    def read(place: int) -> tuple[np.ndarray, int] | str:
        try:
            picture = read_one(index, place, form)
        except DecodeError as error:
            return error.reason
        return picture, digest_of(picture)

    for place, result in each(read, len(index), progress, form.workers):
        if isinstance(result, str):
            skipped.append((place, result))
            continue
        picture, digest = result
        if sink is not None:
            sink.append(picture.tobytes())
        kept.append(place)
        digests.append(digest)
    progress.end()
    shape = (len(kept), form.side_px, form.side_px, form.channels)
    return Entry(None, shape, np.array(kept, np.int64), np.array(digests, np.uint64), tuple(skipped))


def _cache_key(index: Index, settings: DatasetSettings) -> str:
    parts = (VERSION, index.identity, settings.image_px, settings.colour, settings.fit, settings.background.lower())
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def _bring_to_form(images: np.ndarray, index: Index, settings: DatasetSettings, context: Context) -> np.ndarray:
    count, height, width, channels = images.shape
    side = _own_side((height, width), settings, index)
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
