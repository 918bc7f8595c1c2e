"""Finds the form into which all pictures of a data set are brought: its size, colours and range of values.

Looks at some of the pictures, and leaves it to whoever reads them all to notice that it has missed one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from core.context import Context
from core.data.decode import DEEP, DecodeError, decode_noting, read_header, read_values
from core.data.fitting import change_channels, wanted_channels
from core.data.index import Index
from core.data.intensity import UNKNOWN_RANGE, FoundRange, find_range, sample
from core.data.parallel import suited_workers
from core.data.progress import Progressing
from core.settings.dataset import DatasetSettings
from core.settings.intensity import FULL, PICTURE

LARGEST_OWN_SIDE_PX = 64
PROBED_PICTURES = 200
PROBED_PIXELS = 200_000_000  # of pictures of more than 8 bits, which are decoded to find their range


@dataclass(frozen=True)
class Form:
    """The form into which every picture of a data set is brought.

    Args:
        side_px: int, px.
        channels: int, 1 or 3.
        settings: for fit and background.
        workers: int, how many threads suit the pictures' usual size.
        ratio: float, the median of longer over shorter side.
        found: how pictures of more than 8 bits are read; None as long as none was seen.
    """

    side_px: int
    channels: int
    settings: DatasetSettings
    workers: int = 1
    ratio: float = 1.0
    found: FoundRange | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """One picture's (H, W, C)."""
        return self.side_px, self.side_px, self.channels


class DepthFoundError(Exception):
    """The pictures seemed to have 8 bits, and one of them has more; see `with_range`."""


def decode_one(
    index: Index, place: int, settings: DatasetSettings, found: FoundRange | None, *, enough_px: int = 0
) -> tuple[np.ndarray, frozenset[str]]:
    """Decodes one picture, at its own size.

    Args:
        index: what is read.
        place: int, the picture's.
        settings: for colours, background and intensity.
        found: how more than 8 bits are read; None where that isn't known.
        enough_px: as in `decode`.

    Returns:
        uint8 (H, W, C), C being 1 or 3, and the notes of `decode_noting`.

    Raises:
        DecodeError: it can't be read.
        DepthFoundError: it has more than 8 bits, and it isn't known how they are read.
    """
    assert index.read is not None  # noqa: S101
    try:
        source = index.read(place)
        if isinstance(source, np.ndarray):
            return change_channels(source, wanted_channels(settings.colour, source.shape[-1])), frozenset()
        old = settings.intensity == PICTURE
        reading = PICTURE if old else found.reading if found is not None else FULL
        decoded = decode_noting(
            source, background=settings.background, colour=settings.colour, enough_px=enough_px, reading=reading
        )
    except DecodeError as error:
        raise DecodeError.because(error.reason, index.names[place]) from error
    if DEEP in decoded[1] and found is None and not old:
        raise DepthFoundError
    return decoded


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
        return choose_form(index, settings, context, ranged=False).shape
    height, width, channels = (index.draw(context, np.array([0])) if drawn is None else drawn).shape[1:]
    side = own_side((height, width), settings, index)
    return side, side, wanted_channels(settings.colour, channels)


def choose_form(index: Index, settings: DatasetSettings, context: Context, *, ranged: bool = True) -> Form:
    """Looks at some pictures to find the size and the colours that the settings leave open.

    The size is the most common longer side, at most 64 px. Colours are a first guess: a coloured picture found later
    overrules it, as does one of more than 8 bits where none was seen.

    Args:
        index: what is read.
        settings: what is asked for.
        context: is asked whether to stop.
        ranged: bool, whether the range of pictures of more than 8 bits is looked for.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    assert index.read is not None  # noqa: S101
    sides: Counter[int] = Counter()
    sizes: list[tuple[int, int]] = []
    deep: list[int] = []
    colours = 0
    places = np.unique(np.linspace(0, len(index) - 1, min(PROBED_PICTURES, len(index))).astype(int))
    progress = Progressing(context, "scan", len(places), "pictures")
    for number, place in enumerate(places):
        with suppress(DecodeError):
            source = index.read(int(place))
            if isinstance(source, np.ndarray):
                size = source.shape[1::-1]
            else:
                header = read_header(source, reading=settings.intensity)
                size = header.size
                deep += [int(place)] * header.deep
            sides[max(size)] += 1
            sizes.append(size)
            if settings.colour == "auto" and not colours and number % 10 == 0:
                colours += _channels(index, int(place), settings) == 3
        progress.advance()
    # Of two sizes equally common the larger: nothing is lost.
    own = max(sides, key=lambda side: (sides[side], side), default=LARGEST_OWN_SIDE_PX)
    channels = wanted_channels(settings.colour, 3 if colours else 1)
    workers = suited_workers(np.median([width * height for width, height in sizes] or [0]))
    found = _find_range(index, deep, settings, context) if ranged else None
    return Form(own_side((own,), settings, index), channels, settings, workers, usual_ratio(sizes), found)


def with_range(index: Index, form: Form, context: Context) -> Form:
    """Returns the form with a range for pictures of more than 8 bits, of which `choose_form` has seen none.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    assert index.read is not None  # noqa: S101
    deep = []
    progress = Progressing(context, "scan", len(index), "pictures")
    for place in range(len(index)):
        with suppress(DecodeError):
            source = index.read(place)
            if not isinstance(source, np.ndarray) and read_header(source).deep:
                deep.append(place)
        progress.advance()
    return replace(form, found=_find_range(index, deep, form.settings, context) or UNKNOWN_RANGE)


def _find_range(index: Index, deep: list[int], settings: DatasetSettings, context: Context) -> FoundRange | None:
    """Looks up the range of pictures of more than 8 bits, in up to 200 of these, fewer where they are large."""
    assert index.read is not None  # noqa: S101
    if settings.intensity == PICTURE or not deep:
        return None
    pictures, samples, pixels = [], [], 0
    order = np.random.default_rng(0).permutation(len(deep))[:PROBED_PICTURES]  # a sample, even where it is cut off
    progress = Progressing(context, "scan", len(order), "pictures")
    for number in order:
        with suppress(DecodeError):
            picture = read_values(index.read(deep[number]))  # type: ignore[arg-type]
            samples.append(sample(picture))
            pixels += picture.values.size
            pictures.append(replace(picture, values=picture.values[:1, :1], alpha=None))
        progress.advance()
        if pixels > PROBED_PIXELS:
            break
    return find_range(pictures, samples, settings.intensity) if pictures else None


def _channels(index: Index, place: int, settings: DatasetSettings) -> int:
    """Returns how many channels a picture has."""
    return decode_one(index, place, settings, UNKNOWN_RANGE, enough_px=16)[0].shape[-1]


def usual_ratio(sizes: Sequence[tuple[int, ...]]) -> float:
    """Returns the median of longer over shorter side; 1 of no picture."""
    return float(np.median([max(size) / max(min(size), 1) for size in sizes] or [1.0]))


def own_side(size: tuple[int, ...], settings: DatasetSettings, index: Index) -> int:
    """Returns the side, px, to which pictures are brought that are so high and wide, px."""
    return settings.image_px or index.side_px or min(max(size), LARGEST_OWN_SIDE_PX)
