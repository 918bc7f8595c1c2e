"""GPT-2's weights under the names of both worlds: Hugging Face's files and our variables. Knows no folder.

Shapes: D width, H heads, E = D / H, I the MLP's width, V tokens, C context.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from core.settings.gpt2 import Gpt2Settings

PROJECTIONS = ("query", "key", "value")
NORMS = {"ln_1": "self_attention_layer_norm", "ln_2": "feedforward_layer_norm"}
DENSE = {"mlp.c_fc": "feedforward_intermediate_dense", "mlp.c_proj": "feedforward_output_dense"}
WHOLE = {"wte.weight": "token_embedding/embeddings", "wpe.weight": "position_embedding/embeddings"}
FINAL_NORM = {"ln_f.weight": "layer_norm/gamma", "ln_f.bias": "layer_norm/beta"}


def hugging_face_shapes(settings: Gpt2Settings, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
    """Returns the tensors that a GPT-2's file holds, by name without "transformer."."""
    width, inner = settings.width, settings.mlp_width or 4 * settings.width
    shapes: dict[str, tuple[int, ...]] = {
        "wte.weight": (vocabulary_size, width),
        "wpe.weight": (settings.context, width),
    }
    sizes = {"attn.c_attn": (width, 3 * width), "attn.c_proj": (width, width)}
    sizes |= {"mlp.c_fc": (width, inner), "mlp.c_proj": (inner, width)}
    for layer in range(settings.layers):
        shapes |= {f"h.{layer}.{norm}.{part}": (width,) for norm in NORMS for part in ("weight", "bias")}
        shapes |= {f"h.{layer}.{name}.weight": size for name, size in sizes.items()}
        shapes |= {f"h.{layer}.{name}.bias": size[1:] for name, size in sizes.items()}
    return shapes | dict.fromkeys(FINAL_NORM, (width,))


def from_hugging_face(read: Callable[[str], np.ndarray], settings: Gpt2Settings) -> Iterator[tuple[str, np.ndarray]]:
    """Yields our variables one after the other, so that no more than one tensor is held at a time.

    Args:
        read: gives a tensor of that name, as `hugging_face_shapes` lists them.
        settings: the architecture.

    Yields:
        The variable's name, as `named_variables` gives it, and its value.
    """
    width, heads = settings.width, settings.heads
    for theirs, ours in (WHOLE | FINAL_NORM).items():
        yield f"model/{ours}", read(theirs)
    for index in range(settings.layers):
        layer, theirs = f"model/transformer_layer_{index}", f"h.{index}"
        kernel, bias = read(f"{theirs}.attn.c_attn.weight"), read(f"{theirs}.attn.c_attn.bias")
        for place, name in enumerate(PROJECTIONS):
            part = slice(place * width, (place + 1) * width)
            yield f"{layer}/self_attention/{name}/kernel", kernel[:, part].reshape(width, heads, -1)  # (D, H, E)
            yield f"{layer}/self_attention/{name}/bias", bias[part].reshape(heads, -1)  # (H, E)
        output = read(f"{theirs}.attn.c_proj.weight")
        yield f"{layer}/self_attention/attention_output/kernel", output.reshape(heads, -1, width)  # (H, E, D)
        yield f"{layer}/self_attention/attention_output/bias", read(f"{theirs}.attn.c_proj.bias")
        for norm, ours in NORMS.items():
            yield f"{layer}/{ours}/gamma", read(f"{theirs}.{norm}.weight")
            yield f"{layer}/{ours}/beta", read(f"{theirs}.{norm}.bias")
        for dense, ours in DENSE.items():
            yield f"{layer}/{ours}/kernel", read(f"{theirs}.{dense}.weight")
            yield f"{layer}/{ours}/bias", read(f"{theirs}.{dense}.bias")


def to_hugging_face(values: Mapping[str, np.ndarray], settings: Gpt2Settings) -> dict[str, np.ndarray]:
    """Returns the tensors of a Hugging Face file.

    Args:
        values: our variables, as `read_variables` returns them.
        settings: the architecture.
    """
    width = settings.width
    found = {theirs: values[f"model/{ours}"] for theirs, ours in (WHOLE | FINAL_NORM).items()}
    for index in range(settings.layers):
        layer, theirs = f"model/transformer_layer_{index}", f"h.{index}"
        attention = f"{layer}/self_attention"
        kernels = [values[f"{attention}/{name}/kernel"].reshape(width, width) for name in PROJECTIONS]
        found[f"{theirs}.attn.c_attn.weight"] = np.concatenate(kernels, axis=1)  # 3 of (D, D) -> (D, 3D)
        biases = [values[f"{attention}/{name}/bias"].reshape(width) for name in PROJECTIONS]
        found[f"{theirs}.attn.c_attn.bias"] = np.concatenate(biases)
        found[f"{theirs}.attn.c_proj.weight"] = values[f"{attention}/attention_output/kernel"].reshape(width, width)
        found[f"{theirs}.attn.c_proj.bias"] = values[f"{attention}/attention_output/bias"]
        for norm, ours in NORMS.items():
            found[f"{theirs}.{norm}.weight"] = values[f"{layer}/{ours}/gamma"]
            found[f"{theirs}.{norm}.bias"] = values[f"{layer}/{ours}/beta"]
        for dense, ours in DENSE.items():
            found[f"{theirs}.{dense}.weight"] = values[f"{layer}/{ours}/kernel"]
            found[f"{theirs}.{dense}.bias"] = values[f"{layer}/{ours}/bias"]
    return {f"transformer.{name}": value for name, value in found.items()}
