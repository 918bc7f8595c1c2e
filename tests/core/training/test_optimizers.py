"""Schedules by hand, and the one formula in its two forms."""

import keras
import pytest

from core.settings.fit import FitSettings
from core.training.optimizers import LinearFall, WarmUp, make_optimizer, make_schedule


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
    schedule = LinearFall(0.2, 100, 0.5)
    assert [schedule.at(step) for step in (0, 50, 75, 100, 120)] == pytest.approx([0.2, 0.2, 0.1, 0.0, 0.0])
    assert [LinearFall(0.2, 100, 0.0).at(step) for step in (0, 99)] == [0.2, 0.2]
    assert LinearFall(0.2, 100, 1.0).at(25) == pytest.approx(0.15)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_falling_rate_is_the_one_in_the_plots(share):
    schedule = LinearFall(0.3, 50, share)
    for step in (0, 24, 25, 26, 49, 50):
        assert float(keras.ops.convert_to_numpy(schedule(step))) == pytest.approx(schedule.at(step), abs=1e-6)


def test_a_short_training_is_not_all_warm_up():
    assert make_schedule(FitSettings(epochs=1, warmup_epochs=5), 10).warmup_steps == 5


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_biases_and_norms_are_not_decayed(name):
    settings = FitSettings(optimizer=name, weight_decay=0.5, lr=0.1, schedule="constant", warmup_epochs=0)
    optimizer = make_optimizer(settings, make_schedule(settings, 10))
    layers = [keras.layers.Dense(2, bias_initializer="ones"), keras.layers.BatchNormalization()]
    model = keras.Sequential([keras.Input((3,)), *layers])
    before = {weight.path: keras.ops.convert_to_numpy(weight).copy() for weight in model.trainable_weights}
    optimizer.build(model.trainable_weights)
    optimizer.apply([keras.ops.zeros(weight.shape) for weight in model.trainable_weights])
    for weight in model.trainable_weights:
        decayed = (keras.ops.convert_to_numpy(weight) != before[weight.path]).any()
        assert decayed == weight.path.endswith("kernel")
