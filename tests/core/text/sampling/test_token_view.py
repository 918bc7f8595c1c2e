"""What the token view says of a choice, against numbers found by hand."""

import numpy as np
import pytest

from core.text.sampling.token_view import most_probable, view_token

LOGITS = np.log(np.array([0.5, 0.125, 0.25, 0.125])).astype(np.float32)


def test_probability_rank_and_entropy_by_hand():
    view = view_token(LOGITS, 1, 3)
    assert view.probability == pytest.approx(0.125)
    assert view.rank == 3  # two are more probable, one is equally so
    assert view.entropy == pytest.approx(1.75 * np.log(2))
    assert [token for token, _ in view.alternatives] == [0, 2, 1]
    assert [probability for _, probability in view.alternatives] == pytest.approx([0.5, 0.25, 0.125])


def test_a_certain_token_has_no_entropy():
    view = view_token(np.array([0.0, 200.0, 0.0], np.float32), 1, 0)
    assert (view.probability, view.rank, view.entropy, view.alternatives) == (1.0, 1, 0.0, ())


def test_the_most_probable_of_many_come_in_order():
    logits = np.random.default_rng(0).normal(size=50_000).astype(np.float32)
    assert most_probable(logits, 10).tolist() == np.argsort(-logits)[:10].tolist()
    assert most_probable(logits[:3], 10).tolist() == np.argsort(-logits[:3]).tolist()


@pytest.mark.parametrize("count", [1, 2, 7, 64, 200])
@pytest.mark.parametrize("size", [1, 63, 64, 65, 640, 1000, 5000])
def test_of_equally_probable_ones_the_lower_ids_come_first(size, count):
    logits = np.random.default_rng(size).integers(-9, 9, size).astype(np.float32)
    logits[::5] = -np.inf
    expected = np.argsort(-logits, kind="stable")[:count]
    assert most_probable(logits, count).tolist() == expected.tolist()
