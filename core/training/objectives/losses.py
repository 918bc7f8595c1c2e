"""The loss of a classifier."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class ClassifierLoss(keras.losses.Loss):
    """Cross-entropy of logits against integer labels, with label smoothing.

    Args:
        smoothing: float in [0, 1), the share of each label that is spread over all classes.

    Reference:
        - [Szegedy et al., 2016](https://arxiv.org/abs/1512.00567), label smoothing.
    """

    def __init__(self, smoothing: float = 0.0) -> None:
        super().__init__(name="cross_entropy")
        self.smoothing = smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns one loss a picture, (B,).

        Args:
            y_true: int (B,) or (B, 1) labels.
            y_pred: float (B, K) logits.
        """
        labels = ops.reshape(ops.cast(y_true, "int32"), (-1,))  # (B,)
        log_probabilities = ops.log_softmax(y_pred, axis=-1)  # (B, K)
        right = ops.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype)  # (B, K)
        of_label = -ops.sum(right * log_probabilities, axis=-1)  # (B, K) -> (B,)
        if not self.smoothing:
            return of_label
        of_all = -ops.mean(log_probabilities, axis=-1)  # (B, K) -> (B,)
        return (1 - self.smoothing) * of_label + self.smoothing * of_all
