"""Scores by hand."""

import math

import numpy as np
import pytest

from core.metrics.classification import (
    accuracy,
    confusion,
    cross_entropy,
    expected_calibration_error,
    per_class,
    scores,
    softmax,
)
from core.runs.interval import wilson_interval

LOGITS = np.log(np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]))
LABELS = np.array([0, 1, 1, 2])


def test_accuracy_counts_the_highest_logit():
    assert accuracy(LOGITS, LABELS) == 0.75


def test_cross_entropy_is_the_mean_negative_log_probability():
    by_hand = -(math.log(0.7) + math.log(0.8) + math.log(0.3) + math.log(0.6)) / 4
    assert cross_entropy(LOGITS, LABELS) == pytest.approx(by_hand)


def test_large_logits_do_not_overflow():
    logits = np.array([[1e4, 0.0], [0.0, -1e4]], np.float32)
    np.testing.assert_allclose(softmax(logits), [[1, 0], [1, 0]])
    assert cross_entropy(logits, np.array([0, 1])) == pytest.approx(5e3)


def test_calibration_error_by_hand():
    # Bins of a tenth: 0.7 right, 0.8 right, 0.5 wrong, 0.6 right, each alone in its bin.
    by_hand = (0.3 + 0.2 + 0.5 + 0.4) / 4
    assert expected_calibration_error(softmax(LOGITS), LABELS, bins=10) == pytest.approx(by_hand)


def test_confusion_has_the_truth_in_its_rows():
    matrix = confusion(LOGITS.argmax(axis=1), LABELS, 3)
    np.testing.assert_array_equal(matrix, [[1, 0, 0], [1, 1, 0], [0, 0, 1]])


def test_precision_and_recall_by_hand():
    rows = per_class(np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0]]), ("a", "b", "c"))
    assert [row["precision"] for row in rows] == [0.5, 1.0, 0.0]
    assert [row["recall"] for row in rows] == [1.0, 0.5, 0.0]
    assert [row["count"] for row in rows] == [1, 2, 0]
    assert rows[1]["f1"] == pytest.approx(2 / 3)


def test_nothing_to_score_is_zero_not_a_crash():
    nothing = {"accuracy": 0.0, "accuracy_low": 0.0, "accuracy_high": 1.0, "loss": 0.0, "ece": 0.0}
    assert scores(np.zeros((0, 3)), np.zeros(0, int)) == nothing


def test_an_accuracy_has_its_interval_beside_it():
    found = scores(LOGITS, LABELS)
    assert (found["accuracy_low"], found["accuracy_high"]) == wilson_interval(0.75, 4)
