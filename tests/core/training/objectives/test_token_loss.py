"""The language model's loss and perplexity, against numbers by hand."""

import itertools
import math

import keras
import numpy as np
import pytest

from core.text.rows.rows import NO_TARGET, lay_out
from core.training.objectives.token_loss import TokenLoss, TokenMean, token_nats, with_perplexity

# Probabilities 3/4 and 1/4, then evenly a half each.
LOGITS = np.array([[[math.log(3), 0.0], [0.0, 0.0]], [[math.log(3), 0.0], [9.0, -9.0]]], np.float32)
LABELS = np.array([[1, 0], [0, NO_TARGET]], np.int32)
NATS = [math.log(4), math.log(2), math.log(4 / 3)]


def number(tensor):
    return float(keras.ops.convert_to_numpy(tensor))


def test_each_token_by_hand_and_padding_none():
    nats, asked = map(keras.ops.convert_to_numpy, token_nats(LABELS.astype("float32"), LOGITS))
    np.testing.assert_allclose(nats, [NATS[:2], [NATS[2], 0.0]], rtol=1e-6)
    np.testing.assert_array_equal(asked, [[1, 1], [1, 0]])


def test_the_loss_is_the_mean_over_what_is_asked():
    assert number(TokenLoss()(LABELS, LOGITS)) == pytest.approx(sum(NATS) / 3)


def test_the_largest_ids_are_told_apart():
    """Keras hands labels over as floats."""
    logits = np.zeros((1, 2, 60_000), np.float32)
    logits[0, 0, 50_255], logits[0, 1, 50_256] = 100.0, 100.0
    assert number(TokenLoss()(np.array([[50_255, 50_256]], np.int32), logits)) == pytest.approx(0.0, abs=1e-5)


def test_what_is_not_asked_has_no_gradient_on_the_loss():
    changed = LOGITS.copy()
    changed[1, 1] = -50.0, 50.0
    assert number(TokenLoss()(LABELS, changed)) == number(TokenLoss()(LABELS, LOGITS))


def test_value_and_gradient_are_those_of_keras_s_own_loss():
    rng = np.random.default_rng(0)
    table = rng.normal(scale=3, size=(12, 9)).astype(np.float32)
    places = np.arange(12, dtype=np.int32).reshape(3, 4)
    labels = rng.integers(0, 9, (3, 4)).astype(np.int32)
    labels[0, 2:], labels[1] = NO_TARGET, NO_TARGET
    values, moved = [], []
    for loss in (TokenLoss(), keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=NO_TARGET)):
        embedding = keras.layers.Embedding(12, 9, weights=[table])
        model = keras.Sequential([keras.Input((4,), dtype="int32"), embedding])
        model.compile(optimizer=keras.optimizers.SGD(1.0), loss=loss)
        values.append(number(model.train_on_batch(places, labels)))
        moved.append(keras.ops.convert_to_numpy(embedding.embeddings) - table)
    assert values[0] == pytest.approx(values[1], rel=1e-6)
    np.testing.assert_allclose(moved[0], moved[1], atol=1e-6)
    assert not moved[0][labels.ravel() == NO_TARGET].any()
    assert moved[0].any()


def test_every_token_counts_alike_in_whatever_batch_it_is():
    mean = TokenMean()
    mean.update_state(LABELS[:1], LOGITS[:1])
    mean.update_state(LABELS[1:], LOGITS[1:])
    assert number(mean.result()) == pytest.approx(sum(NATS) / 3)
    mean.reset_state()
    assert number(mean.result()) == 0.0


def test_perplexity_is_the_exponential_of_the_token_mean():
    told = with_perplexity({"loss": 99.0, "nats": math.log(7)})
    assert told == {"loss": math.log(7), "perplexity": pytest.approx(7.0)}
    assert with_perplexity({"loss": 1.0, "nats": 1e6})["perplexity"] < math.inf
    assert math.isnan(with_perplexity({"loss": 1.0, "nats": math.nan})["loss"])


def test_a_document_costs_the_same_however_it_lies():
    """A model that knows each next token's probability from the last one alone sees no difference in packing."""
    random = np.random.default_rng(0)
    table = random.normal(size=(6, 6)).astype(np.float32)
    documents = [np.array([5, *random.integers(0, 5, random.integers(1, 9)), 5]) for _ in range(20)]
    found = []
    for packing in ("never", "always"):
        rows = lay_out(documents, 7, 5, packing=packing)
        ids, labels = rows.filled(np.arange(len(rows)), 7)
        found.append(number(TokenLoss()(labels, table[ids])))
    log_p = table - np.log(np.exp(table).sum(-1, keepdims=True))
    by_hand = -np.mean([log_p[a, b] for row in documents for a, b in itertools.pairwise(row)])
    np.testing.assert_allclose(found, by_hand, rtol=1e-5)
