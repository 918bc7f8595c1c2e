import numpy as np
import pytest

from core.metrics.unigram import unigram_perplexity


def test_by_hand():
    # Of tokens 0 to 3 the known texts ask for 1, 1, 2: with one more of each that makes 1, 3, 2, 1 of 7.
    found = unigram_perplexity([np.array([0, 1, 1]), np.array([0, 2])], np.array([1, 1, 3]), 4)
    assert found == pytest.approx((7 / 3 * 7 / 3 * 7 / 1) ** (1 / 3))


def test_who_knows_nothing_takes_all_tokens_for_alike():
    assert unigram_perplexity([], np.array([0, 5]), 10) == pytest.approx(10)
