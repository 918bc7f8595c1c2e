"""Opens a .keras file that may come from anywhere. Its layers are made anew from plain numbers; no code of it is run.

Only what `core.models.foreign.keras_layers` lists is made, and Keras is never asked to deserialise the file's
configuration.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.errors import UserError
from core.models.foreign.keras_layers import MERGING, RefusedError, make_layer
from core.models.foreign.keras_weights import check_weights
from core.models.shared.size import check_size, count_parameters

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
MOST_CONFIG_BYTES, MOST_ENTRIES, MOST_LAYERS = 32 * 2**20, 1000, 2000
LARGEST_SIDE, MOST_VALUES = 4096, 2**28  # of a picture, px; of one layer's output
BYTES_TO_USE = 4
MOST_STORED_BYTES, SLACK_BYTES = 32, 2**26  # of a weight and an optimizer's three numbers as float64; all else
LAYER_NAME = re.compile(r"[\w./ -]{1,200}")


def read_keras_file(path: Path) -> keras.Model:
    """Builds the model of a file and gives it the file's weights.

    Args:
        path: a .keras file: Functional or Sequential, of one picture input, without nested models.

    Returns:
        A functional model, float32 (B, H, W, C) -> any.

    Raises:
        UserError: it is no such file, is damaged, or holds what is not opened.
    """
    try:
        config, weight_bytes = _read_archive(path)
        parameters = count_parameters(lambda: _build(config))
        if parameters * 2 > weight_bytes:  # float16 is the least that weights are stored in
            raise RefusedError("its weights are fewer than its layers ask for")
        check_size(parameters, bytes_each=BYTES_TO_USE)
        if weight_bytes > parameters * MOST_STORED_BYTES + SLACK_BYTES:
            raise RefusedError("its weights are larger than its layers ask for")
        model = _build(config)
        _load_weights(model, path, parameters)
        if not all(np.isfinite(np.asarray(keras.ops.convert_to_numpy(one.value))).all() for one in model.weights):
            raise RefusedError("some of its weights are no numbers")
    except UserError:
        raise
    except RefusedError as error:
        raise _refused(path, str(error)) from error
    except OSError as error:
        raise _refused(path, error.strerror or "its weights are damaged") from error
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:  # also a password, zlib's own
        raise _refused(path, "it is damaged") from error
    except MemoryError as error:
        raise _refused(path, "this computer has not enough memory for it") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise _refused(path, "its layers and weights don't fit each other") from error
    return model if not isinstance(model, keras.Sequential) else keras.Model(model.inputs[0], model.outputs[0])


def _refused(path: Path, reason: str) -> UserError:
    return UserError(
        "The model '{path}' can't be used: {reason}.",
        hint="Use a .keras file of a convolutional network made of Keras's own layers, without Lambda.",
        path=path,
        reason=reason,
    )


def _read_archive(path: Path) -> tuple[dict[str, Any], int]:
    """Returns the configuration, and how many bytes the weights take."""
    if not path.is_file():
        raise RefusedError("there is no such file")
    if path.suffix != ".keras":
        raise RefusedError("its name does not end in .keras")
    if not zipfile.is_zipfile(path):
        raise RefusedError("it is no .keras file")
    with zipfile.ZipFile(path) as archive:
        found = {entry.filename: entry for entry in archive.infolist()}
        if len(found) != len(archive.infolist()) or len(found) > MOST_ENTRIES or not {CONFIG, WEIGHTS} <= found.keys():
            raise RefusedError("it is no .keras file")
        if found[CONFIG].file_size > MOST_CONFIG_BYTES:
            raise RefusedError("its description is too long")
        try:
            config = json.loads(archive.read(CONFIG))
        except (ValueError, RecursionError) as error:
            raise RefusedError("its description is no JSON") from error
        if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
            raise RefusedError("its description is none of a model")
        return config, found[WEIGHTS].file_size


def _load_weights(model: keras.Model, path: Path, parameters: int) -> None:
    """Gives the model the file's weights, from a copy outside the archive: HDF5 jumps about, and an archive is slow."""
    with tempfile.TemporaryDirectory(prefix="pixelwright-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / WEIGHTS
        with zipfile.ZipFile(path) as archive, archive.open(WEIGHTS) as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target)
        check_weights(copy, parameters)
        model.load_weights(copy)


