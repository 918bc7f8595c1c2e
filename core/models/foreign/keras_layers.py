"""The layers that a foreign model file may hold, and the arguments of each. Anything else in such a file is refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import keras

MOST_UNITS, MOST_PX, MOST_FACTOR = 65_536, 64, 16
ACTIVATIONS = (
    *("linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "mish"),
    *("tanh", "sigmoid", "hard_sigmoid", "hard_silu", "softmax", "softplus"),
)


class RefusedError(ValueError):
    """Something in a model file that is not built; says what."""


Check = Callable[[Any], bool]


def _whole(low: int, high: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _list_of(check: Check, most: int) -> Check:
    return lambda value: (
        check(value) or (isinstance(value, list) and 1 <= len(value) <= most and all(check(one) for one in value))
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _switch(value: Any) -> bool:
    return isinstance(value, bool)


def _one_of(*names: str) -> Check:
    return lambda value: isinstance(value, str) and value in names


def _padding_px(value: Any) -> bool:
    side = _list_of(_whole(0, 1024), 2)
    return side(value) or (isinstance(value, list) and len(value) == 2 and all(side(one) for one in value))


SIDES = _list_of(_whole(1, MOST_PX), 2)
FACTORS = _list_of(_whole(1, MOST_FACTOR), 2)
ACTIVATION = _one_of(*ACTIVATIONS)
NORM: Mapping[str, Check] = {
    "axis": _list_of(_whole(-4, 4), 4),
    "epsilon": _number,
    "center": _switch,
    "scale": _switch,
}
WINDOW: Mapping[str, Check] = {
    "kernel_size": SIDES,
    "strides": FACTORS,
    "padding": _one_of("same", "valid"),
    "dilation_rate": SIDES,
    "activation": ACTIVATION,
    "use_bias": _switch,
}
POOL: Mapping[str, Check] = {"pool_size": SIDES, "strides": FACTORS, "padding": _one_of("same", "valid")}
ARGUMENTS: Mapping[str, Mapping[str, Check]] = {
    "Conv2D": {**WINDOW, "filters": _whole(1, MOST_UNITS), "groups": _whole(1, MOST_UNITS)},
    "DepthwiseConv2D": {**WINDOW, "depth_multiplier": _whole(1, 64)},
    "SeparableConv2D": {**WINDOW, "filters": _whole(1, MOST_UNITS), "depth_multiplier": _whole(1, 64)},
    "Dense": {"units": _whole(1, MOST_UNITS), "activation": ACTIVATION, "use_bias": _switch},
    "BatchNormalization": {**NORM, "momentum": _number},
    "LayerNormalization": NORM,
    "Rescaling": {"scale": _list_of(_number, 4), "offset": _list_of(_number, 4)},
    "Activation": {"activation": ACTIVATION},
    "ReLU": {"max_value": _number, "negative_slope": _number, "threshold": _number},
    "LeakyReLU": {"negative_slope": _number},
    "ELU": {"alpha": _number},
    "Softmax": {"axis": _whole(-4, 4)},
    "MaxPooling2D": POOL,
    "AveragePooling2D": POOL,
    "GlobalAveragePooling2D": {"keepdims": _switch},
    "GlobalMaxPooling2D": {"keepdims": _switch},
    "ZeroPadding2D": {"padding": _padding_px},
    "Cropping2D": {"cropping": _padding_px},
    "UpSampling2D": {"size": FACTORS, "interpolation": _one_of("nearest", "bilinear", "bicubic")},
    "Flatten": {},
    "Reshape": {"target_shape": _list_of(_whole(-1, 1_000_000), 4)},
    "Dropout": {"rate": _number},
    "SpatialDropout2D": {"rate": _number},
    "Add": {},
    "Multiply": {},
    "Average": {},
    "Maximum": {},
    "Concatenate": {"axis": _whole(-4, 4)},
}
MERGING = ("Add", "Multiply", "Average", "Maximum", "Concatenate")
# Arguments that are ignored: they concern training and initialisation alone.
IGNORED = ("name", "trainable", "dtype", "data_format", "synchronized", "renorm", "renorm_clipping", "renorm_momentum")
IGNORED_ENDINGS = ("_initializer", "_regularizer", "_constraint", "_shape", "seed", "noise_shape")


def make_layer(kind: str, name: str, config: Mapping[str, Any]) -> keras.layers.Layer:
    """Builds a layer from plain numbers and strings; nothing is deserialised.

    Args:
        kind: the class's name.
        name: what the layer is called.
        config: its configuration in the file.

    Raises:
        RefusedError: the class is not in the list, or an argument is unknown or out of bounds.
    """
    if kind not in ARGUMENTS:
        raise RefusedError(f"it holds a layer of the class '{kind[:60]}', which is not allowed")
    if config.get("data_format", "channels_last") not in ("channels_last", None):
        raise RefusedError(f"the layer '{name}' expects its channels first")
    allowed = ARGUMENTS[kind]
    values = {}
    for key, value in config.items():
        if key in allowed:
            if value is not None:
                if not allowed[key](value):
                    raise RefusedError(f"the layer '{name}' has a value of {key} that is not allowed")
                values[key] = _plain(value)
        elif value and key not in IGNORED and not key.endswith(IGNORED_ENDINGS):
            raise RefusedError(f"the layer '{name}' has an unknown argument '{key[:60]}'")
    if kind == "BatchNormalization" and isinstance(values.get("axis"), tuple):
        values["axis"] = values["axis"][0]
    try:
        made: keras.layers.Layer = getattr(keras.layers, kind)(name=name, **values)
    except (ValueError, TypeError) as error:
        raise RefusedError(f"the layer '{name}' can't be built") from error
    return made


def _plain(value: Any) -> Any:
    return tuple(_plain(one) for one in value) if isinstance(value, list) else value
