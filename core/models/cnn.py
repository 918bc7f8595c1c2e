"""The CNN. Knows neither data nor training: raw pixels in, logits out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import layers

from core.models.shared.classes import class_count
from core.settings.cnn import CnnSettings

POOLING = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}


def build(settings: CnnSettings, input_shape: tuple[int, int, int], target: Mapping[str, Any]) -> keras.Model:
    """Builds blocks of convolutions, each of which halves the side and doubles the feature maps, and a linear head.

    Shapes: B pictures, H x W pixels, C channels, F filters, K classes.

    Args:
        settings: the architecture.
        input_shape: (H, W, C).
        target: K classes; see `core.models.shared.saved.ModelDescription`.

    Returns:
        float32 (B, H, W, C) of 0 to 255 -> float32 (B, K) logits.

    Reference:
        - [LeCun et al., 1998](https://doi.org/10.1109/5.726791), convolution and pooling.
        - [Simonyan and Zisserman, 2015](https://arxiv.org/abs/1409.1556), blocks of small kernels.
        - [Ioffe and Szegedy, 2015](https://arxiv.org/abs/1502.03167), batch normalisation.
    """
    # === Layers ===
    scale = layers.Rescaling(1 / 255, name="scale")
    blocks: list[layers.Layer] = []
    side = min(input_shape[:2])
    for block in range(1, settings.blocks + 1):
        for place in range(1, settings.convolutions + 1):
            blocks += _convolution(settings, settings.filters * 2 ** (block - 1), f"block{block}_{place}")
        if side > 3:
            blocks.append(POOLING[settings.pooling](2, name=f"block{block}_pool"))
            side //= 2
    if settings.dense:
        read_out = [
            layers.Flatten(name="flatten"),
            layers.Dense(settings.dense, activation=settings.activation, name="dense"),
        ]
    else:
        read_out = [layers.GlobalAveragePooling2D(name="average")]
    if settings.dropout:
        read_out.append(layers.Dropout(settings.dropout, name="dropout"))
    head = layers.Dense(class_count(target, fewest=2), name="logits")

    # === Functional model ===
    inputs = keras.Input(input_shape, name="pixels")  # (B, H, W, C)
    x = scale(inputs)
    for layer in blocks:
        x = layer(x)  # (B, H, W, F) -> (B, H/2, W/2, 2F) at the end of each block
    for layer in read_out:
        x = layer(x)  # (B, H, W, F) -> (B, F)
    outputs = head(x)  # (B, F) -> (B, K)

    # === Config ===
    return keras.Model(inputs, outputs, name="cnn")


def _convolution(settings: CnnSettings, filters: int, name: str) -> list[layers.Layer]:
    """Convolution, batch norm where it is on, activation."""
    made: list[layers.Layer] = [
        layers.Conv2D(
            filters,
            settings.kernel,
            padding="same",
            use_bias=not settings.batch_norm,  # batch norm has a bias of its own
            kernel_initializer="he_normal" if settings.activation in ("relu", "gelu") else "glorot_uniform",
            name=f"{name}_conv",
        )
    ]
    if settings.batch_norm:
        made.append(layers.BatchNormalization(momentum=0.9, name=f"{name}_norm"))
    made.append(layers.Activation(settings.activation, name=f"{name}_{settings.activation}"))
    return made