def _build(config: Mapping[str, Any]) -> keras.Model:
    kind = config.get("class_name")
    if config.get("registered_name") not in (None, kind) or kind not in ("Functional", "Model", "Sequential"):
        raise RefusedError(f"it is a model of a class of its own, '{str(kind)[:60]}'")
    rows = config["config"].get("layers")
    if not isinstance(rows, list) or not 1 < len(rows) <= MOST_LAYERS or not all(isinstance(row, dict) for row in rows):
        raise RefusedError("it has no layers, or far too many")
    return _build_sequential(rows) if kind == "Sequential" else _build_functional(config["config"], rows)


def _build_sequential(rows: list[dict[str, Any]]) -> keras.Model:
    if rows[0].get("class_name") != "InputLayer":
        raise RefusedError("it doesn't say what pictures it takes")
    model = keras.Sequential([_input(rows[0])])
    for row in rows[1:]:
        model.add(_layer(row))
        _refuse_large(model.layers[-1])
    return model


def _build_functional(config: Mapping[str, Any], rows: list[dict[str, Any]]) -> keras.Model:
    outputs: dict[str, Any] = {}
    for row in rows:
        name = _name(row)
        if name in outputs:
            raise RefusedError(f"two of its layers are called '{name}'")
        if row.get("class_name") == "InputLayer":
            outputs[name] = _input(row)
            continue
        layer = _layer(row)
        sources = _sources(row, name)
        if any(source not in outputs for source in sources) or (len(sources) > 1) != (
            layer.__class__.__name__ in MERGING
        ):
            raise RefusedError(f"the layer '{name}' is fed by what is not there")
        fed = [outputs[source] for source in sources]
        outputs[name] = layer(fed if len(fed) > 1 else fed[0])
        _refuse_large(layer)
    inputs, results = (_ends(config.get(key)) for key in ("input_layers", "output_layers"))
    if len(inputs) != 1 or not {*inputs, *results} <= outputs.keys():
        raise RefusedError("it has not one picture as its input")
    return keras.Model(
        outputs[inputs[0]], [outputs[name] for name in results] if len(results) > 1 else outputs[results[0]]
    )


def _name(row: Mapping[str, Any]) -> str:
    values = row.get("config")
    name = values.get("name") if isinstance(values, dict) else None
    if not isinstance(name, str) or not LAYER_NAME.fullmatch(name):
        raise RefusedError("one of its layers has no name, or a strange one")
    return name


def _input(row: Mapping[str, Any]) -> Any:
    name = _name(row)
    shape = row["config"].get("batch_shape") or row["config"].get("batch_input_shape")
    if not isinstance(shape, list) or len(shape) != 4 or shape[3] not in (1, 3):
        raise RefusedError("it takes no pictures, grey or RGB with the channels last")
    if not all(side is None or (isinstance(side, int) and 1 <= side <= LARGEST_SIDE) for side in shape[1:3]):
        raise RefusedError("it takes pictures of a strange size")
    return keras.Input(tuple(shape[1:]), name=name)


def _layer(row: Mapping[str, Any]) -> keras.layers.Layer:
    name, kind, module = _name(row), row.get("class_name"), row.get("module")
    if (
        not isinstance(kind, str)
        or module not in ("keras.layers", None)
        or row.get("registered_name") not in (None, kind)
    ):
        raise RefusedError(f"the layer '{name}' is none of Keras's own")
    return make_layer(kind, name, row["config"])


def _sources(row: Mapping[str, Any], name: str) -> list[str]:
    """Returns the names of the layers that feed this one, which must be used once, without anything else."""
    nodes = row.get("inbound_nodes")
    if not isinstance(nodes, list) or len(nodes) != 1 or not isinstance(nodes[0], dict):
        raise RefusedError(f"the layer '{name}' is used more than once, or in an old way")
    arguments = nodes[0].get("args")
    if not isinstance(arguments, list) or len(arguments) != 1:
        raise RefusedError(f"the layer '{name}' is fed in a strange way")
    tensors = arguments[0] if isinstance(arguments[0], list) else arguments
    histories = [one["config"]["keras_history"] for one in tensors]
    if not histories or not all(history[1:] == [0, 0] for history in histories):
        raise RefusedError(f"the layer '{name}' is fed by a layer that is used more than once")
    return [str(history[0]) for history in histories]


def _ends(value: Any) -> list[str]:
    """Returns names of `input_layers` or `output_layers`: one ["name", 0, 0], or a list of them."""
    rows = [value] if isinstance(value, list) and value and isinstance(value[0], str) else value
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) and row for row in rows):
        raise RefusedError("it doesn't say where its layers begin and end")
    return [str(row[0]) for row in rows]


def _refuse_large(layer: keras.layers.Layer) -> None:
    if prod(side or 1 for side in layer.output.shape[1:]) > MOST_VALUES:
        raise RefusedError(f"what the layer '{layer.name}' puts out is far too large")
