"""The Inception Score, by hand."""

import numpy as np
import pytest

from core.metrics.inception_score import inception_score


@pytest.mark.parametrize("classes", [2, 7, 10, 49, 1000])
def test_sure_and_uniform_is_the_number_of_classes(classes):
    assert inception_score(np.tile(np.eye(classes), (3, 1))) == classes


def test_one_class_or_no_opinion_is_one():
    assert inception_score(np.eye(10)[[3, 3, 3]]) == 1
    assert inception_score(np.full((6, 4), 0.25)) == pytest.approx(1)
    assert inception_score(np.tile([0.7, 0.2, 0.1], (5, 1))) == pytest.approx(1)


def test_by_hand():
    rows = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
    mean = np.array([0.55, 0.45])
    expected = np.exp(np.mean([sum(p * np.log(p / m) for p, m in zip(row, mean, strict=True)) for row in rows]))
    assert inception_score(rows) == pytest.approx(expected, rel=1e-6)


def test_half_the_classes():
    assert inception_score(np.eye(10)[[0, 1, 2, 3, 4]]) == pytest.approx(5)


def test_nothing_has_no_score():
    with pytest.raises(ValueError, match="Probabilities"):
        inception_score(np.zeros((0, 10)))
