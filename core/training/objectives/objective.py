"""What a training is told of its model's purpose: which batches, which loss, which numbers. Knows no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras

from core.data.batches import Batches


def as_they_are(numbers: dict[str, float]) -> dict[str, float]:
    """Returns the numbers."""
    return numbers


@dataclass(frozen=True, eq=False)
class Objective:
    """What `core.training.loop.fit` trains for.

    Args:
        batches: training batches, all of one shape, in an order that seed and epoch fix.
        validation: batches that are measured after each epoch; none where there is no validation split.
        loss: of a batch.
        metrics: means over the batches so far.
        tell: makes the numbers that people see, "loss" among them, of those that loss and metrics give.
    """

    batches: Batches
    validation: Batches
    loss: keras.losses.Loss
    metrics: Sequence[keras.metrics.Metric]
    tell: Callable[[dict[str, float]], dict[str, float]] = as_they_are
