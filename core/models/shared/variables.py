"""Variables of a model by name, as NumPy arrays: the form in which weights move between files and backends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras
import ml_dtypes
import numpy as np
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save as dump_safetensors

# The types a variable may have, by the names that safetensors gives them; its own reader for NumPy lacks bfloat16.
DTYPES: Mapping[str, Any] = {
    "BF16": ml_dtypes.bfloat16,
    "BOOL": np.bool_,
    **{f"F{bits}": np.dtype(f"float{bits}") for bits in (16, 32, 64)},
    **{
        f"{sign}{bits}": np.dtype(f"{name}{bits}")
        for sign, name in (("I", "int"), ("U", "uint"))
        for bits in (8, 16, 32, 64)
    },
}


def named_variables(model: keras.Model) -> dict[str, Any]:
    """Returns the model's variables by name.

    Args:
        model: a built model.

    Returns:
        "model/block1_conv/kernel" and so on; weights, running statistics and the states of random generators.
    """
    return dict(named("model", model.variables))


def read_variables(variables: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Copies the variables' values out of the backend."""
    return {name: np.array(keras.ops.convert_to_numpy(variable.value)) for name, variable in variables.items()}


def write_variables(variables: Mapping[str, Any], values: Mapping[str, np.ndarray]) -> None:
    """Gives the variables these values.

    Raises:
        ValueError: a value is missing or of another shape.
    """
    for name, variable in variables.items():
        if name not in values or tuple(values[name].shape) != tuple(variable.shape):
            found = values[name].shape if name in values else "nothing"
            raise ValueError(f"The variable {name} needs shape {tuple(variable.shape)}. Received: {found}")
    for name, variable in variables.items():
        variable.assign(values[name].astype(variable.dtype))


def pack(values: Mapping[str, np.ndarray]) -> bytes:
    """Returns the arrays as the content of a safetensors file."""
    return bytes(dump_safetensors({name: np.asarray(value, order="C") for name, value in values.items()}))


def unpack(content: bytes) -> dict[str, np.ndarray]:
    """Returns the arrays of a safetensors file.

    Raises:
        ValueError: it is none.
    """
    try:
        return {
            name: np.frombuffer(found["data"], DTYPES[found["dtype"]]).reshape(found["shape"])
            for name, found in deserialize(content)
        }
    except (SafetensorError, KeyError, TypeError) as error:  # KeyError: a data type that no variable has
        raise ValueError("the weights are no safetensors file") from error


def named(group: str, variables: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Gives each variable its name, "group/path", with a number where a path occurs again."""
    seen: dict[str, int] = {}
    for variable in variables:
        # Keras numbers random generators through the whole process: count them anew, in the order of the layers.
        path = "seed_generator" if variable.path.endswith("seed_generator_state") else variable.path
        name = f"{group}/{path}"
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name}#{seen[name]}"), variable
