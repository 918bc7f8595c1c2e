"""GPT-2, through keras_hub's backbone, from token ids to the logits of each next token. Knows no text and no files."""

from __future__ import annotations

import keras
from keras_hub.models import GPT2Backbone

from core.settings.gpt2 import Gpt2Settings

BACKBONE = "backbone"


def build(settings: Gpt2Settings, vocabulary_size: int) -> keras.Model:
    """Builds GPT-2 with fresh weights.

    Shapes: B texts, T tokens of each, D width, V tokens in the vocabulary.

    Args:
        settings: the architecture.
        vocabulary_size: int >= 1, V.

    Returns:
        Model: int32 (B, T) token ids in [0, V), T <= `settings.context`, to float32 (B, T, V) logits; those at place t
        predict the token at t + 1. Padding belongs after a text, where nothing before it sees it.

    Reference:
        Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
    """
    # === Layers ===
    backbone = GPT2Backbone(
        vocabulary_size=vocabulary_size,
        num_layers=settings.layers,
        num_heads=settings.heads,
        hidden_dim=settings.width,
        intermediate_dim=settings.mlp_width or 4 * settings.width,
        dropout=settings.dropout,
        max_sequence_length=settings.context,
        name=BACKBONE,
    )
    _set_epsilon(backbone, settings.norm_epsilon)

    # === Functional model ===
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")  # (B, T)
    everything = keras.ops.ones_like(token_ids)  # no place is masked: padding comes last, and attention looks back
    hidden = backbone({"token_ids": token_ids, "padding_mask": everything})  # (B, T) -> (B, T, D)
    logits = backbone.token_embedding(hidden, reverse=True)  # (B, T, D) -> (B, T, V)

    # === Config ===
    return keras.Model(token_ids, logits, name="gpt2")


def backbone_of(model: keras.Model) -> GPT2Backbone:
    """Returns the backbone inside a model that `build` made."""
    return model.get_layer(BACKBONE)


def _set_epsilon(backbone: GPT2Backbone, epsilon: float) -> None:
    """keras_hub's GPT-2 knows one epsilon, 1e-5; a folder from elsewhere may name another."""
    backbone.layer_norm.epsilon = epsilon
    for layer in backbone.transformer_layers:
        layer.layer_norm_epsilon = epsilon
        layer._self_attention_layer_norm.epsilon = epsilon
        layer._feedforward_layer_norm.epsilon = epsilon
