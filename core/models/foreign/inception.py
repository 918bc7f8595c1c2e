"""InceptionV3 with weights from the user's own file, of which only arrays are read. Knows neither data nor scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from core.errors import UserError

SIDE_PX = 299
CLASSES = 1000
LARGEST_BYTES = 512 * 2**20  # four times what the weights take
MOST_NAMES = 1000


class UnfitError(ValueError):
    """The file does not hold what it should. Its text is a short reason."""


def load_inception(path: Path) -> tuple[keras.Model, int]:
    """Builds InceptionV3 and fills it from a file, old `.h5` or new `.weights.h5`, with or without the classifier.

    Nothing in the file is built, imported or run: the network is Keras's own, the file gives floats of shapes that are
    known before they are read. Links out of the file and arrays stored outside it are refused.

    Shapes: B pictures of 299 x 299 RGB pixels.

    Args:
        path: the file.

    Returns:
        float32 (B, 299, 299, 3) of 0 to 255 -> float32 (B, 2048 + K): the features after the last pooling, then the
        logits; and K, 1,000 where the file holds the classifier, else 0.

    Raises:
        UserError: it can't be read, or does not hold these weights.

    Reference:
        - [Szegedy et al., 2016](https://arxiv.org/abs/1512.00567).
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UnfitError("it is too large")
        with h5py.File(path, "r") as file:
            top = _holds_top(file)
            network = _build(top=top)
            _fill(network, file)
    # h5py turns what the HDF5 library finds damaged into any of these.
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, OverflowError, MemoryError) as error:
        raise UserError(
            "'{path}' holds no weights of InceptionV3: {reason}.",
            hint="Use the .h5 file of Keras Applications, or one written by save_weights of the same network.",
            path=path,
            reason=error if isinstance(error, UnfitError) else "it can't be read as an HDF5 file of weights",
        ) from error
    features = network.get_layer("avg_pool").output
    outputs = keras.layers.Concatenate(name="features_logits")([features, network.output]) if top else features
    inputs = keras.Input((SIDE_PX, SIDE_PX, 3), name="pixels")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(inputs)
    watched = keras.Model(network.input, outputs)
    return keras.Model(inputs, watched(scaled), name="inception"), CLASSES if top else 0


def _build(*, top: bool) -> keras.Model:
    network = keras.applications.InceptionV3(
        weights=None, include_top=top, input_shape=(SIDE_PX, SIDE_PX, 3), classifier_activation=None
    )
    if not top:
        pooled = keras.layers.GlobalAveragePooling2D(name="avg_pool")(network.output)
        network = keras.Model(network.input, pooled)
    return network


def _holds_top(file: h5py.File) -> bool:
    return any(name == "predictions" for name in _names(file, "layer_names")) or "dense" in _new_layers(file)


def _fill(network: keras.Model, file: h5py.File) -> None:
    """Gives every layer its arrays; all are read before the first is given."""
    weighted = [layer for layer in network.layers if layer.weights]
    stored = list(_new_arrays(file, network) if _new_layers(file) else _old_arrays(file))
    if len(stored) != len(weighted):
        raise UnfitError(f"it has {len(stored)} layers with weights, not {len(weighted)}")
    for layer, arrays in zip(weighted, stored, strict=True):
        layer.set_weights(_read(layer, arrays))


def _read(layer: keras.layers.Layer, arrays: Sequence[Any]) -> list[np.ndarray]:
    if not all(_is_plain(array) for array in arrays):
        raise UnfitError(f"the weights of {layer.name} are no plain arrays of numbers")
    if [array.shape for array in arrays] != [tuple(weight.shape) for weight in layer.weights]:
        raise UnfitError(f"the weights of {layer.name} have other shapes")
    values = [np.asarray(array[()], np.float32) for array in arrays]
    if not all(np.isfinite(value).all() for value in values):
        raise UnfitError(f"a weight of {layer.name} is not a number")
    return values


def _is_plain(found: Any) -> bool:
    """Whether what lies in the file is an array of floats, kept in the file itself: no group, no named data type."""
    return (
        isinstance(found, h5py.Dataset) and found.dtype.kind == "f" and found.external is None and not found.is_virtual
    )


def _old_arrays(file: h5py.File) -> Iterator[list[Any]]:
    """Yields the arrays of each layer that has some, as Keras 2 wrote them: by lists of names."""
    for name in _names(file, "layer_names"):
        group = _inside(file, name)
        arrays = [_inside(group, weight) for weight in _names(group, "weight_names")]
        if arrays:
            yield arrays


def _new_arrays(file: h5py.File, network: keras.Model) -> Iterator[list[Any]]:
    """Yields the same as Keras 3 writes it: layers numbered by their kind, in the network's order."""
    layers, counts = _inside(file, _new_layers_name(file)), dict[str, int]()
    for layer in network.layers:
        kind = {"Conv2D": "conv2d", "BatchNormalization": "batch_normalization", "Dense": "dense"}.get(
            type(layer).__name__
        )
        if kind is None:
            continue
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        variables = _inside(layers, f"{kind}_{number}/vars" if number else f"{kind}/vars")
        yield [_inside(variables, str(place)) for place in range(len(layer.weights))]


def _new_layers_name(file: h5py.File) -> str:
    return next((name for name in ("layers", "_layer_checkpoint_dependencies") if name in file.keys()), "")  # noqa: SIM118


def _new_layers(file: h5py.File) -> list[str]:
    """Returns what a Keras 3 file calls its layers; nothing for an older one."""
    name = _new_layers_name(file)
    layers = _inside(file, name) if name and "layer_names" not in file.attrs else None
    return list(layers) if isinstance(layers, h5py.Group) else []


def _names(group: Any, attribute: str) -> list[str]:
    """Returns a list of names that Keras 2 keeps with a group."""
    if not isinstance(group, h5py.Group) or attribute not in group.attrs:
        return []
    if len(group.attrs.get_id(attribute).shape) != 1 or group.attrs.get_id(attribute).shape[0] > MOST_NAMES:
        raise UnfitError("its lists of layers are no such lists")
    return [name.decode() if isinstance(name, bytes) else str(name) for name in group.attrs[attribute]]


def _inside(group: Any, path: str) -> Any:
    """Returns what lies at a path inside the file, links out of it refused at every step."""
    for name in path.split("/"):
        link = group.get(name, getlink=True) if isinstance(group, h5py.Group) and name else None
        if not isinstance(link, h5py.HardLink):
            raise UnfitError(f"{path[:80]} is missing")
        group = group[name]
    return group
