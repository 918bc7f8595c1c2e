"""A .keras file from anywhere: what is made of Keras's own layers opens equal, all else is refused in a sentence."""

import io
import json
import shutil
import tracemalloc
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from core.errors import UserError
from core.models.foreign.keras_file import CONFIG, WEIGHTS, read_keras_file


def residual():
    """Two branches, shapes that depend on the order of the layers, everything a ResNet or a MobileNet has."""
    inputs = keras.Input((16, 16, 3))
    x = layers.Rescaling(1 / 127.5, -1.0)(inputs)
    x = layers.Conv2D(6, 3, 2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = short = layers.ReLU(6.0)(x)
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = layers.DepthwiseConv2D(2, activation="relu")(x)
    x = layers.Conv2D(6, 1)(x)
    x = layers.Add()([x, short])
    scale = layers.GlobalAveragePooling2D(keepdims=True)(x)
    scale = layers.Conv2D(6, 1, activation="sigmoid")(scale)
    x = layers.Multiply()([x, scale])
    x = layers.Concatenate()([layers.MaxPooling2D()(x), layers.AveragePooling2D(2)(x)])
    x = layers.SeparableConv2D(5, 3)(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(layers.Dropout(0.5)(x))))


def sequential():
    return keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
        ]
    )


def save(model, folder):
    """Saves the model, with random weights, as model.keras; returns its path."""
    random = np.random.default_rng(0)
    model.set_weights([random.uniform(0.1, 1.0, weight.shape) for weight in model.get_weights()])
    model.save(folder / "model.keras")
    return folder / "model.keras"


@pytest.fixture
def saved(tmp_path):
    return lambda model: save(model, tmp_path)


@pytest.fixture(scope="module")
def residual_file(tmp_path_factory):
    """A file of `residual()`. Nobody changes it: copy it."""
    return save(residual(), tmp_path_factory.mktemp("residual"))


