"""What must hold for every row of the table of models."""

import json

import keras
import numpy as np
import pytest
from class_target import class_target

from core import catalog
from core.models.shared.saved import ModelDescription, load_model, save_model
from core.models.shared.size import model_size
from core.models.shared.variables import named_variables, pack, read_variables, unpack

SHAPES = [(8, 8, 1), (28, 28, 3)]
CLASSES = ("a", "b", "c")
CLASSIFIERS = [name for name, row in catalog.MODELS.items() if row.kind == "classifier"]
PICTURES = [name for name, row in catalog.MODELS.items() if catalog.KINDS[row.kind].samples == "pictures"]
VOCABULARY = 300


def describe(name, shape=None, **settings):
    typed = catalog.load(catalog.MODELS[name].settings).parse({"size": "tiny", **settings})
    usual = (8, 8, 1) if name in CLASSIFIERS else (28, 28, 1)
    return ModelDescription(name, typed.model_dump(mode="json"), class_target(CLASSES), shape or usual)


def random_layers(name):
    """Settings that give the model random generators, whose states count as variables too."""
    return {"dropout": 0.3} if name in CLASSIFIERS else {}


def built(name):
    """A model with fresh weights, as a training of its kind builds it."""
    if name in PICTURES:
        return describe(name, **random_layers(name)).build()
    row = catalog.MODELS[name]
    return catalog.load(row.build)(catalog.load(row.settings).parse({"size": "tiny"}), VOCABULARY)


def some_latents():
    latents = np.random.default_rng(0).standard_normal((3, 64), np.float32)
    return [keras.ops.convert_to_tensor(latents), keras.ops.eye(3)]


# What a model of each kind is called with: pictures, latents and class weights, tokens.
INPUTS = {
    "classifier": lambda: keras.ops.convert_to_tensor(pictures((8, 8, 1)).astype("float32")),
    "gan": some_latents,
    "language": lambda: keras.ops.convert_to_tensor(np.arange(24, dtype="int32").reshape(2, 12)),
}


def inputs(name):
    return INPUTS[catalog.MODELS[name].kind]()


def values(tensor):
    return keras.ops.convert_to_numpy(tensor)


def pictures(shape, count=5):
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)


@pytest.fixture(params=catalog.MODELS)
def name(request):
    return request.param


@pytest.fixture(params=PICTURES)
def of_pictures(request):
    return request.param


@pytest.fixture(params=CLASSIFIERS)
def classifier(request):
    return request.param


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", ["tiny", "fast"])
def test_turns_raw_pixels_into_logits(classifier, size, shape):
    model = describe(classifier, shape, size=size).build()
    logits = keras.ops.convert_to_numpy(model(pictures(shape).astype("float32")))
    assert logits.shape == (5, len(CLASSES))
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()
    assert not np.allclose(logits[0], logits[1])


def test_scales_its_pixels_itself(classifier):
    model = describe(classifier).build()
    same = np.full((1, 8, 8, 1), 255, np.uint8)
    assert np.abs(keras.ops.convert_to_numpy(model(same.astype("float32")))).max() < 50


def test_a_training_step_changes_the_loss(classifier):
    model = describe(classifier).build()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, y = pictures((8, 8, 1)), np.arange(5) % 3
    before = model.evaluate(x, y, verbose=0)
    for _ in range(3):
        model.train_on_batch(x, y)
    assert model.evaluate(x, y, verbose=0) != before


def test_it_takes_what_its_kind_takes_and_gives_finite_numbers(name):
    assert set(INPUTS) == set(catalog.KINDS)
    given = values(built(name)(inputs(name)))
    assert given.dtype == np.float32
    assert np.isfinite(given).all()


def test_saving_and_loading_keep_what_it_gives(of_pictures, tmp_path):
    description = describe(of_pictures, **random_layers(of_pictures))
    model = description.build()
    x = inputs(of_pictures)
    save_model(tmp_path / "model", model, description)
    again, read = load_model(tmp_path / "model")
    assert read == description
    np.testing.assert_array_equal(values(again(x)), values(model(x)), strict=True)


def test_the_keras_file_opens_without_our_code(of_pictures, tmp_path):
    description = describe(of_pictures)
    model = description.build()
    save_model(tmp_path / "model", model, description)
    outside = keras.models.load_model(tmp_path / "model" / "model.keras")
    assert all(type(layer).__module__.startswith("keras.") for layer in outside.layers)
    x = inputs(of_pictures)
    np.testing.assert_allclose(values(outside(x)), values(model(x)), atol=1e-6)


def test_settings_survive_json(name):
    kind = catalog.load(catalog.MODELS[name].settings)
    settings = kind.parse({"size": "fast", "epochs": 3})
    assert kind.parse(json.loads(json.dumps(settings.model_dump(mode="json")))) == settings


def test_variables_have_the_same_names_in_every_process(name):
    first = built(name)
    second = built(name)  # by now Keras's own counters have moved on
    assert list(named_variables(first)) == list(named_variables(second))


def test_packing_keeps_every_value(name):
    first = read_variables(named_variables(built(name)))
    again = unpack(pack(first))
    assert again.keys() == first.keys()
    for key, value in first.items():
        np.testing.assert_array_equal(again[key], value, strict=True)


def test_the_size_counts_parameters_and_bytes(of_pictures):
    model = describe(of_pictures).build()
    size = model_size(model)
    assert size.parameters == sum(int(np.prod(weight.shape)) for weight in model.weights)
    assert size.file_bytes == 4 * size.parameters
    assert size.flops > size.parameters / 10


def test_cnn_flops_by_hand():
    # 8x8 by 3x3x1x16, then 4x4 by 3x3x16x32, then 2*2*32 by 64, then 64 by 3; two operations a multiply-add.
    by_hand = 2 * (64 * 9 * 16 + 16 * 9 * 16 * 32 + 128 * 64 + 64 * 3)
    assert model_size(describe("cnn").build()).flops == by_hand


def test_vit_flops_by_hand():
    # 16 patches of 2x2 and a class token, width 32; per layer 4 projections, 2 products over all pairs, an MLP of 64.
    layer = 4 * 17 * 32 * 32 + 2 * 17 * 17 * 32 + 2 * 17 * 32 * 64
    by_hand = 2 * (16 * 4 * 32 + 2 * layer + 32 * 3)
    assert model_size(describe("vit").build()).flops == by_hand


@pytest.mark.parametrize(
    "settings",
    [
        {"pooling": "average", "activation": "gelu", "batch_norm": True, "dense": 0},
        {"activation": "tanh", "kernel": 4, "blocks": 6},
        {"activation": "sigmoid", "convolutions": 3},
    ],
)
def test_cnn_settings_build(settings):
    assert describe("cnn", **settings).build().output_shape == (None, 3)


@pytest.mark.parametrize("settings", [{"readout": "mean"}, {"position": False}, {"patch_px": 3}, {"dropout": 0.2}])
def test_vit_settings_build(settings):
    assert describe("vit", **settings).build().output_shape == (None, 3)


def test_a_position_embedding_tells_places_apart():
    x = pictures((8, 8, 1), 1).astype("float32")
    moved = np.roll(x, 2, axis=2)  # by one patch: the same patches in another order
    for position, alike in ((False, True), (True, False)):
        keras.utils.set_random_seed(1)
        model = describe("vit", position=position, patch_px=2).build()
        logits = [keras.ops.convert_to_numpy(model(picture)) for picture in (x, moved)]
        assert np.allclose(*logits, atol=1e-4) == alike
