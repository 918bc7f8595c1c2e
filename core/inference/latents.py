"""Latents of a generator, and ways between them. Plain NumPy: the same on every backend. Knows no model.

K latents of D numbers each, float32 (K, D), from a standard normal distribution unless something else is said. In
many dimensions they all lie near a sphere of radius sqrt(D), the shell: that is where a generator has learnt.
"""

from __future__ import annotations

import math

import numpy as np

from core.settings.truncation import check_truncation

LATENTS, WALKS = 1, 2  # streams of a seed that have nothing to do with each other; 3 and up are for others
HARMONICS = 3  # of a walk: how often it may turn on its way round
FINE = 32  # points sampled for every step of a walk, to make its steps equally long
TINY = 1e-6


def latents(
    seed: int, count: int, dims: int, *, first: int = 0, truncation: float = 0.0, stream: int = LATENTS
) -> np.ndarray:
    """Draws latents. Each depends on the seed and its own number only, so that number 7 is the same in any batch.

    Truncation draws every value beyond +-psi anew until it lies within; the others stay. A lower psi gives pictures
    that are more typical and less varied.

    Args:
        seed: int, 0 to 2**31 - 1.
        count: int, K.
        dims: int, D.
        first: int, the number of the first latent, 0 or more.
        truncation: float, psi, 0.05 or more; 0 leaves it out.
        stream: int, 0 to 2**32 - 1: what they are for. No seed has a latent in two streams; users draw from `LATENTS`.

    Returns:
        float32 (K, D).

    Raises:
        ValueError: the truncation is smaller than that.

    Reference:
        Brock et al., Large scale GAN training for high fidelity natural image synthesis, ICLR 2019, section 3.1.
    """
    check_truncation(truncation)
    return np.stack([_latent((stream, seed, number), dims, truncation) for number in range(first, first + count)])


def _latent(seeds: tuple[int, int, int], dims: int, truncation: float) -> np.ndarray:
    source = np.random.default_rng(seeds)
    values = source.standard_normal(dims)
    if truncation:
        while len(beyond := np.flatnonzero(np.abs(values) > truncation)):
            values[beyond] = source.standard_normal(len(beyond))
    return values.astype(np.float32)


def linear(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Goes straight from one latent to another; half-way the norm is lower than a generator is used to.

    Args:
        start: float (D,).
        end: float (D,).
        steps: int, latents in all, both ends among them, 2 or more.

    Returns:
        float32 (steps, D).
    """
    share = np.linspace(0.0, 1.0, steps)[:, None]  # (K, 1)
    return _with_ends((1 - share) * start.astype(np.float64) + share * end.astype(np.float64), start, end)


def spherical(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Goes from one latent to another along the sphere: the angle grows evenly, and so does the norm.

    Between opposite latents every half circle is equally short; the one towards the axis that both are farthest from
    is taken. Where the two point the same way, or one is zero, the way is straight.

    Args:
        start: float (D,), D being 2 or more.
        end: float (D,).
        steps: int, latents in all, both ends among them, 2 or more.

    Returns:
        float32 (steps, D).

    Reference:
        Shoemake, Animating rotation with quaternion curves, SIGGRAPH 1985; White, Sampling generative networks, 2016.
    """
    near, far = np.linalg.norm(start), np.linalg.norm(end)
    if min(near, far) < TINY:
        return linear(start, end, steps)
    one, other = start.astype(np.float64) / near, end.astype(np.float64) / far
    across = other - (one @ other) * one
    angle = math.atan2(float(np.linalg.norm(across)), float(one @ other))  # exact for small and large angles alike
    if angle < TINY:
        return linear(start, end, steps)
    if angle > math.pi - TINY:
        axis = np.zeros_like(one)
        axis[np.argmin(np.abs(one))] = 1.0
        across, angle = axis - (one @ axis) * one, math.pi
    across /= np.linalg.norm(across)
    share = np.linspace(0.0, 1.0, steps)[:, None]  # (K, 1)
    path = ((1 - share) * near + share * far) * (np.cos(share * angle) * one + np.sin(share * angle) * across)
    return _with_ends(path, start, end)


def combine(base: np.ndarray, minus: np.ndarray, plus: np.ndarray) -> np.ndarray:
    """Returns mean(base) - mean(minus) + mean(plus), brought back to the mean norm of the latents it is made of.

    The sum alone would lie about sqrt(3) times as far out as anything the generator has seen.

    Args:
        base: float (K, D), latents whose pictures share something: smiling women, say.
        minus: float (L, D): women who do not smile.
        plus: float (M, D): men who do not smile.

    Returns:
        float32 (D,).

    Reference:
        Radford et al., Unsupervised representation learning with deep convolutional generative adversarial networks,
        ICLR 2016, section 6.3.2.
    """
    total = (
        base.mean(axis=0, dtype=np.float64) - minus.mean(axis=0, dtype=np.float64) + plus.mean(axis=0, dtype=np.float64)
    )
    radius = np.linalg.norm(np.concatenate([base, minus, plus]), axis=1).mean()
    return on_shell(total, float(radius))


def on_shell(latent: np.ndarray, radius: float) -> np.ndarray:
    """Returns the latent (..., D) with that norm, as float32; zero stays zero."""
    norm = np.linalg.norm(latent, axis=-1, keepdims=True)
    return (latent * (radius / np.maximum(norm, TINY))).astype(np.float32)


def walk(start: np.ndarray, seed: int, steps: int) -> np.ndarray:
    """Goes round from a latent and back to it: a smooth closed path of equally long steps, so that a film can repeat.

    The path is a random sum of sines whose periods divide the way round, and which add up to the latent where it
    begins; it is brought onto the sphere that the latent lies on.

    Args:
        start: float (D,), what the way begins with.
        seed: int, 0 to 2**31 - 1, of where it goes.
        steps: int, latents in all, 1 or more; the step after the last leads to the first.

    Returns:
        float32 (steps, D), each of the start's norm.
    """
    dims, radius = len(start), float(np.linalg.norm(start))
    waves = np.random.default_rng((WALKS, seed)).standard_normal((2, HARMONICS, dims))
    waves /= np.arange(1, HARMONICS + 1)[:, None]  # quick turns are small
    begin = start.astype(np.float64) * (math.sqrt(dims) / max(radius, TINY))  # as long as the waves are
    waves[0, 0] = begin - waves[0, 1:].sum(axis=0)

    def at(turns: np.ndarray) -> np.ndarray:
        angle = 2 * math.pi * turns[:, None] * np.arange(1, HARMONICS + 1)  # (K, harmonics)
        path = np.cos(angle) @ waves[0] + np.sin(angle) @ waves[1]  # (K, D)
        return path * (radius / np.maximum(np.linalg.norm(path, axis=1, keepdims=True), TINY))

    turns = np.linspace(0.0, 1.0, max(FINE * steps, 1024) + 1)
    lengths = np.linalg.norm(np.diff(at(turns), axis=0), axis=1)
    passed = np.concatenate([[0.0], np.cumsum(lengths)])
    even = np.interp(np.arange(steps) * (passed[-1] / steps), passed, turns)
    path = at(even).astype(np.float32)
    path[0] = start
    return path


def _with_ends(path: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Returns the path as float32, its ends exactly those given."""
    path = path.astype(np.float32)
    path[0], path[-1] = start, end
    return path
