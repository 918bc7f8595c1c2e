"""Says how a data set's pictures are read: what was taken for granted, and how many pictures it concerns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from core.data.decode import CHANNELS, DEEP, OPEN_ENDED, OUTSIDE, PAGES
from core.data.intensity import FoundRange
from core.events import Log
from core.settings.intensity import PICTURE, number_text, range_text

LONG = 2.0  # times as long as wide
LITTLE_OF_TYPE = 1 / 64  # 1,024 of the 65,536 values that 16 bits hold
LITTLE_OF_SCALE = 1 / 8  # 32 of the 256 greys that are left


@dataclass(frozen=True)
class Overview:
    """What was seen of a data set's pictures while they were read.

    Args:
        count: int, the pictures that could be read.
        notes: note of `core.data.decode` -> pictures that it is true of.
        found: how those of more than 8 bits are read; None where there are none.
        ratio: float, the median of longer over shorter side.
    """

    count: int = 0
    notes: Mapping[str, int] = field(default_factory=dict)
    found: FoundRange | None = None
    ratio: float = 1.0


def notices(overview: Overview, *, intensity: str, fit: str) -> Iterator[Log]:
    """Yields what is to be said, a sentence each.

    Args:
        overview: what was seen.
        intensity: str, as the setting asks.
        fit: str, likewise.
    """
    if overview.found is not None:
        yield _about_range(overview, overview.found)
        yield from _about_little(overview.found)
    elif intensity == PICTURE and (count := overview.notes.get(DEEP, 0)):
        message = (
            "{count} pictures have more than 8 bits and each is scaled by itself, as earlier versions did: set "
            "intensity=auto for a new run."
        )
        yield Log(message, "warning", {"count": count})
    if fit == "crop" and overview.ratio > LONG:
        message = (
            "The pictures are about {ratio} times as long as wide, and cropping keeps {kept} % of each: set fit to pad "
            "or stretch to keep all."
        )
        yield Log(message, "warning", {"ratio": f"{overview.ratio:.3g}", "kept": round(100 / overview.ratio)})
    yield from note_notices(overview.notes)


def model_notices(notes: Mapping[str, int], reading: str) -> Iterator[Log]:
    """Yields what is to be said of pictures that a model is shown.

    Args:
        notes: as of `Overview`.
        reading: str, how those of its training were read; empty where they had no more than 8 bits.
    """
    if not reading and (count := notes.get(DEEP, 0)):
        message = (
            "{count} pictures have more than 8 bits, and the run has learnt from pictures of 8: they are scaled by all "
            "that their type can hold, and look dark where they use little of it."
        )
        yield Log(message, "warning", {"count": count})
    yield from note_notices(notes)


def note_notices(notes: Mapping[str, int]) -> Iterator[Log]:
    """Yields a sentence for each note that pictures have, but `DEEP`; the values are how many have it."""
    if count := notes.get(PAGES, 0):
        yield Log("{count} files hold several pages or frames: of each the first is taken.", values={"count": count})
    if count := notes.get(CHANNELS, 0):
        message = "{count} pictures have more channels than a colour picture: the first ones are taken."
        yield Log(message, "warning", {"count": count})
    if count := notes.get(OPEN_ENDED, 0):
        yield Log("{count} JPEGs lack their last two bytes; nothing else of them is missing.", values={"count": count})
    if count := notes.get(OUTSIDE, 0):
        message = "More than half of the values of {count} pictures lie outside the range that is read: do they belong?"
        yield Log(message, "warning", {"count": count})


def _about_range(overview: Overview, found: FoundRange) -> Log:
    values = {
        "count": overview.notes.get(DEEP, 0),
        "total": overview.count,
        "range": found.reading,
        "low": number_text(found.low, 4),
        "high": number_text(found.high, 4),
        "outside": _percent(found.outside),
    }
    if not found.type_scale:
        message = (
            "{count} of {total} pictures have more than 8 bits, with values mostly from {low} to {high}: the range "
            "{range} is scaled to 8 bits ({outside} % of the values lie outside)."
        )
        return Log(message, values=values)
    used = (found.high - found.low) / found.type_scale
    message = (
        "{count} of {total} pictures have more than 8 bits, with values mostly from {low} to {high}, {used} % of "
        "what their files could hold: the range {range} is scaled to 8 bits ({outside} % of the values lie outside)."
    )
    return Log(message, "warning" if used < LITTLE_OF_TYPE else "info", {**values, "used": _percent(used)})


def _percent(share: float) -> str:
    """Returns two digits of it, but never 1e+02."""
    return f"{float(f'{100 * share:.2g}'):g}"


def _about_little(found: FoundRange) -> Iterator[Log]:
    """Warns where the pictures will hardly differ: of a range that was not chosen after them."""
    used = (min(found.high, found.low + found.scale) - found.low) / found.scale
    if used < LITTLE_OF_SCALE:
        message = (
            "The pictures use little of the range {range} and become nearly one grey: set intensity to auto, or to "
            "{own}."
        )
        yield Log(message, "warning", {"range": found.reading, "own": range_text(found.low, found.high)})
