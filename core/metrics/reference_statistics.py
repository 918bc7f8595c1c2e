"""FID, KID and Inception Score of generated pictures, by their features. Knows neither models nor pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.metrics.frechet import Moments, frechet_distance
from core.metrics.inception_score import inception_score
from core.metrics.kernel_distance import kernel_distance

FLOOR_SPLITS = 5  # over how many divisions of the real pictures the floor is averaged
FEWEST = 2


class ReferenceStatistics:
    """Statistics of the real pictures that generated ones are compared with; they are computed once.

    The Fréchet distance of two finite samples of one distribution is not 0, and shrinks with their size: a figure
    means something only beside its floor, the distance of real pictures from other real pictures, at the same count on
    all sides. So the real pictures are divided at random into two halves of `count`: the generated pictures and the
    second half are both measured against the first. Of N real pictures that leaves at most N // 2, and where more were
    generated than that, only so many of them count: every figure compares `count` pictures with `count` others. The
    floor is the mean over several such divisions, the distance itself is that from the first half of the first one. A
    generator may end below its floor: its pictures vary less than real ones, and the floor stems from that variance.

    Args:
        features: float (N, D) of real pictures that the features' source wasn't trained on, N >= 4.
        count: int, how many pictures are to be compared at most; 0 takes as many as there are.
        seed: int, fixes the divisions.
        check: called between parts of the work, each of seconds at most; may raise to stop.

    Attributes:
        count: int, how many are compared at most.
        floor: float, the Fréchet distance between real and real.
        kid_floor: float, the same for the kernel distance.
    """

    def __init__(
        self, features: np.ndarray, count: int = 0, seed: int = 0, check: Callable[[], None] = lambda: None
    ) -> None:
        half = len(features) // 2
        self.count = min(count, half) if count else half
        if self.count < FEWEST:
            raise ValueError(f"ReferenceStatistics needs at least four real pictures. Received: {len(features)}")
        self._features, self._seed, self._check = features, seed, check
        self._of_count: dict[int, tuple[Moments, float, float]] = {}
        self._moments, self.floor, self.kid_floor = self._at(self.count)

    def measure(self, features: np.ndarray, probabilities: np.ndarray | None = None) -> dict[str, float]:
        """Measures generated pictures.

        Args:
            features: float (M, D) of generated pictures in random order, M >= 2; the first `count` of them count.
            probabilities: float (M, K) of the same pictures, or None where their source knows no classes.

        Returns:
            {"fid", "kid", "kid_spread", "is", "floor", "kid_floor", "count"}; without "is" where there are no
            probabilities. "count" is how many pictures stand on each side.
        """
        count = min(self.count, len(features))
        if count < FEWEST:
            raise ValueError(f"At least two generated pictures are needed. Received: {len(features)}")
        moments, floor, kid_floor = self._at(count)
        self._check()
        kid = kernel_distance(self._half(0, count, 0), features[:count], seed=self._seed)
        self._check()
        found: dict[str, float] = {
            "fid": frechet_distance(moments, Moments.of(features[:count])),
            "kid": kid.value,
            "kid_spread": kid.spread,
            "floor": floor,
            "kid_floor": kid_floor,
            "count": count,
        }
        if probabilities is not None:
            found["is"] = inception_score(probabilities[:count])
        return found

    def _at(self, count: int) -> tuple[Moments, float, float]:
        """Returns the first half's moments and both floors at this count."""
        if count not in self._of_count:
            divisions = [self._divide(split, count) for split in range(FLOOR_SPLITS)]
            first = Moments.of(self._half(0, count, 0))
            floor, kid_floor = np.mean(divisions, axis=0)
            self._of_count[count] = (first, float(floor), float(kid_floor))
        return self._of_count[count]

    def _divide(self, split: int, count: int) -> tuple[float, float]:
        """Returns how far the two halves of one division are apart, by both distances."""
        halves = [self._half(split, count, side) for side in (0, 1)]
        self._check()
        frechet = frechet_distance(*map(Moments.of, halves))
        self._check()
        return frechet, kernel_distance(*halves, subsets=0).value

    def _half(self, split: int, count: int, side: int) -> np.ndarray:
        """Returns one side of a division, (count, D)."""
        order = np.random.default_rng((self._seed, split)).permutation(len(self._features))
        return self._features[order[side * count : (side + 1) * count]]


def measure(
    real_features: np.ndarray,
    fake_features: np.ndarray,
    fake_probabilities: np.ndarray | None = None,
    *,
    count: int = 0,
    seed: int = 0,
) -> dict[str, float]:
    """Compares generated pictures with real ones once; see `ReferenceStatistics` for doing so repeatedly.

    Args:
        real_features: float (N, D).
        fake_features: float (M, D).
        fake_probabilities: float (M, K) or None.
        count: int, how many pictures are compared at most; 0 takes as many as there are.
        seed: int, fixes how the real pictures are divided.
    """
    return ReferenceStatistics(real_features, min(count or len(fake_features), len(fake_features)), seed).measure(
        fake_features, fake_probabilities
    )
