"""Gives Keras the batches of `core.data.batches` in the form that costs each backend least."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from core.data.batches import Batches
from core.data.prefetch import Prefetched


class BatchInput(keras.utils.PyDataset):
    """The batches of one epoch, from a step on.

    Args:
        batches: where they come from.
        epoch: int, from 0; may be changed before each epoch.
        start: int, the first step.
    """

    def __init__(self, batches: Batches | Prefetched, epoch: int = 0, start: int = 0) -> None:
        super().__init__()
        self.batches = batches
        self.epoch = epoch
        self.start = start

    def __len__(self) -> int:
        return len(self.batches) - self.start

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return self.batches.batch(self.epoch, self.start + int(index))


def keras_input(source: BatchInput) -> Any:
    """Returns what `fit` and `evaluate` are given: the source itself, or with TensorFlow a tf.data pipeline.

    Keras would wrap the source into `Dataset.from_generator`, which costs a tenth of a small model's step.
    """
    if keras.backend.backend() != "tensorflow":
        return source
    import tensorflow as tf

    batches = source.batches

    def fetch(index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        samples, labels = tf.numpy_function(lambda i: source[i], [index], [batches.dtype, batches.target_dtype])
        return tf.ensure_shape(samples, (None, *batches.shape)), tf.ensure_shape(labels, (None, *batches.target_shape))

    return tf.data.Dataset.range(len(source)).map(fetch).prefetch(2)
