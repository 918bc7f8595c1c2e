"""The loss of a classifier."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class ClassifierLoss(keras.losses.CategoricalCrossentropy):
    """Cross-entropy of logits against labels, with label smoothing.

    Args:
        smoothing: float in [0, 1), the share of each label that is spread evenly over all classes, its own included.

    Reference:
        - [Szegedy et al., 2016](https://arxiv.org/abs/1512.00567), label smoothing.
    """

    def __init__(self, smoothing: float = 0.0) -> None:
        super().__init__(from_logits=True, label_smoothing=smoothing, name="cross_entropy")

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns one loss a picture, (B,).

        Args:
            y_true: int (B,) or (B, 1) labels, or float (B, K) shares of the classes, each row's sum 1.
            y_pred: float (B, K) logits, K >= 2.
        """
        if len(y_true.shape) == 1 or y_true.shape[-1] == 1:
            labels = ops.reshape(ops.cast(y_true, "int32"), (-1,))  # (B,)
            y_true = ops.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype)  # (B, K)
        return super().call(y_true, y_pred)
