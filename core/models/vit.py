"""The Vision Transformer. Knows neither data nor training: raw pixels in, logits out."""

from __future__ import annotations

import math

import keras
from keras import layers

from core.settings.vit import VitSettings


def build(settings: VitSettings, input_shape: tuple[int, int, int], class_count: int) -> keras.Model:
    """Builds a Vision Transformer of plain Keras layers, pre-norm as in the paper.

    Shapes: B pictures, H x W pixels, C channels, P patch side, T tokens, D width, K classes.

    Args:
        settings: the architecture.
        input_shape: (H, W, C). Where P does not divide a side, zeros are added around the picture.
        class_count: int, K.

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
    scale = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")
    cut = layers.Conv2D(settings.width, patch, strides=patch, padding="same", use_bias=False, name="patches")
    unroll = layers.Reshape((tokens, settings.width), name="tokens")
    make_room = layers.ZeroPadding1D((1, 0), name="class_token")
    # The bias has one row a token: it is the position embedding, and for the empty first place the class token.
    embed = layers.EinsumDense(
        "btd,de->bte",
        output_shape=(tokens + with_token, settings.width),
        bias_axes="te" if settings.position else "e",
        bias_initializer=keras.initializers.TruncatedNormal(stddev=0.02),
        name="embedding",
    )
    encoder = [_encoder_layer(settings, f"layer{index}") for index in range(1, settings.layers + 1)]
    norm = layers.LayerNormalization(epsilon=1e-6, name="norm")
    mean = layers.GlobalAveragePooling1D(name="mean")
    head = layers.Dense(class_count, name="logits")

    # === Functional model ===
    inputs = keras.Input(input_shape, name="pixels")  # (B, H, W, C)
    x = cut(scale(inputs))  # (B, H, W, C) -> (B, H/P, W/P, D)
    x = unroll(x)  # (B, H/P, W/P, D) -> (B, T, D)
    if with_token:
        x = make_room(x)  # (B, T, D) -> (B, T+1, D)
    x = embed(x)
    for parts in encoder:
        normed = parts["attention_norm"](x)
        x = parts["attention_add"]([x, parts["attention"](normed, normed)])
        x = parts["mlp_add"]([x, _mlp(parts, x)])
    x = norm(x)
    x = x[:, 0] if with_token else mean(x)  # (B, T, D) -> (B, D)
    outputs = head(x)  # (B, D) -> (B, K)

    # === Config ===
    return keras.Model(inputs, outputs, name="vit")


def patch_side(settings: VitSettings, input_shape: tuple[int, int, int]) -> int:
    """Returns P in px: the setting, else about an eighth of the shorter side, at least 2 px."""
    return settings.patch_px or max(2, math.floor(min(input_shape[:2]) / 8 + 0.5))


def _encoder_layer(settings: VitSettings, name: str) -> dict[str, layers.Layer]:
    width, dropout = settings.width, settings.dropout
    return {
        "attention_norm": layers.LayerNormalization(epsilon=1e-6, name=f"{name}_attention_norm"),
        "attention": layers.MultiHeadAttention(
            settings.heads, width // settings.heads, dropout=dropout, name=f"{name}_attention"
        ),
        "attention_add": layers.Add(name=f"{name}_attention_add"),
        "mlp_norm": layers.LayerNormalization(epsilon=1e-6, name=f"{name}_mlp_norm"),
        "mlp_wide": layers.Dense(round(width * settings.mlp_ratio), activation="gelu", name=f"{name}_mlp_wide"),
        "mlp_back": layers.Dense(width, name=f"{name}_mlp_back"),
        "mlp_dropout": layers.Dropout(dropout, name=f"{name}_mlp_dropout"),
        "mlp_add": layers.Add(name=f"{name}_mlp_add"),
    }


def _mlp(parts: dict[str, layers.Layer], x: keras.KerasTensor) -> keras.KerasTensor:
    for part in ("mlp_norm", "mlp_wide", "mlp_back", "mlp_dropout"):
        x = parts[part](x)  # (B, T, D) -> (B, T, 4D) -> (B, T, D)
    return x
