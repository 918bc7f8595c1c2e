"""GPT-2's weights as a step of one token reads them fastest, and that step. Compiles nothing.

Whoever writes at a batch of one waits for the memory: each weight is read once a token. Rows that hold what one output
needs are read straight through, and one large product costs less than three small ones.

Shapes: B texts, S places, D width, F the MLP's width, H heads, E = D / H, V tokens, C context.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from core.models.gpt2.cache import UNSEEN, Cache
from core.models.gpt2.gpt2 import backbone_of

Packed = dict[str, Any]
MOST_BYTES = 2 * 2**30  # a larger model is not worth a second copy of its matrices


def can_pack(model: keras.Model) -> bool:
    """Whether a model's matrices are plain numbers, and small enough for a second copy."""
    layers = backbone_of(model).transformer_layers
    plain = all(layer._feedforward_intermediate_dense.quantization_mode is None for layer in layers)
    return plain and 4 * sum(layer.count_params() for layer in layers) <= MOST_BYTES


def pack(model: keras.Model) -> Packed:
    """Copies a model's weights; it must not be trained afterwards.

    Args:
        model: as `core.models.gpt2.gpt2.build` returns it.

    Returns:
        "tokens" (V, D), "positions" (C, D), "gamma" and "beta" (D,), and "layers", each with "attend" (3D, D), "join"
        (D, D), "widen" (F, D), "narrow" (D, F), and all its vectors behind each other as "vectors" (9D + F,).
    """
    backbone = backbone_of(model)
    return {
        "tokens": ops.convert_to_tensor(backbone.token_embedding.embeddings),
        "positions": ops.convert_to_tensor(backbone.position_embedding.position_embeddings),
        "gamma": ops.convert_to_tensor(backbone.layer_norm.gamma),
        "beta": ops.convert_to_tensor(backbone.layer_norm.beta),
        "layers": [_pack_layer(layer) for layer in backbone.transformer_layers],
    }


def read_packed_token(
    model: keras.Model, packed: Packed, ids: Any, starts: Any, place: Any, cache: Cache
) -> tuple[Any, Any, Cache]:
    """Reads one more token of each text; takes and returns what `gpt2_cache.read_token` does.

    Args:
        model: whose weights are packed; only its shapes are looked at.
        packed: see `pack`.
        ids: int32 (B,).
        starts: int32 (B,), where each text begins.
        place: int or int32 (), where these tokens stand.
        cache: of all tokens before; it is not used again.
    """
    heads, places = cache[0][0].shape[1], cache[0][0].shape[2]
    width = packed["tokens"].shape[1]
    every = ops.arange(places, dtype="int32")
    seen = ops.logical_and(every[None, :] >= starts[:, None], every[None, :] <= place)[:, None, None]  # (B, 1, 1, S)
    position = ops.minimum(place - starts, packed["positions"].shape[0] - 1)
    x = ops.take(packed["tokens"], ids, axis=0) + ops.take(packed["positions"], position, axis=0)  # (B,) -> (B, D)
    backbone = backbone_of(model)
    updated: Cache = []
    for layer, weights, (keys, values) in zip(backbone.transformer_layers, packed["layers"], cache, strict=True):
        vectors, epsilon = _Vectors(weights["vectors"]), layer.layer_norm_epsilon
        normed = _norm(x, vectors.take(width), vectors.take(width), epsilon)
        joint = _linear(normed, weights["attend"], vectors.take(3 * width))
        joint = ops.reshape(joint, (-1, 3, heads, 1, width // heads))  # (B, 3D) -> (B, 3, H, 1, E)
        keys = ops.slice_update(keys, (0, 0, place, 0), joint[:, 1])
        values = ops.slice_update(values, (0, 0, place, 0), joint[:, 2])
        query = joint[:, 0] / float(width // heads) ** 0.5
        scores = ops.where(seen, ops.matmul(query, ops.transpose(keys, (0, 1, 3, 2))), UNSEEN)  # (B, H, 1, S)
        mixed = ops.reshape(ops.matmul(ops.softmax(scores, axis=-1), values), (-1, width))  # (B, H, 1, E) -> (B, D)
        x = x + _linear(mixed, weights["join"], vectors.take(width))
        normed = _norm(x, vectors.take(width), vectors.take(width), epsilon)
        wide = _linear(normed, weights["widen"], vectors.take(weights["widen"].shape[0]))
        wide = layer._feedforward_intermediate_dense.activation(wide)
        x = x + _linear(wide, weights["narrow"], vectors.take(width))
        updated.append((keys, values))
    hidden = _norm(x, packed["gamma"], packed["beta"], backbone.layer_norm.epsilon)
    return _product(packed["tokens"], hidden), hidden, updated


class _Vectors:
    """A layer's vectors, one after the other in the order in which they are needed."""

    def __init__(self, joined: Any) -> None:
        self._joined = joined
        self._place = 0

    def take(self, length: int) -> Any:
        self._place += length
        return self._joined[self._place - length : self._place]


def _pack_layer(layer: keras.layers.Layer) -> dict[str, Any]:
    attention = layer._self_attention_layer
    first, second = layer._self_attention_layer_norm, layer._feedforward_layer_norm
    widen, narrow = layer._feedforward_intermediate_dense, layer._feedforward_output_dense
    parts = (attention.query_dense, attention.key_dense, attention.value_dense)
    width = parts[0].kernel.shape[0]
    vectors = [first.gamma, first.beta, *(part.bias for part in parts), attention.output_dense.bias]
    vectors += [second.gamma, second.beta, widen.bias, narrow.bias]
    flat = [_array(part.kernel).reshape(width, -1) for part in parts]  # (D, H, E) -> (D, D)
    return {
        "attend": _rows(np.concatenate(flat, axis=1)),
        "join": _rows(_array(attention.output_dense.kernel).reshape(-1, width)),  # (H, E, D) -> (D, D)
        "widen": _rows(_array(widen.kernel)),
        "narrow": _rows(_array(narrow.kernel)),
        "vectors": ops.convert_to_tensor(np.concatenate([_array(vector).reshape(-1) for vector in vectors])),
    }


def _array(variable: keras.Variable) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(variable))


def _rows(matrix: np.ndarray) -> Any:
    """Returns a copy (out, in) of a matrix (in, out): its rows lie behind each other, and it keeps no gradient."""
    return ops.convert_to_tensor(np.array(matrix.T, order="C"))


def _linear(x: Any, matrix: Any, bias: Any) -> Any:
    return _product(matrix, x) + bias


def _product(matrix: Any, x: Any) -> Any:
    """Returns x times the transposed matrix, the matrix first: on a CPU TensorFlow computes that a tenth faster."""
    return ops.transpose(ops.matmul(matrix, ops.transpose(x)))  # (out, in) x (in, B) -> (B, out)


def _norm(x: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    """Layer normalisation over the last axis (Ba et al. 2016)."""
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(centred), axis=-1, keepdims=True)
    return centred * ops.rsqrt(variance + epsilon) * gamma + beta
