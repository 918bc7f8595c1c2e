"""Reads the config.json of somebody else's GPT-2 as settings of ours. Builds nothing and opens no weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.errors import UserError
from core.files.atomic import read_json
from core.settings.gpt2 import Gpt2Settings

CONFIG = "config.json"
LARGEST_CONFIG_BYTES = 2**20
MOST_TOKENS = 1_000_000
TANH_GELU = ("gelu_new", "gelu_pytorch_tanh", "gelu_fast")  # three names of one formula
KERAS_CLASS = "GPT2Backbone"


@dataclass(frozen=True)
class Gpt2Config:
    """What a folder says of the model in it.

    Args:
        layout: "hugging_face" or "keras", by whom the folder was written.
        settings: the architecture; its sizes are within the bounds that `Gpt2Settings` sets.
        vocabulary_size: int, tokens that the model knows.
    """

    layout: Literal["hugging_face", "keras"]
    settings: Gpt2Settings
    vocabulary_size: int

    @property
    def parameters(self) -> int:
        """How many weights such a model has."""
        width, inner = self.settings.width, self.settings.mlp_width or 4 * self.settings.width
        layer = 4 * width * (width + 1) + width * inner + inner + inner * width + width + 4 * width
        return (self.vocabulary_size + self.settings.context) * width + self.settings.layers * layer + 2 * width


def read_config(folder: Path) -> Gpt2Config:
    """Reads config.json, of a Hugging Face folder or a Keras preset.

    Raises:
        UserError: it is missing, broken, of another kind of model, or of a GPT-2 that can't be built here.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise UserError(
            "'{folder}' holds no {name}.",
            hint="Name a folder with config.json, model.safetensors, vocab.json and merges.txt, or a Keras preset.",
            folder=folder,
            name=CONFIG,
        )
    values = read_json(path) if path.stat().st_size <= LARGEST_CONFIG_BYTES else None
    if not isinstance(values, Mapping):
        raise _unfit(path, "it holds no JSON object of a sensible size")
    if isinstance(values.get("config"), Mapping):
        return _keras_config(path, str(values.get("class_name")), values["config"])
    return _hugging_face_config(path, values)


def _hugging_face_config(path: Path, values: Mapping[str, Any]) -> Gpt2Config:
    if values.get("model_type") != "gpt2":
        raise _unfit(path, f"it is of the kind '{values.get('model_type')}', not gpt2")
    if values.get("activation_function", TANH_GELU[0]) not in TANH_GELU:
        raise _unfit(path, f"its activation is '{values['activation_function']}', not {TANH_GELU[0]}")
    for name, usual in (
        ("scale_attn_weights", True),
        ("scale_attn_by_inverse_layer_idx", False),
        ("add_cross_attention", False),
    ):
        if values.get(name, usual) is not usual:
            raise _unfit(path, f"{name} is not {str(usual).lower()}")
    names = {
        "layers": "n_layer",
        "heads": "n_head",
        "width": "n_embd",
        "context": "n_positions",
        "mlp_width": "n_inner",
        "dropout": "resid_pdrop",
        "norm_epsilon": "layer_norm_epsilon",
    }
    defaults = {
        "n_layer": 12,
        "n_head": 12,
        "n_embd": 768,
        "n_positions": 1024,
        "resid_pdrop": 0.1,
        "vocab_size": 50257,
    }
    return _typed(path, "hugging_face", {**defaults, **values}, names, "vocab_size")


def _keras_config(path: Path, kind: str, values: Mapping[str, Any]) -> Gpt2Config:
    if kind != KERAS_CLASS:
        raise _unfit(path, f"it is of the kind '{kind}', not {KERAS_CLASS}")
    names = {
        "layers": "num_layers",
        "heads": "num_heads",
        "width": "hidden_dim",
        "context": "max_sequence_length",
        "mlp_width": "intermediate_dim",
        "dropout": "dropout",
    }
    return _typed(path, "keras", values, names, "vocabulary_size")


def _typed(
    path: Path,
    layout: Literal["hugging_face", "keras"],
    values: Mapping[str, Any],
    names: Mapping[str, str],
    size: str,
) -> Gpt2Config:
    """Checks types and bounds; a name without a value keeps the setting's default, as n_inner null does."""
    given = {ours: values[theirs] for ours, theirs in names.items() if values.get(theirs) is not None}
    for name, value in given.items():
        if type(value) not in (int, float):
            raise _unfit(path, f"{names[name]} is no number")
    vocabulary_size = values.get(size)
    if type(vocabulary_size) is not int or not 1 <= vocabulary_size <= MOST_TOKENS:
        raise _unfit(path, f"{size} is no number of tokens")
    try:
        return Gpt2Config(layout, Gpt2Settings.parse(given), vocabulary_size)
    except UserError as error:
        raise _unfit(path, str(error).rstrip(".")) from error


def _unfit(path: Path, reason: str) -> UserError:
    return UserError(
        "'{path}' describes no GPT-2 that can be opened here: {reason}.",
        hint="Use the folder of a GPT-2, as its library wrote it.",
        path=path,
        reason=reason,
    )
