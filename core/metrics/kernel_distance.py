"""The kernel distance between two clouds of features, the KD of KID. Plain NumPy: knows neither pictures nor models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DEGREE = 3
SUBSETS, LARGEST_SUBSET = 50, 1000
MOST = 2000  # features of a cloud that are compared: time and memory grow with the square


@dataclass(frozen=True)
class KernelDistance:
    """A squared maximum mean discrepancy.

    Args:
        value: float, the unbiased estimate; its mean is 0 where both clouds are of one
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
        one: float (M, D), M >= 2, in random order: of more than 2,000 the first are taken.
        other: float (N, D), N >= 2, as well.
        subsets: int, from how many pairs of subsets the spread is computed; 0 leaves it out.
        subset_size: int, features in each; 0 takes 1,000, as in the paper, or half of the smaller cloud where that is
            less: subsets that are nearly the whole would all be alike.
        seed: int, fixes the subsets.

    Reference:
        - [Binkowski et al., 2018](https://arxiv.org/abs/1801.01401).
    """
    if one.ndim != 2 or other.ndim != 2 or one.shape[1] != other.shape[1] or min(len(one), len(other)) < 2:
        raise ValueError(f"Two clouds (N, D), N >= 2, are needed. Received: {one.shape} and {other.shape}")
    one, other = one[:MOST].astype(np.float64), other[:MOST].astype(np.float64)
    fewest = min(len(one), len(other))
    size = min(subset_size or min(LARGEST_SUBSET, fewest // 2), fewest)
    size = max(2, size)
    random = np.random.default_rng(seed)
    kernels = [_kernel(*pair) for pair in ((one, one), (other, other), (one, other))]
    found = []
    for _ in range(subsets):
        rows, columns = (random.choice(len(cloud), size, replace=False) for cloud in (one, other))
        pairs = ((rows, rows), (columns, columns), (rows, columns))
        found.append(_unbiased(*(kernel[np.ix_(*pair)] for kernel, pair in zip(kernels, pairs, strict=True))))
    return KernelDistance(_unbiased(*kernels), float(np.std(found)) if found else 0.0, size)


def _kernel(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Returns the kernel of all pairs, (M, N)."""
    return (one @ other.T / one.shape[1] + 1) ** DEGREE


def _unbiased(of_one: np.ndarray, of_other: np.ndarray, across: np.ndarray) -> float:
    """Returns the estimate in which no feature is compared with itself."""
    within = [(kernel.sum() - np.trace(kernel)) / (len(kernel) * (len(kernel) - 1)) for kernel in (of_one, of_other)]
    return float(sum(within) - 2 * across.mean())
