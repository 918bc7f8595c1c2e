"""Weights as the content of a file: every type that a variable may have comes back as it was."""

import keras
import numpy as np
import pytest

from core.models.shared.variables import named_variables, pack, read_variables, unpack, write_variables


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_weights_of_any_precision_come_back(dtype):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(4, dtype=dtype, name="d") for _ in range(2)]
    models = [keras.Sequential([keras.Input((3,)), layer], name="m") for layer in layers]
    written = read_variables(named_variables(models[0]))
    read = unpack(pack(written))
    write_variables(named_variables(models[1]), read)
    for name, value in read_variables(named_variables(models[1])).items():
        assert read[name].dtype == written[name].dtype
        np.testing.assert_array_equal(value.astype("float32"), written[name].astype("float32"))
        assert name.endswith("bias") or value.astype("float32").any()


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float64"]
)
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_other_types_and_shapes_come_back(dtype, shape):
    value = np.ones(shape, dtype)
    found = unpack(pack({"a": value}))["a"]
    assert (found.dtype, found.shape) == (value.dtype, value.shape)
    np.testing.assert_array_equal(found, value)


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"\2\0\0\0\0\0\0\0{"])
def test_what_is_no_such_file_is_refused(content):
    with pytest.raises(ValueError, match="no safetensors file"):
        unpack(content)
