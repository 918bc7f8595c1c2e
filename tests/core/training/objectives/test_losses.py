"""The classifier's loss, against numbers by hand."""

import math

import keras
import numpy as np
import pytest

from core.training.objectives.losses import ClassifierLoss

# Probabilities 3/4 and 1/4; then 1/8, 3/4, 1/8.
TWO = np.log(np.array([[3, 1], [3, 1]], np.float32))
THREE = np.log(np.array([[1, 6, 1]], np.float32))


def number(tensor):
    return float(keras.ops.convert_to_numpy(tensor))


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_without_smoothing_it_is_the_label_s_negative_log_probability(shape, dtype):
    labels = np.array([0, 1], dtype).reshape(shape)
    expected = (math.log(4 / 3) + math.log(4)) / 2
    assert number(ClassifierLoss()(labels, TWO)) == pytest.approx(expected, rel=1e-6)


def test_smoothing_is_averaged_over_the_classes_not_summed():
    """Of 0.3 each of three classes takes 0.1: the label is left 0.8, the others have 0.1 each."""
    expected = 0.8 * math.log(4 / 3) + 2 * 0.1 * math.log(8)
    assert number(ClassifierLoss(0.3)(np.array([1]), THREE)) == pytest.approx(expected, rel=1e-6)


def test_labels_may_be_shares_of_the_classes():
    shares = np.array([[0.25, 0.75, 0.0]], np.float32)
    expected = 0.25 * math.log(8) + 0.75 * math.log(4 / 3)
    assert number(ClassifierLoss()(shares, THREE)) == pytest.approx(expected, rel=1e-6)
    whole = np.array([[0, 1, 0]], np.float32)
    assert number(ClassifierLoss(0.1)(whole, THREE)) == number(ClassifierLoss(0.1)(np.array([1]), THREE))


def test_a_model_learns_by_it():
    rng = np.random.default_rng(0)
    pictures = rng.normal(size=(64, 4)).astype("float32")
    labels = (pictures[:, 0] > 0).astype("int32")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss=ClassifierLoss(0.1))
    losses = [number(model.train_on_batch(pictures, labels)) for _ in range(20)]
    assert losses[-1] < 0.7 * losses[0]
