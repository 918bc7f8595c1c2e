"""GPT-2 token by token: the keys and values of all earlier tokens are kept, so that each step computes one token.

It runs the layers of a model that `core.models.gpt2.gpt2` built, quantised ones too. Knows no text, compiles nothing.

Texts of one batch end at the same place: shorter ones begin later, and what stands before their start is never seen.
So each step writes every text's keys at one and the same place.

Shapes: B texts, P places of the prompt, S places in all, D width, H heads, E = D / H, V tokens, L layers.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from core.models.gpt2.gpt2 import backbone_of

Cache = list[tuple[Any, Any]]  # a layer's keys and values, each (B, H, S, E)
UNSEEN = -1e9
BYTES = 4  # of a number
LOGITS_COPIES = 8  # they are penalised and normalised in float64


def read_prompt(model: keras.Model, ids: Any, starts: Any, places: int) -> tuple[Any, Any, Cache]:
    """Reads whole prompts.

    Args:
        model: as `core.models.gpt2.gpt2.build` returns it.
        ids: int32 (B, P), each prompt at the end of its row; what stands before it is ignored.
        starts: int32 (B,), where each prompt begins.
        places: int >= P, S, for which the cache is made.

    Returns:
        The logits (B, V) of the token after each prompt, the last layer's normed output at each place (B, P, D), and
        the cache.
    """
    length = ids.shape[1]
    place = ops.arange(length, dtype="int32")
    position = ops.maximum(place[None, :] - starts[:, None], 0)  # (B, P)
    seen = ops.logical_and(place[None, None, :] >= starts[:, None, None], place[None, :, None] >= place[None, None, :])
    x = _embed(model, ids, position)  # (B, P) -> (B, P, D)
    cache: Cache = []
    for layer in backbone_of(model).transformer_layers:
        query, key, value = _project(layer, x)  # each (B, H, P, E)
        output, _ = _attend(layer, query, key, value, seen[:, None])
        x = _feed_forward(layer, x + output)
        spare = [[0, 0], [0, 0], [0, places - length], [0, 0]]
        cache.append((ops.pad(key, spare), ops.pad(value, spare)))
    hidden = call(backbone_of(model).layer_norm, x)
    return _logits(model, hidden[:, -1:]), hidden, cache


def read_token(model: keras.Model, ids: Any, starts: Any, place: Any, cache: Cache) -> tuple[Any, Any, Cache]:
    """Reads one more token of each text.

    Args:
        model: as `core.models.gpt2.gpt2.build` returns it.
        ids: int32 (B,).
        starts: int32 (B,), where each text begins.
        place: int or int32 (), where these tokens stand, in [P, S).
        cache: of all tokens before; it is not used again.

    Returns:
        The logits (B, V) of the next token, the last layer's normed output (B, D), and the new cache.
    """
    places = ops.arange(cache[0][0].shape[2], dtype="int32")
    seen = ops.logical_and(places[None, :] >= starts[:, None], places[None, :] <= place)  # (B, S)
    x = _embed(model, ids[:, None], (place - starts)[:, None])  # (B,) -> (B, 1, D)
    updated: Cache = []
    for layer, (keys, values) in zip(backbone_of(model).transformer_layers, cache, strict=True):
        query, key, value = _project(layer, x)  # each (B, H, 1, E)
        keys = ops.slice_update(keys, (0, 0, place, 0), key)
        values = ops.slice_update(values, (0, 0, place, 0), value)
        output, _ = _attend(layer, query, keys, values, seen[:, None, None])
        x = _feed_forward(layer, x + output)
        updated.append((keys, values))
    hidden = call(backbone_of(model).layer_norm, x)
    return _logits(model, hidden), hidden[:, 0], updated


def attention_of(model: keras.Model, ids: Any) -> Any:
    """Returns how much each token looks at each token before it.

    Args:
        model: as `core.models.gpt2.gpt2.build` returns it.
        ids: int32 (B, T).

    Returns:
        float32 (L, B, H, T, T): layer, text, head, the token that looks, the token looked at; each row sums to 1.
    """
    place = ops.arange(ids.shape[1], dtype="int32")
    x = _embed(model, ids, ops.broadcast_to(place[None], ids.shape))
    found = []
    for layer in backbone_of(model).transformer_layers:
        output, weights = _attend(layer, *_project(layer, x), (place[:, None] >= place[None, :])[None, None])
        x = _feed_forward(layer, x + output)
        found.append(weights)
    return ops.stack(found)


def text_bytes(model: keras.Model, prompt: int, places: int) -> int:
    """Returns about how much memory a text of a batch takes at most while it is written, beside the weights.

    Args:
        model: as `core.models.gpt2.gpt2.build` returns it.
        prompt: int, P.
        places: int, S.
    """
    backbone = backbone_of(model)
    cache = 2 * backbone.num_layers * places * backbone.hidden_dim * BYTES
    reading = 3 * backbone.num_heads * prompt * prompt * BYTES  # scores, masked scores and weights of one layer
    writing = cache + LOGITS_COPIES * backbone.vocabulary_size * BYTES  # each step makes a new cache out of the old one
    return cache + max(reading, writing)


def reorder(cache: Cache, rows: Any) -> Cache:
    """Returns the cache of other texts: row i of it is row `rows[i]` of the old one. Shape of rows: (B',)."""
    return [(ops.take(keys, rows, axis=0), ops.take(values, rows, axis=0)) for keys, values in cache]


def call(layer: keras.layers.Layer, *inputs: Any, **options: Any) -> Any:
    """Runs a layer without what Keras does around it, which PyTorch pays for in every step."""
    run = layer.call if getattr(layer, "quantization_mode", None) is None else layer.quantized_call
    return run(*inputs, **options)


def _embed(model: keras.Model, ids: Any, position: Any) -> Any:
    backbone = backbone_of(model)
    table = ops.convert_to_tensor(backbone.position_embedding.position_embeddings)
    # A text that has reached the context's end may stay in a batch with shorter ones: nobody reads what it gets then.
    position = ops.minimum(position, table.shape[0] - 1)
    return call(backbone.token_embedding, ids) + ops.take(table, position, axis=0)


def _project(layer: keras.layers.Layer, x: Any) -> tuple[Any, Any, Any]:
    attention = layer._self_attention_layer
    normed = call(layer._self_attention_layer_norm, x)
    parts = (attention.query_dense, attention.key_dense, attention.value_dense)
    query, key, value = (ops.transpose(call(part, normed), (0, 2, 1, 3)) for part in parts)  # (B, T, D) -> (B, H, T, E)
    return query, key, value


def _attend(layer: keras.layers.Layer, query: Any, keys: Any, values: Any, seen: Any) -> tuple[Any, Any]:
    """Returns the attention's output (B, T, D) and its weights (B, H, T, S)."""
    scores = ops.matmul(query, ops.transpose(keys, (0, 1, 3, 2))) / float(query.shape[-1]) ** 0.5
    weights = ops.softmax(ops.where(seen, scores, UNSEEN), axis=-1)
    mixed = ops.transpose(ops.matmul(weights, values), (0, 2, 1, 3))  # (B, H, T, E) -> (B, T, H, E)
    return call(layer._self_attention_layer.output_dense, mixed), weights


def _feed_forward(layer: keras.layers.Layer, x: Any) -> Any:
    wide = call(layer._feedforward_intermediate_dense, call(layer._feedforward_layer_norm, x))
    return x + call(layer._feedforward_output_dense, wide)


def _logits(model: keras.Model, hidden: Any) -> Any:
    return call(backbone_of(model).token_embedding, hidden, reverse=True)[:, 0]  # (B, 1, D) -> (B, V)
