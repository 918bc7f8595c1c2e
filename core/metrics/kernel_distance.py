"""The kernel distance between two clouds of features, the KD of KID. Plain NumPy: knows neither pictures nor models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DEGREE = 3
CHUNK = 1024  # rows of the kernel matrix in memory at once
SUBSETS, LARGEST_SUBSET = 50, 1000


@dataclass(frozen=True)
class KernelDistance:
    """A squared maximum mean discrepancy.

    Args:
        value: float, the unbiased estimate from all features; its mean is 0 where both clouds are of one
            distribution, so that it may lie below 0.
        spread: float >= 0, the standard deviation of the estimate from subsets.
        subset_size: int, how many features a subset has.
    """

    value: float
    spread: float
    subset_size: int


def kernel_distance(
    one: np.ndarray, other: np.ndarray, *, subsets: int = SUBSETS, subset_size: int = 0, seed: int = 0
) -> KernelDistance:
    """Compares two clouds with the cubic kernel (x.y / D + 1)^3.

    Args:
        one: float (M, D), M >= 2.
        other: float (N, D), N >= 2.
        subsets: int, from how many pairs of subsets the spread is told; 0 leaves it out.
        subset_size: int, features in each; 0 takes 1,000, as in the paper, or half of the smaller cloud where that is
            less: subsets that are nearly the whole would all be alike.
        seed: int, fixes the subsets.

    Reference:
        - [Binkowski et al., 2018](https://arxiv.org/abs/1801.01401).
    """
    if one.ndim != 2 or other.ndim != 2 or one.shape[1] != other.shape[1] or min(len(one), len(other)) < 2:
        raise ValueError(f"Two clouds (N, D), N >= 2, are needed. Received: {one.shape} and {other.shape}")
    one, other = one.astype(np.float64), other.astype(np.float64)
    fewest = min(len(one), len(other))
    size = min(subset_size or min(LARGEST_SUBSET, fewest // 2), fewest)
    size = max(2, size)
    random = np.random.default_rng(seed)
    found = [
        _unbiased(
            one[random.choice(len(one), size, replace=False)], other[random.choice(len(other), size, replace=False)]
        )
        for _ in range(subsets)
    ]
    return KernelDistance(_unbiased(one, other), float(np.std(found)) if found else 0.0, size)


def _unbiased(one: np.ndarray, other: np.ndarray) -> float:
    """Returns the estimate in which no feature is compared with itself."""
    within = [(_kernel_sum(cloud, cloud) - _kernel_diagonal(cloud)) / (len(cloud) * (len(cloud) - 1))
              for cloud in (one, other)]  # fmt: skip
    return float(sum(within) - 2 * _kernel_sum(one, other) / (len(one) * len(other)))


def _kernel_sum(one: np.ndarray, other: np.ndarray) -> float:
    """Returns the sum over all pairs, in chunks of rows."""
    parts = (one[start : start + CHUNK] @ other.T for start in range(0, len(one), CHUNK))  # (M, D) -> (m, N)
    return float(sum(((part / one.shape[1] + 1) ** DEGREE).sum() for part in parts))


def _kernel_diagonal(cloud: np.ndarray) -> float:
    return float(((np.einsum("nd,nd->n", cloud, cloud) / cloud.shape[1] + 1) ** DEGREE).sum())
