"""What a model is trained for: batches, loss and metrics. Knows no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras

from core.data.batches import Batches


def unchanged(numbers: dict[str, float]) -> dict[str, float]:
    """Returns the numbers."""
    return numbers


@dataclass(frozen=True, eq=False)
class Objective:
    """What `core.training.supervised.fit` trains for.

    Args:
        batches: training batches, all of one shape, in an order that seed and epoch fix.
        validation: batches that are measured after each epoch; none where there is no validation split.
        loss: of a batch.
        metrics: means over the batches so far.
        derive: computes the numbers that are shown, "loss" among them, from the loss and the metrics.
    """

    batches: Batches
    validation: Batches
    loss: keras.losses.Loss
    metrics: Sequence[keras.metrics.Metric]
    derive: Callable[[dict[str, float]], dict[str, float]] = unchanged
