"""The Inception Score, from any classifier's probabilities. Plain NumPy: knows neither pictures nor models."""

from __future__ import annotations

import numpy as np


def inception_score(probabilities: np.ndarray) -> float:
    """Returns exp of the mean Kullback-Leibler divergence of each picture's classes from those of all pictures.

    It is high where the classifier is sure of each picture and finds every class among them, and says nothing of how
    alike the pictures of one class are.

    Args:
        probabilities: float (N, K), N >= 1; each row sums to 1.

    Returns:
        float in [1, K].

    Reference:
        - [Salimans et al., 2016](https://arxiv.org/abs/1606.03498).
    """
    if probabilities.ndim != 2 or not probabilities.size:
        raise ValueError(f"Probabilities (N, K) are needed. Received: shape {probabilities.shape}")
    wide = probabilities.astype(np.float64)
    count, classes = wide.shape
    # The marginal's entropy is log K less its divergence from the uniform: so K is met exactly, with no exp(log K).
    over_uniform = wide.sum(axis=0) * classes / count  # (N, K) -> (K,), each 1 where all classes are equally frequent
    from_uniform = _times_log(over_uniform).sum() / classes
    within = -_times_log(wide).sum(axis=1).mean()  # the mean entropy of a picture
    return float(np.clip(classes * np.exp(-from_uniform - within), 1.0, classes))


def _times_log(values: np.ndarray) -> np.ndarray:
    """Returns x log x, which is 0 at 0."""
    return values * np.log(np.where(values > 0, values, 1.0))
