"""Any convolutional network as a backbone: which layers are taken, and that they see what the network sees."""

import keras
import numpy as np
import pytest
from class_target import class_target
from keras import layers, ops

from core import catalog
from core.errors import UserError
from core.models.foreign.backbone import Backbone
from core.models.foreign.value_range import RANGES, guess_range, prepared
from core.models.shared.picture_memory import check_picture_memory, picture_bytes


def model_of(name, shape, **settings):
    values = catalog.load(catalog.MODELS[name].settings).parse({"size": "tiny", **settings})
    return catalog.load(catalog.MODELS[name].build)(values, shape, class_target(10))


@pytest.fixture(scope="module")
def cnn():
    return Backbone(model_of("cnn", (16, 16, 3), blocks=3, convolutions=2), "0..255", "mine")


def test_the_first_activation_and_the_last_of_each_resolution_are_taken(cnn):
    assert cnn.style_layers() == ("block1_1_relu", "block1_2_relu", "block2_2_relu", "block3_2_relu")
    assert cnn.content_layers() == ("block3_2_relu",)


def test_a_network_without_a_size_of_its_own_has_resolutions_too():
    inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(2, 3, activation="relu", padding="same", name="one")(inputs)
    outputs = layers.Conv2D(2, 3, 2, activation="relu", padding="same", name="two")(x)
    found = Backbone(keras.Model(inputs, outputs), "0..1", "free")
    assert found.activations() == [["one"], ["two"]]
    assert found.content_layers() == ("two",)


def test_features_are_what_the_network_itself_sees(cnn):
    pixels = np.random.default_rng(0).uniform(0, 1, (1, 16, 16, 3)).astype(np.float32)
    names = list(cnn.style_layers())
    itself = keras.Model(cnn.model.inputs[0], [cnn.model.get_layer(name).output for name in names])
    seen = cnn.features(names, (16, 16))(pixels, training=False)
    for one, other in zip(seen, itself(pixels * 255, training=False), strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(one), ops.convert_to_numpy(other), rtol=1e-4, atol=1e-5)


def test_pictures_of_another_size_are_seen_with_the_same_weights(cnn):
    """A small picture in a large one looks the same far from its edges."""
    picture = np.random.default_rng(0).uniform(0, 1, (1, 16, 16, 3)).astype(np.float32)
    large = np.tile(picture, (1, 3, 3, 1))
    small_seen = cnn.features(["block1_2_relu"], (16, 16))(picture, training=False)
    large_seen = cnn.features(["block1_2_relu"], (48, 48))(large, training=False)
    middle = ops.convert_to_numpy(large_seen)[:, 16:32, 16:32][:, 2:-2, 2:-2]
    np.testing.assert_allclose(middle, ops.convert_to_numpy(small_seen)[:, 2:-2, 2:-2], rtol=1e-4, atol=1e-5)


def test_a_grey_network_looks_at_a_colour_picture():
    grey = Backbone(model_of("cnn", (8, 8, 1)), "0..255", "digits")
    seen = grey.features(["block1_1_relu"], (20, 30))(np.ones((1, 20, 30, 3), np.float32), training=False)
    assert tuple(seen.shape) == (1, 20, 30, 16)


def test_what_a_backbone_lacks_is_told(cnn):
    with pytest.raises(UserError, match="no layer 'block9'"):
        cnn.features(["block9"], (16, 16))
    with pytest.raises(UserError, match="'logits' has no feature maps"):
        cnn.features(["logits"], (16, 16))
    inputs = keras.Input((8, 8, 1))
    dense = keras.Model(inputs, layers.Dense(2, activation="relu")(layers.Flatten()(inputs)))
    with pytest.raises(UserError, match="has no convolutions"):
        Backbone(dense, "0..1", "dense").style_layers()


@pytest.mark.parametrize("value_range", list(RANGES))
def test_batch_norms_tell_the_value_range(value_range):
    pictures = [np.random.default_rng(k).beta(1.5, 2, (1, 24, 24, 3)).astype(np.float32) for k in range(2)]
    inputs = keras.Input((24, 24, 3))
    x = layers.Conv2D(8, 3, kernel_initializer=keras.initializers.RandomNormal(seed=1))(inputs)
    norm = layers.BatchNormalization()
    model = keras.Model(inputs, norm(x))
    seen = np.concatenate(
        [
            np.asarray(ops.convert_to_numpy(keras.Model(inputs, x)(prepared(one, value_range, 3)))).reshape(-1, 8)
            for one in pictures
        ]
    )
    norm.moving_mean.assign(seen.mean(axis=0))
    norm.moving_variance.assign(seen.var(axis=0))
    others = [np.random.default_rng(9).beta(1.5, 2, (1, 24, 24, 3)).astype(np.float32)]
    assert guess_range(model, others) == value_range


def test_rescaling_tells_the_value_range_and_nothing_tells_nothing():
    assert guess_range(model_of("cnn", (16, 16, 3)), []) == "0..255"
    inputs = keras.Input((8, 8, 3))
    assert guess_range(keras.Model(inputs, layers.Conv2D(2, 3)(inputs)), []) == ""


def test_a_value_range_is_what_its_name_says():
    white, black = np.ones((1, 1, 1, 3), np.float32), np.zeros((1, 1, 1, 3), np.float32)

    def at(pixels, name, channels=3):
        return (
            np.asarray(ops.convert_to_numpy(prepared(pixels, name, channels))).ravel().astype(float).round(3).tolist()
        )

    assert at(white, "-1..1") == [1, 1, 1]
    assert at(black, "-1..1", 1) == [-1]
    assert at(white, "0..255", 1) == [255]
    assert at(black, "imagenet") == [-2.118, -2.036, -1.804]
    red = np.array([1, 0, 0], np.float32).reshape(1, 1, 1, 3)
    assert at(red, "caffe") == [-103.939, -116.779, 131.32]


def test_a_picture_that_memory_does_not_hold_is_refused(monkeypatch):
    inputs = keras.Input((None, None, 3))  # the file leaves the size open
    x = layers.Conv2D(64, 3, padding="same", activation="relu", name="wide")(inputs)
    backbone = Backbone(keras.Model(inputs, layers.Conv2D(8, 3, padding="same")(x)), "0..1", "net.keras")
    assert picture_bytes(backbone.model, (10, 20)) == 4 * 10 * 20 * (3 + 64 + 8)
    monkeypatch.setattr("core.models.shared.picture_memory.memory_bytes", lambda: 2**30)
    backbone.features(["wide"], (500, 500))
    with pytest.raises(UserError, match=r"2048 x 2048 px the network 'net\.keras' would need .* GB"):
        backbone.features(["wide"], (2048, 2048))
    with pytest.raises(UserError, match="Make the picture smaller"):
        check_picture_memory(backbone.model, (2048, 2048), "net.keras")
