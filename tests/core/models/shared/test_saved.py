"""A damaged or missing model is told in a sentence, never loaded."""

import json

import numpy as np
import pytest
from class_target import class_target

from core import catalog
from core.errors import UserError
from core.files.sealed import seal
from core.models.shared.saved import DESCRIPTION, WEIGHTS, ModelDescription, load_model, save_model


@pytest.fixture
def folder(tmp_path):
    settings = catalog.load(catalog.MODELS["cnn"].settings).parse({"size": "tiny"})
    description = ModelDescription("cnn", settings.model_dump(mode="json"), class_target("猫b"), (8, 8, 1))
    save_model(tmp_path / "model", description.build(), description)
    return tmp_path / "model"


def test_class_names_keep_their_letters(folder):
    assert load_model(folder)[1].classes == ("猫", "b")


@pytest.mark.parametrize("name", ["weights.safetensors", "model.json", "manifest.json"])
def test_a_flipped_byte_is_noticed(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 4
    (folder / name).write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        load_model(folder)


def test_weights_that_are_no_safetensors_file_are_noticed(folder):
    seal(folder, {WEIGHTS: b"no such thing", DESCRIPTION: (folder / DESCRIPTION).read_bytes()})
    with pytest.raises(UserError, match="no safetensors file"):
        load_model(folder)


@pytest.mark.parametrize(
    "changed",
    [
        {"input_shape": [100_000, 8, 1]},
        {"input_shape": [8, 8, 2]},
        {"target": class_target("a")},
        {"input_shape": [900, 900, 1]},
    ],
)
def test_a_foreign_description_is_bounded_before_it_is_built(folder, changed):
    values = {**json.loads((folder / DESCRIPTION).read_bytes()), **changed}
    weights = (folder / WEIGHTS).read_bytes()
    seal(folder, {WEIGHTS: weights, DESCRIPTION: json.dumps(values).encode()})
    with pytest.raises(UserError, match=r"can't have|fewer than"):
        load_model(folder)


@pytest.mark.parametrize("target", [{"target": "captions"}, {"target": "class", "classes": 3}, {"classes": {}}])
def test_a_classifier_is_not_built_for_other_targets_than_classes(target):
    with pytest.raises(ValueError, match="must be classes"):
        ModelDescription("cnn", {"size": "tiny"}, target, (8, 8, 1)).check(bytes_each=16)


def test_a_description_of_before_there_were_other_targets_than_classes_is_read(folder):
    values = json.loads((folder / DESCRIPTION).read_bytes())
    values["classes"] = values.pop("target")["classes"]
    seal(folder, {WEIGHTS: (folder / WEIGHTS).read_bytes(), DESCRIPTION: json.dumps(values).encode()})
    assert load_model(folder)[1].target == class_target("猫b")


def test_what_does_not_fit_into_memory_is_never_built():
    settings = {"blocks": 1, "filters": 256, "dense": 4096}
    with pytest.raises(UserError, match="memory for"):
        ModelDescription("cnn", settings, class_target("ab"), (4096, 4096, 3)).check(bytes_each=16)


def test_a_refused_model_leaves_the_next_ones_alone():
    with pytest.raises(UserError):
        ModelDescription("cnn", {"filters": 256, "dense": 4096}, class_target("ab"), (4096, 4096, 3)).check(
            bytes_each=16
        )
    for _ in range(2):  # what is left over would be built with the next model, and get in the way of the one after
        model = ModelDescription("vit", {"size": "tiny"}, class_target("ab"), (28, 28, 1)).build()
        model.compile("sgd", "sparse_categorical_crossentropy")
        assert np.isfinite(model.train_on_batch(np.zeros((1, 28, 28, 1)), np.zeros(1)))


def test_a_run_without_a_model_says_so(tmp_path):
    with pytest.raises(UserError, match="holds no trained model yet"):
        load_model(tmp_path / "model")


def test_saving_again_replaces_the_model(folder):
    model, description = load_model(folder)
    save_model(folder, model, description)
    assert load_model(folder)[1] == description
    assert [path.name for path in folder.parent.iterdir()] == ["model"]
