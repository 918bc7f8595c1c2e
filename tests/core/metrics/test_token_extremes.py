"""The hardest and the easiest tokens and texts, by hand."""

import numpy as np
import pytest

from core.metrics.token_extremes import row_extremes, token_extremes
from core.text.rows.rows import lay_out

E = 9


def made(*texts):
    return lay_out([np.array([E, *text, E]) for text in texts], 64, E)


def test_kinds_of_tokens_by_their_mean():
    rows = made([1, 2], [1, 3])
    nats = np.array([4.0, 1.0, 0.5, 2.0, 7.0, 0.5], np.float32)  # 1, 2, end, 1, 3, end
    found = token_extremes(nats, rows, 2)
    assert found.hardest == (3, 1)
    assert found.easiest == (E, 2)
    assert found.losses[1] == pytest.approx(3.0)
    assert found.counts == {3: 1, 1: 2, E: 2, 2: 1}


def test_rare_kinds_are_left_out_where_there_are_enough_others():
    rows = made(*[[1, 2, 3]] * 6, [4])
    nats = np.where(rows.labels == 4, 99.0, rows.labels).astype(np.float32)
    found = token_extremes(nats, rows, 2)
    assert found.hardest == (E, 3)
    assert found.easiest == (1, 2)


def test_texts_by_their_mean_each_once():
    rows = made([1, 1], [2, 2], [1, 1], [3])
    nats = np.concatenate([[1, 1, 1], [5, 5, 5], [1, 1, 1], [9, 1]]).astype(np.float32)
    found = row_extremes(nats, rows, 2)
    assert found.hardest in ((1, 3), (3, 1))
    assert found.easiest == (0,)
    assert found.losses[3] == pytest.approx(5.0)
