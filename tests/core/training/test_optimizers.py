"""Schedules by hand, and the one formula in its two forms."""

import keras
import pytest
from class_target import class_target

from core.models.gpt2.gpt2 import build as build_gpt2
from core.models.shared.saved import ModelDescription
from core.settings.fit import FitSettings
from core.settings.gpt2 import Gpt2Settings
from core.training.optimizers import LinearDecay, WarmUp, is_decayed, make_optimizer, make_schedule


def test_warm_up_then_cosine_to_zero():
    schedule = WarmUp(0.1, 10, 110, cosine=True)
    assert schedule.at(0) == pytest.approx(0.01)
    assert schedule.at(9) == pytest.approx(0.1)
    assert schedule.at(60) == pytest.approx(0.05)
    assert schedule.at(110) == pytest.approx(0.0)


def test_constant_stays_after_the_warm_up():
    schedule = WarmUp(0.1, 2, 10, cosine=False)
    assert [schedule.at(step) for step in (0, 1, 2, 9)] == pytest.approx([0.05, 0.1, 0.1, 0.1])


@pytest.mark.parametrize("cosine", [True, False])
@pytest.mark.parametrize("warmup", [0, 7])
def test_the_plots_show_the_rate_that_is_used(cosine, warmup):
    schedule = WarmUp(0.3, warmup, 50, cosine=cosine)
    for step in (0, 1, 6, 7, 8, 30, 49, 50, 80):
        assert float(keras.ops.convert_to_numpy(schedule(step))) == pytest.approx(schedule.at(step), abs=1e-6)


def test_a_rate_falls_to_nought_over_the_last_share():
    schedule = LinearDecay(0.2, 100, 0.5)
    assert [schedule.at(step) for step in (0, 50, 75, 100, 120)] == pytest.approx([0.2, 0.2, 0.1, 0.0, 0.0])
    assert [LinearDecay(0.2, 100, 0.0).at(step) for step in (0, 99)] == [0.2, 0.2]
    assert LinearDecay(0.2, 100, 1.0).at(25) == pytest.approx(0.15)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_falling_rate_is_the_one_in_the_plots(share):
    schedule = LinearDecay(0.3, 50, share)
    for step in (0, 24, 25, 26, 49, 50):
        assert float(keras.ops.convert_to_numpy(schedule(step))) == pytest.approx(schedule.at(step), abs=1e-6)


def test_a_short_training_is_not_all_warm_up():
    assert make_schedule(FitSettings(epochs=1, warmup_epochs=5), 10).warmup_steps == 5


def test_the_first_step_moves_and_a_later_one_has_the_rate_it_always_had():
    """By hand: a run that is resumed goes on where it was."""
    schedule = WarmUp(0.1, 4, 20, cosine=True)
    assert [schedule.at(step) for step in (0, 3, 4, 8)] == pytest.approx([0.025, 0.1, 0.1, 0.1 * 0.853553], rel=1e-5)


def moved_by_decay(name, model):
    """Which weights a step without gradients moves."""
    settings = FitSettings(optimizer=name, weight_decay=0.5, lr=0.1, schedule="constant", warmup_epochs=0)
    optimizer = make_optimizer(settings, make_schedule(settings, 10), model.trainable_weights)
    for weight in model.trainable_weights:
        weight.assign(keras.ops.ones(weight.shape))
    optimizer.build(model.trainable_weights)
    optimizer.apply([keras.ops.zeros(weight.shape) for weight in model.trainable_weights])
    return {weight.path for weight in model.trainable_weights if (keras.ops.convert_to_numpy(weight) != 1.0).any()}


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_of_a_gpt_2_all_but_biases_norms_and_positions_is_decayed(name):
    model = build_gpt2(Gpt2Settings(layers=1, heads=2, width=8, context=16), 300)
    layer = "transformer_layer_0"
    dense = ["self_attention/query", "self_attention/key", "self_attention/value", "self_attention/attention_output"]
    dense += ["feedforward_intermediate_dense", "feedforward_output_dense"]
    expected = {"token_embedding/embeddings", *(f"{layer}/{part}/kernel" for part in dense)}
    assert moved_by_decay(name, model) == expected
    assert "position_embedding/embeddings" in {weight.path for weight in model.trainable_weights}


@pytest.mark.parametrize(
    ("path", "decayed"),
    [
        ("head/kernel", True),
        ("class_token", False),
        ("tokens/class_token", False),
        ("class_token/token", False),
        ("tokens/position_embedding", False),
        ("bias_of_shape/kernel", True),
    ],
)
def test_tokens_and_positions_are_known_by_their_path(path, decayed):
    assert is_decayed(path) == decayed


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_biases_and_norms_are_not_decayed(name):
    layers = [keras.layers.Dense(2, bias_initializer="ones"), keras.layers.BatchNormalization()]
    model = keras.Sequential([keras.Input((3,)), *layers])
    assert [path.rpartition("/")[2] for path in moved_by_decay(name, model)] == ["kernel"]


def test_of_a_vision_transformer_class_token_and_positions_are_not_decayed():
    model = ModelDescription("vit", {"size": "tiny"}, class_target("ab"), (8, 8, 1)).build()
    left_out = {weight.path for weight in model.trainable_weights} - moved_by_decay("adamw", model)
    assert {"class_token/embeddings", "position_embedding/embeddings", "patches/bias"} <= left_out
    assert not any(path.endswith("kernel") for path in left_out)
