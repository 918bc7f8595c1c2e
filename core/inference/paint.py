"""Draws pictures with a trained generator. Knows neither runs nor files."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.models.dcgan import Gan

PIXELS_A_BATCH = 256 * 1024  # a batch must stay well under a second, or Stop would come late
LARGEST_BATCH = 64


def paint(
    gan: Gan, latents: np.ndarray, weights: np.ndarray | None, check: Callable[[], None] | None = None
) -> np.ndarray:
    """Draws one picture for each latent.

    Args:
        gan: the model.
        latents: float32 (N, Z).
        weights: float32 (N, K), how much of each class: one-hot, or a mixture; None where it doesn't draw by class.
        check: called between batches; may raise to stop.

    Returns:
        uint8 (N, H, W, C).
    """
    height, width = gan.generator.output_shape[1:3]
    size = max(1, min(LARGEST_BATCH, PIXELS_A_BATCH // (height * width)))
    pictures = np.empty((len(latents), *gan.generator.output_shape[1:]), np.uint8)
    for start in range(0, len(latents), size):
        if check is not None:
            check()
        # Always as many as one batch holds, so that each backend compiles once.
        arrays = [_filled(array[start : start + size], size) for array in (latents, weights) if array is not None]
        drawn = np.asarray(gan.generator.predict_on_batch(arrays if len(arrays) > 1 else arrays[0]))
        pictures[start : start + size] = _as_pixels(drawn)[: len(latents) - start]
    return pictures


def one_hot(labels: np.ndarray, gan: Gan) -> np.ndarray | None:
    """Returns the class weights of labels, float32 (N, K); None where the GAN doesn't draw by class."""
    return np.eye(gan.class_count, dtype=np.float32)[labels] if gan.class_count else None


def _filled(array: np.ndarray, size: int) -> np.ndarray:
    missing = size - len(array)
    return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)]) if missing else array


def _as_pixels(pictures: np.ndarray) -> np.ndarray:
    return np.clip(np.rint((pictures + 1) * 127.5), 0, 255).astype(np.uint8)
