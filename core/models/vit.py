"""The Vision Transformer. Knows neither data nor training: raw pixels in, logits out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
from keras import layers, ops

from core.models.shared.classes import class_count
from core.settings.vit import VitSettings


def build(settings: VitSettings, input_shape: tuple[int, int, int], target: Mapping[str, Any]) -> keras.Model:
    """Builds a Vision Transformer of plain Keras layers, pre-norm as in the paper.

    Shapes: B pictures, H x W pixels, C channels, P patch side, T tokens, D width, K classes.

    Args:
        settings: the architecture.
        input_shape: (H, W, C). Where P does not divide a side, zeros are added around the picture.
        target: K classes; see `core.models.shared.saved.ModelDescription`.

    Returns:
        float32 (B, H, W, C) of 0 to 255 -> float32 (B, K) logits.

    Reference:
        - [Dosovitskiy et al., 2021](https://arxiv.org/abs/2010.11929).
    """
    # === Layers ===
    patch = patch_side(settings, input_shape)
    rows, columns = (math.ceil(side / patch) for side in input_shape[:2])
    tokens = rows * columns
    with_token = settings.readout == "token"
    small = keras.initializers.TruncatedNormal(stddev=0.02)
    scale = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")
    patches = layers.Conv2D(settings.width, patch, strides=patch, padding="same", name="patches")
    unroll = layers.Reshape((tokens, settings.width), name="tokens")
    class_token = layers.Embedding(1, settings.width, small, name="class_token")
    prepend = layers.Concatenate(axis=1, name="with_class_token")
    position_embedding = layers.Embedding(tokens + with_token, settings.width, small, name="position_embedding")
    norm = layers.LayerNormalization(epsilon=1e-6, name="norm")
    mean = layers.GlobalAveragePooling1D(name="mean")
    head = layers.Dense(class_count(target, fewest=2), name="logits")

    # === Functional model ===
    inputs = keras.Input(input_shape, name="pixels")  # (B, H, W, C)
    x = patches(scale(inputs))  # (B, H, W, C) -> (B, H/P, W/P, D)
    x = unroll(x)  # (B, H/P, W/P, D) -> (B, T, D)
    if with_token:
        first = ops.zeros_like(x[:, :1, 0], dtype="int32")  # (B, 1)
        x = prepend([class_token(first), x])  # (B, T, D) -> (B, T+1, D)
    if settings.position:
        x = x + position_embedding(_places(x))  # (1, T, D) is added to each of B
    for index in range(1, settings.layers + 1):
        x = _encoder_block(x, settings, f"layer{index}")
    x = norm(x)
    x = x[:, 0] if with_token else mean(x)  # (B, T, D) -> (B, D)
    outputs = head(x)  # (B, D) -> (B, K)

    # === Config ===
    return keras.Model(inputs, outputs, name="vit")


def patch_side(settings: VitSettings, input_shape: tuple[int, int, int]) -> int:
    """Returns P in px: the setting, else about an eighth of the shorter side, at least 2 px."""
    return settings.patch_px or max(2, math.floor(min(input_shape[:2]) / 8 + 0.5))


def _encoder_block(x: keras.KerasTensor, settings: VitSettings, name: str) -> keras.KerasTensor:
    """Adds to each token what attention brings it from the others, then what an MLP makes of it alone: (B, T, D)."""
    width, heads, dropout = settings.width, settings.heads, settings.dropout
    attention = layers.MultiHeadAttention(heads, width // heads, dropout=dropout, name=f"{name}_attention")
    y = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_attention_norm")(x)
    y = attention(y, y)
    x = layers.Add(name=f"{name}_attention_add")([x, y])
    y = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_mlp_norm")(x)
    y = layers.Dense(round(width * settings.mlp_ratio), activation="gelu", name=f"{name}_mlp_wide")(y)
    y = layers.Dense(width, name=f"{name}_mlp_back")(y)  # (B, T, M) -> (B, T, D)
    y = layers.Dropout(dropout, name=f"{name}_mlp_dropout")(y)
    return layers.Add(name=f"{name}_mlp_add")([x, y])


def _places(x: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the places of the tokens, 0 to T-1: int32 (1, T). From x, since a Keras layer wants some input."""
    of_any = ops.sum(x[:, :, 0], axis=0, keepdims=True)  # (B, T, D) -> (1, T)
    return ops.cumsum(ops.ones_like(of_any, dtype="int32"), axis=1) - 1
