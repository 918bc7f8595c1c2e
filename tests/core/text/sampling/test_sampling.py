"""What is drawn has the distribution that temperature, top-k and top-p leave; expected numbers by hand."""

import numpy as np
import pytest
from scipy import stats

from core.errors import UserError
from core.text.sampling.sampling import Sampling, keep_top_k, keep_top_p, log_softmax, penalise

PROBABILITIES = np.array([0.05, 0.4, 0.02, 0.25, 0.1, 0.03, 0.15])
LOGITS = np.log(PROBABILITIES).astype(np.float32) + 3
DRAWS = 8_000


def expected(sampling):
    """The distribution by another way: sort, filter, normalise."""
    weights = PROBABILITIES ** (1 / sampling.temperature)
    weights /= weights.sum()
    order = sorted(range(len(weights)), key=lambda token: -weights[token])
    if sampling.top_k:
        order = order[: sampling.top_k]
    total = sum(weights[token] for token in order)
    kept, reached = [], 0.0
    for token in order:
        if reached >= sampling.top_p:
            break
        kept.append(token)
        reached += weights[token] / total
    wanted = np.zeros(len(weights))
    wanted[kept] = weights[kept] / weights[kept].sum()
    return wanted


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(),
        Sampling(temperature=0.7),
        Sampling(temperature=1.8),
        Sampling(top_k=3),
        Sampling(top_p=0.75),
        Sampling(temperature=0.5, top_k=4, top_p=0.9),
        Sampling(temperature=1.5, top_k=5, top_p=0.6),
    ],
    ids=str,
)
def test_frequencies_match_the_distribution(sampling):
    rng = np.random.default_rng(0)
    counts = np.bincount([sampling.choose(LOGITS, (), rng) for _ in range(DRAWS)], minlength=len(LOGITS))
    wanted = expected(sampling)
    assert counts[wanted == 0].sum() == 0
    possible = wanted > 0
    assert stats.chisquare(counts[possible], DRAWS * wanted[possible]).pvalue > 1e-3
    # The test has teeth: frequencies that are a twelfth off fail it.
    off = np.where(np.arange(possible.sum()) % 2, 1.08, 0.92) * wanted[possible]
    assert stats.chisquare(counts[possible], DRAWS * off / off.sum()).pvalue < 1e-3


def test_a_seed_repeats_and_another_differs():
    def draw(seed):
        rng = np.random.default_rng(seed)
        return [Sampling().choose(LOGITS, (), rng) for _ in range(50)]

    assert draw(3) == draw(3)
    assert draw(3) != draw(4)


def test_temperature_nought_takes_the_most_probable():
    rng = np.random.default_rng(0)
    assert {Sampling(temperature=0.0).choose(LOGITS, (), rng) for _ in range(20)} == {1}


def test_top_k_keeps_exactly_k_even_of_equals():
    assert keep_top_k(np.array([1.0, 2.0, 2.0, 2.0, 0.0]), 2).tolist() == [1, 2]
    assert keep_top_k(np.array([1.0, 2.0, 3.0]), 9).tolist() == [0, 1, 2]
    assert keep_top_k(np.array([1.0, 2.0, 3.0]), 0).tolist() == [0, 1, 2]


def test_top_p_keeps_the_token_that_reaches_the_share():
    probabilities = np.array([0.1, 0.5, 0.15, 0.25])
    assert keep_top_p(probabilities, 0.5).tolist() == [1]
    assert keep_top_p(probabilities, 0.51).tolist() == [1, 3]
    assert keep_top_p(probabilities, 1e-9).tolist() == [1]


def test_top_p_of_many_tokens_is_that_of_a_full_sort():
    probabilities = np.random.default_rng(0).dirichlet(np.full(20_000, 0.01))
    for share in (0.3, 0.9, 0.9999999):
        order = np.argsort(-probabilities, kind="stable")
        wanted = order[: 1 + np.searchsorted(np.cumsum(probabilities[order]), share)]
        assert keep_top_p(probabilities, share).tolist() == sorted(wanted.tolist())


def test_the_repetition_penalty_makes_tokens_of_the_text_less_likely():
    logits = np.array([2.0, -2.0, 1.0], np.float32)
    assert penalise(logits, [0, 1, 1], 2.0).tolist() == [1.0, -4.0, 1.0]
    assert penalise(logits, [0, 1], 1.0) is logits
    assert Sampling(temperature=0.0, repetition_penalty=3.0).choose(logits, [0], np.random.default_rng(0)) == 2


def test_log_probabilities_sum_to_one():
    np.testing.assert_allclose(np.exp(log_softmax(np.array([[1000.0, 0.0], [1.0, 1.0]]))).sum(axis=1), 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("sampling", [Sampling(), Sampling(temperature=0.0), Sampling(top_k=2, top_p=0.5)], ids=str)
def test_a_model_that_diverged_chooses_nothing(sampling, bad):
    logits = np.array([0.0, bad, 1.0], np.float32)
    with pytest.raises(UserError, match="diverged"):
        sampling.choose(logits, (), np.random.default_rng(0))


def test_a_token_that_can_not_come_is_no_fault():
    assert Sampling(temperature=0.0).choose(np.array([-np.inf, 1.0], np.float32), (), np.random.default_rng(0)) == 1
