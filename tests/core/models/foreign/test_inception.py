"""InceptionV3 from the user's file: the right weights in the right places, and nothing but arrays taken from it."""

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

from core.errors import UserError
from core.models.foreign.inception import CLASSES, load_inception

PICTURES = np.random.default_rng(0).integers(0, 256, (1, 299, 299, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def network():
    """Keras's own network, with and without its classifier left to the test; weights as random as they come."""
    keras.utils.set_random_seed(1)
    return keras.applications.InceptionV3(weights=None, include_top=True, classifier_activation=None)


def write(network, path, kind):
    if kind == "new":
        network.save_weights(path)
    else:
        with h5py.File(path, "w") as file:
            save_weights_to_hdf5_group(file, network)
    return path


@pytest.fixture(scope="module")
def old_file(network, tmp_path_factory):
    return write(network, tmp_path_factory.mktemp("inception") / "inception_v3.h5", "old")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["old", "new"])
@pytest.mark.parametrize("top", [True, False])
def test_gives_what_the_network_gives(network, tmp_path, kind, top):
    shown = network if top else keras.Model(network.input, network.get_layer("mixed10").output)
    model, classes = load_inception(write(shown, tmp_path / "inception.weights.h5", kind))
    assert classes == (CLASSES if top else 0)
    seen = model.predict_on_batch(PICTURES)
    assert seen.shape == (1, 2048 + classes)
    scaled = PICTURES / 127.5 - 1
    features = keras.Model(network.input, network.get_layer("avg_pool").output).predict_on_batch(scaled)
    np.testing.assert_allclose(seen[:, :2048], features, rtol=1e-4, atol=1e-5)
    if top:
        np.testing.assert_allclose(seen[:, 2048:], network.predict_on_batch(scaled), rtol=1e-4, atol=1e-5)


def refusal(path):
    with pytest.raises(UserError, match="holds no weights of InceptionV3") as caught:
        load_inception(path)
    assert caught.value.hint
    return str(caught.value.values["reason"])


def test_what_is_no_such_file_is_a_sentence(tmp_path):
    missing, text, empty = (tmp_path / name for name in ("missing.h5", "text.h5", "empty.h5"))
    text.write_bytes(b"no HDF5" * 1000)
    h5py.File(empty, "w").close()
    assert "can't be read" in refusal(missing)
    assert "can't be read" in refusal(text)
    assert refusal(empty) == "it has 0 layers with weights, not 188"


@pytest.mark.slow
def test_weights_of_another_network_are_refused(old_file, tmp_path):
    other = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization()])
    assert "2 layers with weights, not 188" in refusal(write(other, tmp_path / "other.h5", "old"))
    assert "missing" in refusal(write(other, tmp_path / "other.weights.h5", "new"))


def spoilt(old_file, tmp_path, spoil):
    path = tmp_path / "spoilt.h5"
    path.write_bytes(old_file.read_bytes())
    with h5py.File(path, "a") as file:
        layer = next(name for name in file.attrs["layer_names"] if len(file[name].attrs["weight_names"]))
        spoil(file, file[layer], file[layer].attrs["weight_names"][0])
    return path


@pytest.mark.slow
def test_nothing_outside_the_file_is_read(old_file, tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["kernel"] = np.zeros((3, 3, 3, 32), np.float32)
    (tmp_path / "secret.bin").write_bytes(bytes(3 * 3 * 3 * 32 * 4))

    def link(file, layer, name):
        del layer[name]
        layer[name] = h5py.ExternalLink(str(secret), "kernel")

    def store(file, layer, name):
        del layer[name]
        place = [(str(tmp_path / "secret.bin"), 0, h5py.h5f.UNLIMITED)]
        layer.create_dataset(name, (3, 3, 3, 32), np.float32, external=place)

    def view(file, layer, name):
        del layer[name]
        layout = h5py.VirtualLayout((3, 3, 3, 32), np.float32)
        layout[...] = h5py.VirtualSource(str(secret), "kernel", (3, 3, 3, 32))
        layer.create_virtual_dataset(name, layout)

    assert "is missing" in refusal(spoilt(old_file, tmp_path, link))
    assert "no plain arrays" in refusal(spoilt(old_file, tmp_path, store))
    assert "no plain arrays" in refusal(spoilt(old_file, tmp_path, view))


@pytest.mark.slow
def test_arrays_that_do_not_fit_are_refused_before_they_are_read(old_file, tmp_path):
    def enlarge(file, layer, name):
        del layer[name]
        layer.create_dataset(name, (1 << 40,), np.float32, chunks=(1 << 20,))  # 4 TiB, of which none is stored

    def words(file, layer, name):
        del layer[name]
        layer.create_dataset(name, (3, 3, 3, 32), h5py.string_dtype())

    def spoil(file, layer, name):
        layer[name][0, 0, 0, 0] = np.nan

    def number_pairs(file, layer, name):
        del layer[name]
        layer.create_dataset(name, (3, 3, 3, 32), np.complex64)

    assert "other shapes" in refusal(spoilt(old_file, tmp_path, enlarge))
    assert "no plain arrays" in refusal(spoilt(old_file, tmp_path, number_pairs))
    assert "no plain arrays" in refusal(spoilt(old_file, tmp_path, words))
    assert "not a number" in refusal(spoilt(old_file, tmp_path, spoil))


@pytest.mark.slow
def test_what_is_no_array_at_all_is_refused(old_file, network, tmp_path):
    def group(file, layer, name):
        del layer[name]
        layer.create_group(name)

    def data_type(file, layer, name):
        del layer[name]
        layer[name] = np.dtype("f4")

    assert "no plain arrays" in refusal(spoilt(old_file, tmp_path, group))
    assert "no plain arrays" in refusal(spoilt(old_file, tmp_path, data_type))
    path = write(network, tmp_path / "inception.weights.h5", "new")
    with h5py.File(path, "a") as file:
        del file["layers/conv2d/vars/0"]
        file.create_group("layers/conv2d/vars/0")
    assert "no plain arrays" in refusal(path)


def test_layers_that_are_an_array_are_refused_unread(tmp_path):
    with h5py.File(tmp_path / "layers.h5", "w") as file:
        file.create_dataset("layers", (1 << 40,), np.float32, chunks=(1 << 20,))
    assert refusal(tmp_path / "layers.h5") == "it has 0 layers with weights, not 188"
