"""GPT-2 as it is built: shapes, names, and that it looks back only."""

import keras
import numpy as np
import pytest

from core.models.gpt2.gpt2 import backbone_of, build
from core.models.shared.variables import named_variables
from core.settings.gpt2 import Gpt2Settings

TINY = {"size": "tiny", "layers": 2, "heads": 2, "width": 16, "context": 12}


def logits_of(model, ids):
    return keras.ops.convert_to_numpy(model(np.asarray(ids, np.int32)))


@pytest.fixture(scope="module")
def model():
    return build(Gpt2Settings.parse(TINY), 30)


def test_ids_become_logits_of_every_place(model):
    for length in (1, 5, 12):
        logits = logits_of(model, np.zeros((3, length)))
        assert logits.shape == (3, length, 30)
        assert logits.dtype == np.float32


def test_it_looks_back_and_never_ahead(model):
    ids = np.random.default_rng(0).integers(0, 30, (1, 12))
    changed = ids.copy()
    changed[0, 7] = (changed[0, 7] + 1) % 30
    before, after = logits_of(model, ids), logits_of(model, changed)
    np.testing.assert_allclose(before[:, :7], after[:, :7], atol=1e-6)
    assert np.abs(before[:, 7:] - after[:, 7:]).max(axis=(0, 2)).min() > 1e-6


def test_the_head_shares_the_token_embedding(model):
    names = list(named_variables(model))
    assert names[0] == "model/token_embedding/embeddings"
    assert sum("embedding" in name for name in names) == 2
    assert (
        model.count_params() == 30 * 16 + 12 * 16 + 2 * (4 * (16 * 16 + 16) + 2 * 32 + 16 * 64 + 64 + 64 * 16 + 16) + 32
    )


def test_names_are_the_same_each_time():
    settings = Gpt2Settings.parse({**TINY, "dropout": 0.3})
    assert list(named_variables(build(settings, 30))) == list(named_variables(build(settings, 30)))


def test_epsilon_and_mlp_width_are_kept():
    near, far = (build(Gpt2Settings.parse({**TINY, "norm_epsilon": epsilon}), 30) for epsilon in (1e-5, 0.1))
    far.set_weights(near.get_weights())
    assert np.abs(logits_of(near, [[1, 2, 3]]) - logits_of(far, [[1, 2, 3]])).max() > 1e-4
    narrow = build(Gpt2Settings.parse({**TINY, "mlp_width": 24}), 30)
    assert backbone_of(narrow).intermediate_dim == 24


def test_a_training_step_lowers_the_loss():
    model = build(Gpt2Settings.parse(TINY), 30)
    model.compile(keras.optimizers.Adam(1e-2), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    ids = np.random.default_rng(0).integers(0, 30, (4, 13)).astype(np.int32)
    first = model.train_on_batch(ids[:, :-1], ids[:, 1:])
    for _ in range(5):
        last = model.train_on_batch(ids[:, :-1], ids[:, 1:])
    assert float(last) < float(first)
