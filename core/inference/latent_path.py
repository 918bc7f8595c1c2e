"""The way through a generator's latents that settings ask for. Knows no model; `latents` does the mathematics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.inference.latents import combine, latents, linear, spherical, walk
from core.settings.interpolate import InterpolateSettings


@dataclass(frozen=True, eq=False)
class LatentPath:
    """The pictures on a way, K of them, by what each is drawn from.

    Args:
        latents: float32 (K, D).
        shares: float (K,), in [0, 1]: how far each is on its way from the first class to the last.
        seeds: int, the seeds the way goes by: the first's, then the last's or the added's, then the less's.
    """

    latents: np.ndarray
    shares: np.ndarray
    seeds: tuple[int, ...]


def latent_path(settings: InterpolateSettings, seed: int, dims: int) -> LatentPath:
    """Finds the way.

    Args:
        settings: what is asked for.
        seed: int, the job's, 0 to 2**31 - 1.
        dims: int, D, 2 or more.

    Returns:
        `settings.steps` pictures, or twice as many less the two ends where the way goes back.
    """
    start = settings.from_seed if settings.from_seed >= 0 else seed
    end = settings.to_seed if settings.to_seed >= 0 else _after(start)
    less = settings.less_seed if settings.less_seed >= 0 else _after(end)
    steps, cut = settings.steps, settings.truncation
    if settings.method == "walk":
        angle = np.linspace(0, 2 * np.pi, steps, endpoint=False)
        begin = latents(start, 1, dims, first=settings.from_number, truncation=cut)[0]
        path = walk(begin, start, steps)
        return LatentPath(path, (1 - np.cos(angle)) / 2, (start,))  # the class comes back too

    count = settings.average if settings.method == "arithmetic" else 1

    def drawn(source: int, number: int) -> np.ndarray:
        return latents(source, count, dims, first=number, truncation=cut)  # (average, D)

    first, last = drawn(start, settings.from_number), drawn(end, settings.to_number)
    seeds: tuple[int, ...] = (start, end)
    if settings.method == "arithmetic":
        gone = drawn(less, settings.less_number)
        begin = first[0] if count == 1 else combine(first, gone, gone)  # a picture of the user's is shown as it is
        path = spherical(begin, combine(first, gone, last), steps)
        seeds = (start, end, less)
    else:
        path = (linear if settings.method == "linear" else spherical)(first[0], last[0], steps)
    shares = np.linspace(0.0, 1.0, steps)
    if settings.back:
        path, shares = np.concatenate([path, path[-2:0:-1]]), np.concatenate([shares, shares[-2:0:-1]])
    return LatentPath(path, shares, seeds)


def _after(seed: int) -> int:
    return (seed + 1) % 2**31
