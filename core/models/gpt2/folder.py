"""Opens a GPT-2 that lies in a folder, a Hugging Face one or a Keras preset, and writes one. Nothing is ever fetched.

A folder from elsewhere is hostile: its sizes are bounded before anything is built, its weights are read as plain
numbers, and nothing in it is deserialised.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import ml_dtypes  # noqa: F401 (tells NumPy of bfloat16, in which weights may be stored)
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as dump_safetensors

from core.errors import UserError
from core.files.atomic import path_exists, path_of
from core.models.gpt2.config import CONFIG, Gpt2Config, read_config
from core.models.gpt2.gpt2 import backbone_of, build
from core.models.gpt2.weights import from_hugging_face, hugging_face_shapes, to_hugging_face
from core.models.shared.size import check_size
from core.models.shared.variables import named_variables, read_variables
from core.settings.gpt2 import Gpt2Settings
from core.text.tokenizer.tokenizer import Tokenizer

WEIGHTS, KERAS_WEIGHTS = "model.safetensors", "model.weights.h5"
KERAS_TOKENIZER, KERAS_VOCABULARY = Path("assets", "tokenizer"), "vocabulary.json"
PREFIX, HEAD = "transformer.", "lm_head.weight"
UNSAFE = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".keras", ".h5", ".msgpack", ".npz", ".index")
FLOATS = ("F64", "F32", "F16", "BF16")
BYTES_TO_USE = 4  # of one parameter


@dataclass(frozen=True)
class Gpt2:
    """A GPT-2 that is ready to use.

    Args:
        model: as `core.models.gpt2.gpt2.build` returns it.
        settings: its architecture.
        tokenizer: its tokenizer; as many tokens as the model knows.
    """

    model: keras.Model
    settings: Gpt2Settings
    tokenizer: Tokenizer


def open_gpt2(place: str | Path) -> Gpt2:
    """Opens the GPT-2 in a folder.

    Args:
        place: the folder: config.json, model.safetensors, vocab.json and merges.txt, or a Keras preset's files.

    Raises:
        UserError: there is no such folder, it holds no GPT-2, its parts don't belong together, its weights are in a
            form that could run a program, or the computer has too little memory for it.
    """
    folder = _existing(path_of(place))
    if not (folder / CONFIG).is_file():
        _refuse_unsafe(folder)
    config = read_config(folder)
    weights = folder / (WEIGHTS if config.layout == "hugging_face" else KERAS_WEIGHTS)
    if not weights.is_file():
        _refuse_unsafe(folder)
        raise UserError(
            "'{folder}' holds no weights: there is no {name} in it.",
            hint="Copy the whole folder of the model.",
            folder=folder,
            name=weights.name,
        )
    check_size(config.parameters, bytes_each=BYTES_TO_USE)
    tokenizer = _read_tokenizer(folder, config)
    with _damage_told(weights):
        model = _read_hugging_face(weights, config) if config.layout == "hugging_face" else _read_keras(weights, config)
    return Gpt2(model, config.settings, tokenizer)


def gpt2_files(model: keras.Model, settings: Gpt2Settings, tokenizer: Tokenizer) -> dict[str, bytes]:
    """Returns the files of a Hugging Face folder, by name; `open_gpt2` and other programs read it.

    Args:
        model: as `core.models.gpt2.gpt2.build` returns it.
        settings: its architecture.
        tokenizer: its tokenizer.
    """
    values = read_variables(named_variables(model))
    tensors = {name: np.asarray(value, order="C") for name, value in to_hugging_face(values, settings).items()}
    config = {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "vocab_size": tokenizer.size,
        "n_layer": settings.layers,
        "n_head": settings.heads,
        "n_embd": settings.width,
        "n_positions": settings.context,
        "n_inner": settings.mlp_width or None,
        "layer_norm_epsilon": settings.norm_epsilon,
        **dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), settings.dropout),
        **dict.fromkeys(("bos_token_id", "eos_token_id"), tokenizer.end_id),
        "tie_word_embeddings": True,
    }
    return {
        CONFIG: json.dumps(config, indent=1).encode(),
        WEIGHTS: bytes(dump_safetensors(tensors, {"format": "pt"})),
        **tokenizer.files(),
    }


def _existing(folder: Path) -> Path:
    if not path_exists(folder):
        raise UserError(
            "There is no folder '{folder}' on this computer.",
            hint="Name the folder of a model; nothing is fetched from the network, so a bare model name does not do.",
            folder=folder,
        )
    if not folder.is_dir():
        if folder.suffix.lower() in UNSAFE:
            raise _unsafe(folder)
        raise UserError(
            "'{path}' is a file, not the folder of a model.",
            hint="Name the folder with config.json, model.safetensors, vocab.json and merges.txt in it.",
            path=folder,
        )
    return folder


def _refuse_unsafe(folder: Path) -> None:
    """Says so where the only weights are in a form that is never opened."""
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in UNSAFE and path.name != KERAS_WEIGHTS)
    if found:
        raise _unsafe(found[0])


def _unsafe(path: Path) -> UserError:
    return UserError(
        "'{path}' is not opened: weights in that form may run any program on this computer.",
        hint="Have them saved as model.safetensors where they come from: `save_pretrained(folder)` of transformers.",
        path=path,
    )


def _read_tokenizer(folder: Path, config: Gpt2Config) -> Tokenizer:
    if config.layout == "keras":
        tokenizer = Tokenizer.load(folder / KERAS_TOKENIZER, KERAS_VOCABULARY)
    else:
        tokenizer = Tokenizer.load(folder)
    if tokenizer.size != config.vocabulary_size:
        raise UserError(
            "The vocabulary of '{folder}' has {found} entries, but its model knows {wanted} tokens.",
            hint="Use vocab.json and merges.txt of the same model.",
            folder=folder,
            found=tokenizer.size,
            wanted=config.vocabulary_size,
        )
    return tokenizer


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except (SafetensorError, ValueError, KeyError, TypeError, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise UserError(
            "The weights in '{path}' are damaged, or of another model: {reason}.",
            hint="Copy the whole folder of the model again.",
            path=path,
            reason=reason,
        ) from error


def _read_hugging_face(path: Path, config: Gpt2Config) -> keras.Model:
    with safe_open(path, "np") as file:
        names = {name.removeprefix(PREFIX): name for name in file.keys()}  # noqa: SIM118 (it is no mapping)
        shapes = hugging_face_shapes(config.settings, config.vocabulary_size)
        for name, shape in shapes.items():
            if name not in names:
                raise ValueError(f"{name} is missing")
            found = file.get_slice(names[name])
            if tuple(found.get_shape()) != shape or found.get_dtype() not in FLOATS:
                raise ValueError(f"{name} is {found.get_dtype()} {tuple(found.get_shape())}, not a float {shape}")

        def read(name: str) -> np.ndarray:
            with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite, and is refused
                value = np.asarray(file.get_tensor(names[name]), np.float32)
            return _finite(value, name)

        if HEAD in names and not np.array_equal(read(HEAD), read("wte.weight")):
            raise ValueError("its head has weights of its own, which GPT-2's shares with the token embedding")
        model = build(config.settings, config.vocabulary_size)
        variables = named_variables(model)
        for name, value in from_hugging_face(read, config.settings):
            variables[name].assign(value)
    return model


def _read_keras(path: Path, config: Gpt2Config) -> keras.Model:
    # Each weight takes at least two bytes: a file that is smaller can't hold what config.json asks memory for.
    if path.stat().st_size < 2 * config.parameters:
        raise ValueError("it is smaller than what config.json describes")
    model: Any = build(config.settings, config.vocabulary_size)
    backbone_of(model).load_weights(path)
    for name, variable in named_variables(model).items():
        if "seed_generator" not in name:
            _finite(keras.ops.convert_to_numpy(variable.value), name)
    return model


def _finite(value: np.ndarray, name: str) -> np.ndarray:
    """One weight that is no number would make every word one that the model is sure of, or none."""
    if not np.isfinite(value).all():
        raise ValueError(f"{name} holds values that are no numbers")
    return value
