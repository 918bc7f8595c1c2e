"""How bright the values of pictures of more than 8 bits are: finds one range for a data set, and scales by it.

What cameras, scanners and scientists write seldom fills its type: 12 bits in 16, 150 to 400 counts of 65535, floats of
any unit, Hounsfield units from -1000 on. Scaled picture by picture they could not be compared with each other, nor with
those that a trained model is shown later; scaled by the type, most of them would be black.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.data.deep import Values
from core.settings.intensity import FULL, range_of, range_text

PERCENTILES = (0.1, 99.9)
SAMPLED_SIDE = 64  # places looked at along each side of a picture
ODD_PICTURES = 50  # one picture of so many may be over- or underexposed
# What 8 bits, cameras of 10, 12 and 14, and floats by convention hold. Where at least half of one is used, it is taken:
# then nothing is cut off, and pictures come out as they would have at 8 bits.
NATURAL = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (0.0, 1023.0), (0.0, 4095.0), (0.0, 16383.0), (0.0, 65535.0))
NATURAL_SHARE = 0.5
FILL_VALUE = 1e19  # floats beyond are fill values (1e20, 9.97e36, 3.4e38), no measurements
MOST_NODATA_VALUES = 3
BLACK, WHITE = 0, 255
NEIGHBOURS = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right)


@dataclass(frozen=True)
class FoundRange:
    """What was looked up in a sample of a data set's pictures of more than 8 bits.

    Args:
        reading: str, how they are read: "full", or the range, "LOW..HIGH".
        low, high: float, the range of their values, without hot pixels and nodata values.
        scale: float, what `reading` spans; of several types the widest.
        type_scale: float, what their type could hold; 0 where it says nothing, being a float or of 32 bits.
        outside: float in [0, 1], the share of their values that lies outside of `reading`.
    """

    reading: str
    low: float
    high: float
    scale: float
    type_scale: float
    outside: float


UNKNOWN_RANGE = FoundRange(FULL, 0.0, 1.0, 1.0, 0.0, 0.0)  # of pictures of which none could be looked at


def to_bytes(picture: Values, reading: str) -> tuple[np.ndarray, float]:
    """Scales a picture's values to 8 bits.

    Args:
        picture: what it holds.
        reading: str, "full", "LOW..HIGH", or "auto": by what this picture alone holds.

    Returns:
        uint8 (H, W, C), values outside the range black or white, nodata values black; and the share of values outside,
        in [0, 1].
    """
    values = picture.values
    if values.dtype == np.uint8:
        return values, 0.0
    low, high = _limits(picture, reading)
    if values.dtype.itemsize == 2:
        scaled = _table(values.dtype.str, low, high)[values.view(np.uint16)]
        outside = np.count_nonzero((values < low) | (values > high))
    else:
        wide = values.astype(np.float64)
        measured = np.abs(wide) < FILL_VALUE  # false of NaN too
        outside = np.count_nonzero(measured & ((wide < low) | (wide > high)))
        wide[~measured] = low
        scaled = np.rint(np.clip((wide - low) * (WHITE / (high - low)), BLACK, WHITE)).astype(np.uint8)
    if picture.nodata is not None:
        scaled[values == picture.nodata] = BLACK
    return scaled, outside / max(values.size, 1)


def sample(picture: Values) -> np.ndarray:
    """Returns some of a picture's values, float64 (N,), N at most 64 x 64 x C, hot pixels and known nodata left out.

    A value that none of its eight neighbours reaches is taken for the highest of theirs, one below them all for the
    lowest (conservative smoothing): single hot and dead pixels go, lines one pixel wide stay.
    """
    values = picture.values
    rows, columns = (np.unique(np.linspace(0, side - 1, SAMPLED_SIDE).astype(int)) for side in values.shape[:2])
    chosen = _measured(values[np.ix_(rows, columns)], picture)
    if min(values.shape[:2]) >= 3:
        lowest, highest = np.full_like(chosen, np.nan), np.full_like(chosen, np.nan)
        for down, right in NEIGHBOURS:
            places = np.ix_(_mirrored(rows + down, values.shape[0]), _mirrored(columns + right, values.shape[1]))
            neighbours = _measured(values[places], picture)
            lowest, highest = np.fmin(lowest, neighbours), np.fmax(highest, neighbours)
        chosen = np.fmin(np.fmax(chosen, lowest), highest)
    return chosen[np.isfinite(chosen)]


def find_range(pictures: Sequence[Values], samples: Sequence[np.ndarray], intensity: str) -> FoundRange:
    """Finds how a data set's pictures are read.

    Args:
        pictures: some of them, of which only the types are asked.
        samples: what `sample` returned of each.
        intensity: str, as the setting says: "auto", "full" or "LOW..HIGH".
    """
    samples = [one for one in _without_nodata(samples) if one.size]
    pool = np.concatenate(samples) if samples else np.zeros(1)
    low, high = _robust(samples, pool)
    full_low, full_high = min(one.full[0] for one in pictures), max(one.full[1] for one in pictures)
    given = (full_low, full_high) if intensity == FULL else range_of(intensity) or _chosen(low, high)
    outside = float(np.mean((pool < given[0]) | (pool > given[1])))
    types = [one.full[1] - one.full[0] for one in pictures if one.values.dtype.itemsize <= 2]
    reading = FULL if intensity == FULL else range_text(*given)
    return FoundRange(reading, low, high, given[1] - given[0], max(types, default=0.0), outside)


def _limits(picture: Values, reading: str) -> tuple[float, float]:
    if reading == FULL:
        return picture.full
    found = range_of(reading) or range_of(find_range([picture], [sample(picture)], reading).reading)
    if found is None:
        raise ValueError(f"A reading is auto, full or a range. Received: {reading!r}")
    return found


@lru_cache(maxsize=8)
def _table(dtype: str, low: float, high: float) -> np.ndarray:
    """Returns uint8 (65536,): what becomes of each 16-bit value, whose bits are the place."""
    values = np.arange(65536, dtype=np.uint16).view(dtype).astype(np.float64)
    table = np.rint(np.clip((values - low) * (WHITE / (high - low)), BLACK, WHITE)).astype(np.uint8)
    table.setflags(write=False)
    return table


def _mirrored(places: np.ndarray, length: int) -> np.ndarray:
    """Returns places along a side; those outside are mirrored at the outermost, which is no neighbour of itself."""
    return length - 1 - np.abs(length - 1 - np.abs(places))


def _measured(values: np.ndarray, picture: Values) -> np.ndarray:
    """Returns the values as float64, NaN where they are no measurements."""
    wide = values.astype(np.float64)
    missing = ~(np.abs(wide) < FILL_VALUE)
    if picture.nodata is not None:
        missing |= values == picture.nodata
    wide[missing] = np.nan
    return wide


def _without_nodata(samples: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """Leaves out values that stand apart at one end: -9999 below heights, 65535 above what a camera counted."""
    for _ in range(MOST_NODATA_VALUES):
        pool = np.concatenate([*samples, np.zeros(0)])
        lone = _lone_value(pool, bottom=True) if pool.size else None
        lone = _lone_value(pool, bottom=False) if lone is None and pool.size else lone
        if lone is None:
            break
        samples = [one[one != lone] for one in samples]
    return samples


def _lone_value(pool: np.ndarray, *, bottom: bool) -> float | None:
    """Returns the outermost value where it lies further from the next one than all others from each other."""
    lone = float(pool.min() if bottom else pool.max())
    if (lone >= 0) if bottom else lone not in (32767.0, 65535.0, 2.0**31 - 1, 2.0**32 - 1):
        return None
    rest = pool[pool != lone]
    if not rest.size:
        return None
    low, high = np.percentile(rest, PERCENTILES)
    gap = float(rest.min()) - lone if bottom else lone - float(rest.max())
    return lone if gap > high - low > 0 else None


def _robust(samples: Sequence[np.ndarray], pool: np.ndarray) -> tuple[float, float]:
    """Returns the range of the pictures' values, but for their outermost ones, and for a few odd pictures."""
    if not samples:
        return 0.0, 0.0
    lows, highs = np.sort(np.array([np.percentile(one, PERCENTILES) for one in samples]), axis=0).T
    odd = len(samples) // ODD_PICTURES
    low, high = float(lows[odd]), float(highs[len(highs) - 1 - odd])
    return (low, high) if low < high else (float(pool.min()), float(pool.max()))


def _chosen(low: float, high: float) -> tuple[float, float]:
    """Returns the range to scale by, for values from `low` to `high`."""
    for start, end in NATURAL:
        if start <= low and high <= end and high - low >= NATURAL_SHARE * (end - start):
            return start, end
    if low < high:
        return low, high
    return next(((start, end) for start, end in NATURAL if start <= low <= end), (min(low, 0.0), max(low, 1.0)))
