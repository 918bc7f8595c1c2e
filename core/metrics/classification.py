"""Scores of a classifier from its logits. Plain NumPy: knows neither models nor files."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.runs.interval import wilson_interval

BINS = 15


def softmax(logits: np.ndarray) -> np.ndarray:
    """Returns the probabilities.

    Args:
        logits: float (N, K).

    Returns:
        float64 (N, K); each row sums to 1.
    """
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Returns the share of pictures whose highest logit is the right one; 0 without pictures."""
    return float(np.mean(logits.argmax(axis=1) == labels)) if len(labels) else 0.0


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Returns the mean negative log-probability of the right class, in nats; without label smoothing."""
    if not len(labels):
        return 0.0
    wide = logits.astype(np.float64)
    highest = wide.max(axis=1)
    norm = highest + np.log(np.exp(wide - highest[:, None]).sum(axis=1))
    return float(np.mean(norm - wide[np.arange(len(labels)), labels]))


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """Returns how far the highest probability is from the share that is right, averaged over bins of equal width.

    Args:
        probabilities: float (N, K).
        labels: int (N,).
        bins: int, how many.

    Returns:
        float in [0, 1]; 0 is perfectly calibrated.

    Reference:
        - [Guo et al., 2017](https://arxiv.org/abs/1706.04599).
    """
    if not len(labels):
        return 0.0
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for place in np.unique(places):
        inside = places == place
        error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(error)


def confusion(predicted: np.ndarray, labels: np.ndarray, class_count: int) -> np.ndarray:
    """Returns how often each class (row) was taken for each (column), int64 (K, K)."""
    pairs = labels.astype(np.int64) * class_count + predicted
    return np.bincount(pairs, minlength=class_count**2).reshape(class_count, class_count)


def per_class(matrix: np.ndarray, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Returns precision, recall, F1 and count of each class.

    Args:
        matrix: int (K, K), from `confusion`.
        classes: K names.

    Returns:
        {"label", "precision", "recall", "f1", "count"}; a share of nothing is 0.
    """
    right = np.diag(matrix).astype(float)
    given, said = matrix.sum(axis=1), matrix.sum(axis=0)
    precision = np.divide(right, said, out=np.zeros_like(right), where=said > 0)
    recall = np.divide(right, given, out=np.zeros_like(right), where=given > 0)
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(right), where=both > 0)
    return [
        {
            "label": name,
            "precision": float(precision[place]),
            "recall": float(recall[place]),
            "f1": float(f1[place]),
            "count": int(given[place]),
        }
        for place, name in enumerate(classes)
    ]


def scores(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Returns accuracy, the ends of its 95 % interval, loss and calibration error of a split."""
    right = accuracy(logits, labels)
    low, high = wilson_interval(right, len(labels)) if len(labels) else (0.0, 1.0)
    return {
        "accuracy": right,
        "accuracy_low": low,
        "accuracy_high": high,
        "loss": cross_entropy(logits, labels),
        "ece": expected_calibration_error(softmax(logits), labels) if len(labels) else 0.0,
    }
