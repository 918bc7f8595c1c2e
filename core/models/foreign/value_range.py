"""How networks want their pixels, and finding out which way it is. Knows no files and no task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's RGB, from 0 to 1
CAFFE_MEAN = (103.939, 116.779, 123.68)  # of its BGR, from 0 to 255
LUMA = (0.299, 0.587, 0.114)  # ITU-R 601
RANGES: Mapping[str, str] = {
    "0..1": "0 to 1",
    "-1..1": "-1 to 1",
    "0..255": "0 to 255",
    "imagenet": "less ImageNet's mean, over its deviation",
    "caffe": "BGR, 0 to 255, less ImageNet's mean",
}
NORMS_READ = 3  # batch norms, the first ones: deeper ones say less of the pixels


def prepared(pixels: Any, value_range: str, channels: int) -> Any:
    """Brings pixels to what a network wants.

    Args:
        pixels: float32 tensor (B, H, W, 3), 0 to 1.
        value_range: a key of `RANGES`.
        channels: int, 1 or 3, that the network takes.

    Returns:
        float32 (B, H, W, channels).
    """
    if value_range == "imagenet":
        pixels = ops.divide(ops.subtract(pixels, _row(MEAN)), _row(DEVIATION))
    elif value_range == "caffe":
        pixels = ops.subtract(ops.flip(pixels, axis=-1) * 255.0, _row(CAFFE_MEAN))
    else:
        low, high = (float(end) for end in value_range.split(".."))
        pixels = low + pixels * (high - low)
    if channels == 1:
        luma = LUMA[::-1] if value_range == "caffe" else LUMA
        pixels = ops.sum(ops.multiply(pixels, _row(luma)), axis=-1, keepdims=True)
    return pixels


def guess_range(model: keras.Model, pictures: list[np.ndarray]) -> str:
    """Finds out how a network wants its pixels.

    One that rescales them itself takes 0 to 255. Else its first batch norms show it: they hold mean and deviation of
    what they saw in training, and pictures in the right range give about the same.

    Args:
        model: a functional model, float (B, H, W, C) -> any.
        pictures: float32 (1, H, W, 3), 0 to 1; any photographs.

    Returns:
        A key of `RANGES`; empty where nothing shows it.
    """
    first = [layer.__class__.__name__ for layer in model.layers[:3]]
    if "Rescaling" in first:
        return "0..255"
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)][:NORMS_READ]
    norms = [layer for layer in norms if len(layer.input.shape) == 4]
    if not norms:
        return ""
    seen = keras.Model(model.inputs[0], [layer.input for layer in norms])
    side = model.inputs[0].shape[1:3]
    pixels = [ops.convert_to_tensor(picture) for picture in pictures]
    if None not in side:
        pixels = [ops.image.resize(picture, side, antialias=True) for picture in pixels]
    misfits = {name: _misfit(seen, norms, pixels, name) for name in RANGES}
    return min(misfits, key=lambda name: misfits[name])


def _row(values: tuple[float, ...]) -> Any:
    return ops.convert_to_tensor(np.array(values, np.float32))


def _misfit(seen: keras.Model, norms: list[keras.layers.Layer], pixels: list[Any], value_range: str) -> float:
    """Returns how far mean and variance of what reaches the batch norms are from what these remember."""
    channels = seen.inputs[0].shape[-1]
    found = [seen(prepared(picture, value_range, channels), training=False) for picture in pixels]
    total = 0.0
    for place, norm in enumerate(norms):
        parts = [one[place] if len(norms) > 1 else _only(one) for one in found]
        values = np.concatenate([_array(part).reshape(-1, part.shape[-1]) for part in parts])  # (B * H * W, F)
        mean, variance = _array(norm.moving_mean.value), _array(norm.moving_variance.value) + norm.epsilon
        total += float(np.mean(np.abs(values.mean(axis=0) - mean) / np.sqrt(variance)))
        total += float(np.mean(np.abs(np.log((values.var(axis=0) + norm.epsilon) / variance))))
    return total


def _only(outputs: Any) -> Any:
    return outputs[0] if isinstance(outputs, list) else outputs


def _array(tensor: Any) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(tensor), np.float64)
