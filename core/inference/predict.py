"""Runs a trained model over many pictures, in batches of one shape, so that each backend compiles once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import keras
import numpy as np

from core.context import Context
from core.events import Progress

PIXELS_A_BATCH = 512 * 1024  # a batch must stay well under a second, or Stop would come late
LARGEST_BATCH = 256
REPORT_INTERVAL_S = 0.1


def predict_batch_size(shape: tuple[int, int, int]) -> int:
    """Returns how many pictures of that (H, W, C) go through a model at once."""
    return max(1, min(LARGEST_BATCH, PIXELS_A_BATCH // (shape[0] * shape[1])))


def predict(model: keras.Model, images: np.ndarray, size: int) -> np.ndarray:
    """Returns the logits of at most one batch.

    Args:
        model: raw pixels in, logits out.
        images: uint8 (n, H, W, C), n <= size.
        size: int, the batch is filled up to it with blank pictures.

    Returns:
        float32 (n, K).
    """
    count = len(images)
    if count < size:
        blank = np.zeros((size - count, *images.shape[1:]), images.dtype)
        images = np.concatenate([images, blank])
    logits = model.predict_on_batch(images.astype(np.float32))
    return np.asarray(logits, np.float32)[:count]


def predict_split(
    model: keras.Model, images: np.ndarray, indices: np.ndarray, context: Context, phase: str = "evaluate"
) -> np.ndarray:
    """Returns the logits of some of the pictures.

    Args:
        model: raw pixels in, logits out.
        images: uint8 (N, H, W, C); may read from disk, or decode, while it is indexed.
        indices: int (M,), which of them.
        context: gets the progress, and is asked whether to stop.
        phase: str, as in `Progress`.

    Returns:
        float32 (M, K).

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    size = predict_batch_size(images.shape[1:])
    parts: list[np.ndarray] = []
    reported = time.perf_counter()
    for chosen in _chunks(indices, size):
        context.check()
        parts.append(predict(model, np.asarray(images[chosen]), size))
        now = time.perf_counter()
        if now - reported >= REPORT_INTERVAL_S:
            reported = now
            context.report(Progress(phase, sum(map(len, parts)), len(indices), "pictures"))
    context.check()
    classes = model.output_shape[-1]
    return np.concatenate(parts) if parts else np.zeros((0, classes), np.float32)


def _chunks(indices: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(indices), size):
        yield indices[start : start + size]
