"""Whether a generator repeats its training pictures: the nearest one beside each sample. Plain NumPy, no models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from core.events import Log
from core.metrics.shrink import shrink

CHUNK = 2048  # training pictures that are compared at once
NEIGHBOURS = 20
# A picture counts as a copy where the nearest training picture is as much nearer than the next ones as is seen of no
# real picture that wasn't trained on: below this share of what the lowest twentieth of these reach. On digits and MNIST
# that finds copies, also moved by a pixel, mirrored or with noise of 10 in 255, and calls under 1 in 200 others one.
MARGIN, LOWEST = 0.6, 0.05
CHANCE = 0.01  # of an alarm by false alarms alone
CERTAIN = 0.5  # times the lowest ratio of any held-out picture: one copy as near as this is enough for an alarm
FEWEST_HELD_OUT = 20
USUAL = 0.27  # of digits' and MNIST's the lower threshold, where there are too few held-out pictures to measure it


@dataclass(frozen=True, eq=False)
class Memorisation:
    """What was found beside each of M generated pictures.

    Args:
        verdict: one sentence, to be reported; a warning where more of them are copies than false alarms explain, or
            one is beyond doubt.
        nearest: int64 (M,), places of the nearest training pictures in `train`.
        distances: float32 (M,), root mean square difference to it, in shares of the range from black to white.
        ratios: float32 (M,), that distance over the mean of those to the next 19, or over what this mean is at the
            lowest twentieth of held-out pictures where it is less.
        copies: the generated pictures, by place, that count as copies.
        threshold: float, ratios below it count as copies.
        false_alarms: float in [0, 1], the share of held-out real pictures that the same rule calls copies; at worst
            3 / held_out more, with 95 % confidence.
        held_out: int, how many held-out pictures that was measured on.
        held_out_distance: float, their median distance to the nearest training picture.
    """

    verdict: Log
    nearest: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    distances: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    ratios: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    copies: tuple[int, ...] = ()
    threshold: float = USUAL
    false_alarms: float = 0.0
    held_out: int = 0
    held_out_distance: float = 0.0

    @property
    def alarm(self) -> bool:
        """Whether the verdict is a warning."""
        return self.verdict.level == "warning"


def find_copies(
    fake: np.ndarray,
    train: np.ndarray,
    held_out: np.ndarray,
    *,
    places: np.ndarray | None = None,
    mirrored: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Memorisation:
    """Looks for the training picture that is nearest to each generated one, wherever it lies within a pixel.

    Two pictures are compared by their pixels, less a rim of one, over the nine places to which one may have been moved.
    How near is too near is measured on real pictures that the generator has not seen, compared in the same way.

    Args:
        fake: uint8 (M, H, W, C), generated.
        train: uint8 (N, H, W, C), what the generator was trained on; may read from disk while it is indexed.
        held_out: uint8 (P, H, W, C), real ones that it was not trained on; with fewer than 20 of them a usual
            threshold is taken.
        places: int (n,), n >= 2, which of `train` it was trained on; None for all of them.
        mirrored: bool, whether mirror images count as well, as they do where the training mirrored pictures.
        on_progress: called often with how many training pictures have been compared, of how many; may raise to stop.

    Reference:
        - [Carlini et al., 2023](https://arxiv.org/abs/2301.13188), a copy is nearer than its neighbourhood.
    """
    shapes = {pictures.shape[1:] for pictures in (fake, train, held_out)}
    places = np.arange(len(train)) if places is None else places
    if len(shapes) > 1 or len(places) < 2:
        raise ValueError(f"Pictures of one shape, and two to compare with, are needed. Received: {shapes}")
    both = np.concatenate([fake, held_out])
    nearest, distances, others = _search(both, train, places, mirrored=mirrored, on_progress=on_progress)
    count = len(fake)
    if len(held_out) >= FEWEST_HELD_OUT:
        # A picture that has many near duplicates in the training set is as near to them as to its copy.
        others = np.maximum(others, np.quantile(others[count:], LOWEST))
    ratios = np.where(others > 0, distances / np.where(others > 0, others, 1), 0).astype(np.float32)  # 0: all are equal
    of_held_out = ratios[count:]
    threshold = USUAL
    if len(of_held_out) >= FEWEST_HELD_OUT:
        threshold = MARGIN * float(np.quantile(of_held_out, LOWEST))
    copies = tuple(int(place) for place in np.flatnonzero(ratios[:count] < threshold))
    false_alarms = float(np.mean(of_held_out < threshold)) if len(of_held_out) else 0.0
    lowest = min(float(of_held_out.min()), threshold) if len(of_held_out) >= FEWEST_HELD_OUT else threshold
    alarm = bool((ratios[:count] < CERTAIN * lowest).any())
    alarm = alarm or _beyond_chance(len(copies), count, false_alarms, len(of_held_out))
    return Memorisation(
        _verdict(len(copies), count, alarm=alarm),
        nearest[:count],
        distances[:count],
        ratios[:count],
        copies,
        threshold,
        false_alarms,
        len(of_held_out),
        float(np.median(distances[count:])) if len(of_held_out) else 0.0,
    )


def _verdict(copies: int, count: int, *, alarm: bool) -> Log:
    values = {"copies": copies, "count": count}
    if alarm:
        return Log("{copies} of {count} generated pictures are copies of training pictures.", "warning", values)
    if not copies:
        return Log("None of {count} generated pictures is a copy of a training picture.", values={"count": count})
    return Log(
        "{copies} of {count} generated pictures look like copies of training pictures: no more than chance explains.",
        values=values,
    )


def _beyond_chance(copies: int, count: int, rate: float, held_out: int) -> bool:
    """Whether so many copies are unlikely even at the highest rate of false alarms that the held-out ones allow."""
    from scipy.stats import beta, binom

    if not copies:
        return False
    false = round(rate * held_out)
    highest = float(beta.ppf(0.95, false + 1, held_out - false)) if held_out >= FEWEST_HELD_OUT else 0.05
    return bool(binom.sf(copies - 1, count, highest) < CHANCE)


def _search(
    pictures: np.ndarray,
    train: np.ndarray,
    places: np.ndarray,
    *,
    mirrored: bool,
    on_progress: Callable[[int, int], None],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns place and distance of the nearest, and the mean distance of the next ones, for each picture."""
    views = list(_views(shrink(pictures), mirrored=mirrored))
    norms = [(view**2).sum(axis=1) for view in views]
    sides = np.zeros((len(pictures), 0), np.float32)
    found = np.zeros((len(pictures), 0), np.int64)
    for start in range(0, len(places), CHUNK):
        chosen = places[start : start + CHUNK]
        part = shrink(np.asarray(train[chosen]))[:, 1:-1, 1:-1]
        flat = part.reshape(len(part), -1)  # (n, h, w, C) -> (n, hwC)
        squares = np.full((len(pictures), len(part)), np.inf, np.float32)
        for view, norm in zip(views, norms, strict=True):
            on_progress(start, len(places))
            np.minimum(squares, norm[:, None] + (flat**2).sum(axis=1) - 2 * view @ flat.T, out=squares)
        sides = np.concatenate([sides, squares], axis=1)
        found = np.concatenate([found, np.broadcast_to(chosen, squares.shape)], axis=1)
        if sides.shape[1] > NEIGHBOURS:  # only the nearest so far are kept
            kept = np.argpartition(sides, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
            sides, found = np.take_along_axis(sides, kept, axis=1), np.take_along_axis(found, kept, axis=1)
    order = np.argsort(sides, axis=1, kind="stable")
    distances = np.sqrt(np.maximum(np.take_along_axis(sides, order, axis=1), 0) / views[0].shape[1])
    nearest = np.take_along_axis(found, order, axis=1)[:, 0]
    return nearest, distances[:, 0].astype(np.float32), distances[:, 1:].mean(axis=1)


def _views(pictures: np.ndarray, *, mirrored: bool) -> Iterator[np.ndarray]:
    """Yields the pictures less a rim of one pixel, from each of nine places, (M, hwC)."""
    height, width = pictures.shape[1:3]
    for one in (pictures, pictures[:, :, ::-1]) if mirrored else (pictures,):
        for top in range(3):
            for left in range(3):
                yield one[:, top : top + height - 2, left : left + width - 2].reshape(len(one), -1)
