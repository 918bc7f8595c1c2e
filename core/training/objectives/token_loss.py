"""The loss of a language model: cross-entropy of each token that is a target.

Shapes: B rows, T tokens a row, V tokens in the vocabulary.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

NO_TARGET = -1
NATS = "nats"
MOST_NATS = 700.0  # a larger one has no exponential


class TokenLoss(keras.losses.Loss):
    """Mean cross-entropy of the targets of a batch, nats; labels of -1 count for nothing."""

    def __init__(self) -> None:
        super().__init__(name="cross_entropy")

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns a number, ().

        Args:
            y_true: int (B, T), the tokens that follow, -1 where none is a target.
            y_pred: float (B, T, V) logits.
        """
        nats, targets = token_nats(y_true, y_pred)
        return ops.sum(nats) / ops.maximum(ops.sum(targets), 1.0)


class TokenMean(keras.metrics.Metric):
    """Cross-entropy of all targets so far, nats a token: each counts alike, in whatever batch it is."""

    def __init__(self, name: str = NATS, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.mean = self.add_variable((), "zeros", name="mean")
        self.targets = self.add_variable((), "zeros", name="asked")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch in; arguments as in `TokenLoss.call`."""
        nats, targets = token_nats(y_true, y_pred)
        count = ops.sum(targets)
        self.targets.assign(self.targets + count)
        # A running mean, not a sum: float32 would lose the small parts of a large sum.
        share = count / ops.maximum(self.targets, 1.0)
        self.mean.assign(self.mean + share * (ops.sum(nats) / ops.maximum(count, 1.0) - self.mean))

    def result(self) -> Any:
        """Returns the mean, ()."""
        return ops.convert_to_tensor(self.mean)


def token_nats(labels: Any, logits: Any) -> tuple[Any, Any]:
    """Returns the cross-entropy of each token, float (B, T), 0 where none is a target, and 1 where one is, else 0.

    Keras's `SparseCategoricalCrossentropy(ignore_class=-1)` gives the same numbers and gradients. It masks all of the
    logits first, and spells the labels as (B, T, V) on JAX: a training step of a small GPT-2 took 1.3 times as long on
    TensorFlow, 1.5 on PyTorch and 1.7 on JAX. Spelt so, the loss and `TokenMean` also share their work once compiled.

    Args:
        labels: (B, T), -1 where none is a target; Keras hands them over as floats.
        logits: float (B, T, V).
    """
    labels = ops.cast(labels, "int32")  # (B, T)
    targets = ops.cast(ops.not_equal(labels, NO_TARGET), logits.dtype)  # (B, T)
    chosen = ops.take_along_axis(logits, ops.maximum(labels, 0)[..., None], axis=-1)[..., 0]  # (B, T, V) -> (B, T)
    return (ops.logsumexp(logits, axis=-1) - chosen) * targets, targets


def with_perplexity(numbers: dict[str, float]) -> dict[str, float]:
    """Returns what people see: the mean over the tokens as the loss, and its exponential.

    Args:
        numbers: as `TokenLoss` and `TokenMean` give them; Keras's own "loss" is a mean over batches.
    """
    nats = numbers[NATS]
    return {"loss": nats, "perplexity": math.exp(min(nats, MOST_NATS)) if math.isfinite(nats) else nats}
