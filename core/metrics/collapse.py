"""The mode-collapse alarm: kinds of pictures that a generator does not draw, and pictures that are too much alike.

NumPy, SciPy's binomial and scikit-learn's k-means: knows neither pictures nor models.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.events import Log
from core.metrics.shrink import shrink

FEWEST = 20  # pictures, below which chance alone looks like collapse
MOST = 1000  # pictures whose distances are computed; memory grows with the square
CLUSTERS, PICTURES_A_CLUSTER = 20, 15
SELDOM = 0.25  # a kind is missed where it is drawn less than this often for each time it is found among real pictures
CHANCE = 0.01  # of calling any kind missed that is drawn exactly that seldom
RAREST = 0.01  # a kind rarer than this among the real pictures need not be drawn

# Each is a ratio to real pictures at the same count. On digits and MNIST other real pictures lie, at 20, 50 and 250
# pictures, above 0.60, 0.82 and 0.95 (kinds), 0.70, 0.83 and 0.94 (within) and 0.58, 0.75 and 0.92 (spacing): a
# good generator, somewhat smoother than life, has room below that. Half of the classes give 0.5 (kinds), twenty
# pictures repeated with a little noise at most 0.25 (spacing), one picture a class 0.16 (within).
LEAST_KINDS, LEAST_DIVERSITY, LEAST_WITHIN, LEAST_SPACING = 0.55, 0.6, 0.5, 0.4
# A classifier's features are made to be alike within a class: in pixels a young generator of digits, each class of one
# stroke, shows 0.58 where its features give 0.89.
LEAST_PIXELS = 0.4


@dataclass(frozen=True)
class Collapse:
    """How varied generated pictures are beside real ones.

    Args:
        verdict: one sentence, to be reported; a warning where kinds are missed or pictures are too much alike.
        missed: the kinds that are hardly drawn: names of classes, or "group 3" of real pictures that are alike.
        kinds: int, how many there are.
        kinds_drawn: float > 0, exp of the entropy of the kinds drawn over that of real pictures.
        diversity: float >= 0, mean distance of two pictures, over that of two real ones.
        within: float >= 0, the same for two pictures of one kind.
        spacing: float >= 0, median distance of a picture to the one nearest to it, over that of real ones at the same
            count: it falls to 0 where a few pictures are drawn again and again, however varied these are.
        pixels: float >= 0, as `within`, of the pixels themselves; 1 where no pictures were given.
        count: int, generated pictures that were measured.
    """

    verdict: Log
    missed: tuple[str, ...] = ()
    kinds: int = 0
    kinds_drawn: float = 1.0
    diversity: float = 1.0
    within: float = 1.0
    spacing: float = 1.0
    pixels: float = 1.0
    count: int = 0

    @property
    def alarm(self) -> bool:
        """Whether the verdict is a warning."""
        return self.verdict.level == "warning"


def find_collapse(
    real_features: np.ndarray,
    fake_features: np.ndarray,
    real_probabilities: np.ndarray | None = None,
    fake_probabilities: np.ndarray | None = None,
    classes: Sequence[str] = (),
    *,
    real_pictures: np.ndarray | None = None,
    fake_pictures: np.ndarray | None = None,
    seed: int = 0,
) -> Collapse:
    """Compares the variety of generated pictures with that of real ones.

    The kinds are the classes that a classifier predicts, on both sides, so that its errors affect both alike; without
    one they are clusters of the real features.

    Args:
        real_features: float (N, D), of pictures in random order; best of some that the features' source wasn't
            trained on.
        fake_features: float (M, D), in random order, drawn with labels in the real proportions where it has labels.
        real_probabilities: float (N, K), or None for clusters.
        fake_probabilities: float (M, K), or None.
        classes: K names.
        real_pictures: uint8 (N, H, W, C), those that the features are of, or None to leave their pixels out.
        fake_pictures: uint8 (M, H, W, C), or None.
        seed: int, fixes the clusters and which pictures are compared.

    Returns:
        The figures and the verdict; with fewer than 20 pictures on a side the verdict is that there are too few.

    Reference:
        - [Arora and Zhang, 2017](https://arxiv.org/abs/1706.08224), pictures that recur show how few there are.
    """
    fewest = min(len(real_features), len(fake_features))
    if fewest < FEWEST:
        return _too_few(fewest)
    random = np.random.default_rng(seed)
    real, fake = real_features.astype(np.float64), fake_features.astype(np.float64)
    if real_probabilities is None or fake_probabilities is None:
        real_kinds, fake_kinds = _clusters(real, fake, seed)
        names: Sequence[str] = [f"group {place + 1}" for place in range(int(real_kinds.max()) + 1)]
    else:
        real_kinds, fake_kinds, names = real_probabilities.argmax(axis=1), fake_probabilities.argmax(axis=1), classes
    missed = tuple(names[kind] for kind in _missed(real_kinds, fake_kinds, len(names)))
    count = min(fewest, MOST)
    some_real, some_fake = (random.permutation(len(side))[:count] for side in (real, fake))
    apart_real, apart_fake = _distances(real[some_real]), _distances(fake[some_fake])
    sides = (real_kinds[some_real], fake_kinds[some_fake])
    found = {
        "kinds_drawn": _effective(sides[1]) / _effective(sides[0]),
        "diversity": _ratio(_mean_pair(apart_fake), _mean_pair(apart_real)),
        "within": _within(apart_real, apart_fake, *sides),
        "spacing": _ratio(_median_nearest(apart_fake), _median_nearest(apart_real)),
    }
    if real_pictures is not None and fake_pictures is not None:
        flat = [shrink(some).reshape(count, -1) for some in (real_pictures[some_real], fake_pictures[some_fake])]
        found["pixels"] = _within(_distances(flat[0]), _distances(flat[1]), *sides)
    return Collapse(_verdict(missed, len(names), found), missed, len(names), **found, count=len(fake))


def _verdict(missed: Sequence[str], kinds: int, found: Mapping[str, float]) -> Log:
    """Returns the gravest thing there is to say."""
    percent = {name: round(100 * value) for name, value in found.items()}
    if missed:
        values = {"missed": len(missed), "kinds": kinds, "names": ", ".join(missed[:20])}
        return Log("The generator hardly draws {missed} of {kinds} kinds of pictures: {names}.", "warning", values)
    if found["kinds_drawn"] < LEAST_KINDS:
        return Log(
            "The generator draws too few kinds of pictures: they have {percent} % of the variety of real ones.",
            "warning",
            {"percent": percent["kinds_drawn"]},
        )
    if found["spacing"] < LEAST_SPACING:
        return Log(
            "The generator repeats itself: its nearest pictures are only {percent} % as far apart as real ones.",
            "warning",
            {"percent": percent["spacing"]},
        )
    if found["within"] < LEAST_WITHIN or found.get("pixels", 1) < LEAST_PIXELS:
        return Log(
            "Pictures of one kind are too much alike: they differ only {percent} % as much as real ones.",
            "warning",
            {"percent": min(percent["within"], percent.get("pixels", 100))},
        )
    if found["diversity"] < LEAST_DIVERSITY:
        return Log(
            "The generated pictures are too much alike: they differ only {percent} % as much as real ones.",
            "warning",
            {"percent": percent["diversity"]},
        )
    return Log(
        "No collapse: all {kinds} kinds are drawn, and pictures of one kind differ {percent} % as much as real ones.",
        values={"kinds": kinds, "percent": min(percent["within"], percent.get("pixels", 100))},
    )


def _too_few(count: int) -> Collapse:
    return Collapse(
        Log(
            "There are too few pictures ({count}) to tell whether the generator has collapsed.",
            values={"count": count},
        ),
        count=count,
    )


def _clusters(real: np.ndarray, fake: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns in which cluster of the real features each feature lies, (N,) and (M,)."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import pairwise_distances_argmin

    clusters = int(np.clip(len(real) // PICTURES_A_CLUSTER, 2, CLUSTERS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of many equal pictures there are fewer clusters: so be it
        means = KMeans(clusters, n_init=4, random_state=seed).fit(real)
    used, kinds = np.unique(means.labels_, return_inverse=True)  # an empty cluster is no kind of picture
    return kinds, pairwise_distances_argmin(fake, means.cluster_centers_[used])


def _missed(real: np.ndarray, fake: np.ndarray, kinds: int) -> list[int]:
    """Returns the kinds that are drawn so seldom that chance does not explain it."""
    from scipy.stats import binom

    shares = np.bincount(real, minlength=kinds) / len(real)
    drawn = np.bincount(fake, minlength=kinds)
    likely = binom.cdf(drawn, len(fake), SELDOM * shares)
    return [kind for kind in range(kinds) if shares[kind] >= RAREST and likely[kind] < CHANCE / kinds]


def _effective(kinds: np.ndarray) -> float:
    """Returns exp of the entropy: how many kinds there would be, were all equally frequent."""
    shares = np.bincount(kinds) / len(kinds)
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def _distances(features: np.ndarray) -> np.ndarray:
    """Returns the distances of all pairs, (n, n)."""
    centred = features - features.mean(axis=0)  # else large means drown small differences
    squares = (centred**2).sum(axis=1)
    return np.sqrt(np.maximum(squares[:, None] + squares - 2 * centred @ centred.T, 0.0))


def _mean_pair(distances: np.ndarray) -> float:
    """Returns the mean of all pairs of two different pictures."""
    count = len(distances)
    return float((distances.sum() - np.trace(distances)) / (count * (count - 1)))


def _median_nearest(distances: np.ndarray) -> float:
    others = distances + np.diag(np.full(len(distances), np.inf))
    return float(np.median(others.min(axis=1)))


def _within(real: np.ndarray, fake: np.ndarray, real_kinds: np.ndarray, fake_kinds: np.ndarray) -> float:
    """Returns how far pictures of one kind are apart beside real ones, averaged by how often each kind is drawn."""
    ratios, weights = [], []
    for kind in np.unique(fake_kinds):
        chosen_real, chosen_fake = np.flatnonzero(real_kinds == kind), np.flatnonzero(fake_kinds == kind)
        if min(len(chosen_real), len(chosen_fake)) > 1:
            pairs = [
                _mean_pair(side[np.ix_(chosen, chosen)]) for side, chosen in ((fake, chosen_fake), (real, chosen_real))
            ]
            ratios.append(_ratio(*pairs))
            weights.append(len(chosen_fake))
    return float(np.average(ratios, weights=weights)) if ratios else 1.0


def _ratio(fake: float, real: float) -> float:
    """Returns how the two compare; 1 where real pictures do not differ at all."""
    return fake / real if real > 0 else 1.0
