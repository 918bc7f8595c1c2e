"""The Fréchet distance between two clouds of features, the D of FID. Plain NumPy: knows neither pictures nor models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Moments:
    """The first two moments of a cloud of features.

    Args:
        mean: float64 (D,).
        factor: float64 (R, D) with factor^T factor = the covariance: what the distance needs, and for fewer features
            than dimensions much smaller than that.
        count: int, N, the features that it was made of; 0 where it was not made of any.
    """

    mean: np.ndarray
    factor: np.ndarray
    count: int = 0

    @classmethod
    def of(cls, features: np.ndarray) -> Moments:
        """Returns the moments of features; the covariance is divided by N - 1.

        Args:
            features: float (N, D), N >= 2.
        """
        if features.ndim != 2 or len(features) < 2:
            raise ValueError(f"Moments need at least two features (N, D). Received: shape {features.shape}")
        wide = features.astype(np.float64)
        mean = wide.mean(axis=0)
        centred = (wide - mean) / np.sqrt(len(wide) - 1)
        factor = centred if len(centred) <= len(mean) else np.asarray(np.linalg.qr(centred, mode="r"))
        return cls(mean, factor, len(wide))

    @classmethod
    def given(cls, mean: np.ndarray, covariance: np.ndarray) -> Moments:
        """Returns moments that are known.

        Args:
            mean: float (D,).
            covariance: float (D, D), symmetric and positive semi-definite.
        """
        values, vectors = np.linalg.eigh(covariance)
        return cls(mean, np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T)  # rounding leaves some just below zero

    @property
    def covariance(self) -> np.ndarray:
        """float64 (D, D)."""
        return self.factor.T @ self.factor


def frechet_distance(one: Moments, other: Moments) -> float:
    """Returns |m1 - m2|^2 + tr(C1) + tr(C2) - 2 tr((C1 C2)^(1/2)), the squared 2-Wasserstein distance of two normals.

    With C1 = A^T A and C2 = B^T B the trace of the root is the sum of the singular values of A B^T. So nothing becomes
    complex, and no epsilon is needed where a covariance is singular, as it is whenever there are fewer features than
    dimensions.

    Args:
        one: of D dimensions.
        other: of D dimensions too.

    Returns:
        float >= 0, in squared units of the features.

    Reference:
        - [Dowson and Landau, 1982](https://doi.org/10.1016/0047-259X(82)90077-X), the distance.
        - [Heusel et al., 2017](https://arxiv.org/abs/1706.08500), as a score for generators.
    """
    if one.mean.shape != other.mean.shape:
        raise ValueError(f"Both clouds need as many dimensions. Received: {one.mean.shape} and {other.mean.shape}")
    apart = one.mean - other.mean
    shared = np.linalg.svd(one.factor @ other.factor.T, compute_uv=False).sum()
    spread = (one.factor**2).sum() + (other.factor**2).sum()
    return max(0.0, float(apart @ apart + spread - 2 * shared))