def changed(path, change, **files):
    """Writes the file anew, its configuration changed, or some of its files replaced."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(contents[CONFIG])
    change(config)
    contents[CONFIG] = json.dumps(config).encode()
    contents.update(files)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            if content is not None:
                archive.writestr(name, content)
    return path


def layer(config, kind):
    return next(row for row in config["config"]["layers"] if row["class_name"] == kind)


@pytest.mark.parametrize("build", [residual, sequential])
def test_a_file_of_keras_layers_opens_equal(saved, build):
    model = build()
    path = saved(model)
    found = read_keras_file(path)
    pixels = np.random.default_rng(1).uniform(0, 255, (2, *model.input_shape[1:])).astype(np.float32)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(found(pixels, training=False)),
        keras.ops.convert_to_numpy(model(pixels, training=False)),
        rtol=1e-5,
    )


def test_a_lambda_is_neither_run_nor_opened(saved, tmp_path):
    trap = tmp_path / "sprung"
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(2, 3), layers.Lambda(lambda x: x, output_shape=(6, 6, 2))]
    )
    path = saved(model)

    def call_something(config):
        layer(config, "Lambda")["config"]["function"] = {
            "module": "pathlib",
            "class_name": "function",
            "config": {"name": "Path.touch", "args": [str(trap)]},
        }

    with pytest.raises(UserError, match="'Lambda', which is not allowed"):
        read_keras_file(changed(path, call_something))
    assert not trap.exists()


def _class_of_its_own(config):
    config["class_name"] = "Evil"


def _layer_of_its_own(config):
    layer(config, "Conv2D")["module"] = "somewhere.else"


def _registered(config):
    layer(config, "Conv2D")["registered_name"] = "package>Conv2D"


def _activation_to_deserialise(config):
    layer(config, "Conv2D")["config"]["activation"] = {"module": "os", "class_name": "function", "config": "system"}


def _huge_filters(config):
    layer(config, "Conv2D")["config"]["filters"] = 10**9


def _many_units(config):
    layer(config, "Dense")["config"]["units"] = 60_000


def _huge_input(config):
    layer(config, "InputLayer")["config"]["batch_shape"] = [None, 10**7, 10**7, 3]


def _no_picture(config):
    layer(config, "InputLayer")["config"]["batch_shape"] = [None, 16]


def _huge_maps(config):
    layer(config, "ZeroPadding2D")["config"]["padding"] = [[0, 10**6], [0, 10**6]]


def _strange_argument(config):
    layer(config, "Conv2D")["config"]["callback"] = "os.system"


def _fed_by_nothing(config):
    layer(config, "Add")["inbound_nodes"][0]["args"][0][0]["config"]["keras_history"][0] = "nothing"


def _used_twice(config):
    layer(config, "ReLU")["inbound_nodes"] *= 2


def _not_a_number(config):
    layer(config, "BatchNormalization")["config"]["epsilon"] = "1e-3"


def _other_shape(config):
    layer(config, "Dense")["config"]["units"] = 2


def _no_layers(config):
    config["config"]["layers"] = []


def _no_nodes(config):
    layer(config, "Conv2D")["inbound_nodes"] = [{"args": [{"config": {}}], "kwargs": {}}]


@pytest.mark.filterwarnings("ignore:Skipping nested container:UserWarning")  # Keras, before it gives up
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_class_of_its_own, "class of its own"),
        (_layer_of_its_own, "none of Keras's own"),
        (_registered, "none of Keras's own"),
        (_activation_to_deserialise, "a value of activation that is not allowed"),
        (_huge_filters, "a value of filters that is not allowed"),
        (_many_units, "fewer than its layers ask for"),
        (_huge_input, "a strange size"),
        (_no_picture, "takes no pictures"),
        (_huge_maps, "a value of padding that is not allowed"),
        (_strange_argument, "unknown argument 'callback'"),
        (_fed_by_nothing, "fed by what is not there"),
        (_used_twice, "used more than once"),
        (_not_a_number, "a value of epsilon"),
        (_other_shape, "don't fit each other"),
        (_no_layers, "has no layers"),
        (_no_nodes, "don't fit each other"),
    ],
)
def test_what_a_file_says_is_bounded_before_it_is_built(residual_file, tmp_path, change, said):
    path = changed(Path(shutil.copy(residual_file, tmp_path)), change)
    with pytest.raises(UserError, match=said) as error:
        read_keras_file(path)
    assert "model.keras" in str(error.value)


def test_a_model_inside_a_model_is_refused(saved):
    inner = sequential()
    inputs = keras.Input((12, 12, 1))
    with pytest.raises(UserError, match=r"not opened|none of Keras's own"):
        read_keras_file(saved(keras.Model(inputs, layers.Dense(2)(inner(inputs)))))


def test_weights_that_are_no_numbers_are_refused(saved, tmp_path):
    model = sequential()
    path = saved(model)
    model.layers[0].kernel.assign(np.full(model.layers[0].kernel.shape, np.nan))
    model.save(path)
    with pytest.raises(UserError, match="no numbers"):
        read_keras_file(path)


@pytest.mark.parametrize("content", [None, b"", b"\x89HDF\r\n\x1a\n" + bytes(5000)])
def test_damaged_weights_are_told(saved, content):
    with pytest.raises(UserError, match="can't be used"):
        read_keras_file(changed(saved(sequential()), lambda config: None, **{WEIGHTS: content}))


def test_what_is_no_keras_file_is_told(tmp_path):
    (tmp_path / "a.keras").write_bytes(b"no archive")
    (tmp_path / "b.h5").write_bytes(b"")
    with pytest.raises(UserError, match=r"is no \.keras file"):
        read_keras_file(tmp_path / "a.keras")
    with pytest.raises(UserError, match="does not end in"):
        read_keras_file(tmp_path / "b.h5")
    with pytest.raises(UserError, match="no such file"):
        read_keras_file(tmp_path / "c.keras")


def with_weights(path, change):
    """Writes the file anew, its weights changed by `change(file, the first kernel's group)`."""
    with zipfile.ZipFile(path) as archive:
        content = io.BytesIO(archive.read(WEIGHTS))
    with h5py.File(content, "a") as file:
        change(file, file["layers/conv2d/vars"])
    return changed(path, lambda config: None, **{WEIGHTS: content.getvalue()})


def _large(file, kernels):
    del kernels["0"]
    kernels.create_dataset("0", (6000, 6000), np.float32, chunks=(3000, 3000), compression="gzip", fillvalue=1.0)
    kernels["0"][:3000, :3000] = 1.0  # so much of it is there that Keras itself would read it


def _large_chunk(file, kernels):
    del kernels["0"]
    kernels.create_dataset("0", (3, 3, 1, 4), np.float32, chunks=(3000, 3000, 1, 4), maxshape=(None,) * 4)


def _large_elsewhere(file, kernels):
    _large(file, kernels)
    file["optimizer/vars/0"] = file["layers/conv2d/vars/0"]


def _in_a_circle(file, kernels):
    file["layers/conv2d/again"] = file["/"]
    kernels.create_dataset("9", (6000, 6000), np.float32)


def _complex(file, kernels):
    del kernels["0"]
    kernels["0"] = np.ones((3, 3, 1, 4), np.complex64)


def _words(file, kernels):
    del kernels["0"]
    kernels.create_dataset("0", (3, 3, 1, 4), h5py.string_dtype())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_large, "larger than its layers ask for"),
        (_large_chunk, "larger than its layers ask for"),
        (_large_elsewhere, "larger than its layers ask for"),
        (_in_a_circle, "larger than its layers ask for"),
        (_complex, "no numbers"),
        (_words, "no numbers"),
    ],
)
def test_weights_are_looked_over_before_they_are_read(saved, change, said):
    path = with_weights(saved(sequential()), change)
    tracemalloc.start()
    with pytest.raises(UserError, match=said) as error:
        read_keras_file(path)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "model.keras" in str(error.value)
    assert peak_bytes < 40 * 2**20, "an array of 137 MiB was read"


def test_an_archive_of_far_more_weights_than_layers_is_not_unpacked(saved):
    path = changed(saved(sequential()), lambda config: None, **{WEIGHTS: bytes(80 * 2**20)})
    with pytest.raises(UserError, match="larger than its layers ask for"):
        read_keras_file(path)


def test_what_the_training_left_in_a_file_stays_unread(saved):
    model = sequential()
    model.compile("adam", "mse", metrics=["accuracy"])
    model.fit(np.zeros((4, 12, 12, 1)), np.zeros((4, 400)), verbose=0)
    path = saved(model)
    pixels = np.random.default_rng(1).uniform(0, 255, (2, 12, 12, 1)).astype(np.float32)

    def enlarge(file, kernels):
        file["optimizer"].create_dataset("large", (1 << 40,), np.float32, chunks=(1 << 20,))

    found = read_keras_file(with_weights(path, enlarge))
    np.testing.assert_allclose(found.predict_on_batch(pixels), model.predict_on_batch(pixels), rtol=1e-5)


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype float64")  # JAX's, while the file is being made
@pytest.mark.parametrize("policy", ["float16", "bfloat16", "float64"])
def test_weights_of_other_precision_open(saved, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = sequential()
        path = saved(model)
    finally:
        keras.config.set_dtype_policy(before)
    found = read_keras_file(path)
    np.testing.assert_array_equal(found.get_weights()[0], np.asarray(model.get_weights()[0], np.float32))
