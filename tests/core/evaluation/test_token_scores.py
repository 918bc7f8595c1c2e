"""The loss of rows of very different lengths is that of each row by itself."""

import keras
import numpy as np
import pytest

from core.context import Context
from core.errors import CancelledError
from core.evaluation.token_scores import token_scores
from core.jobs import Job
from core.models.gpt2.gpt2 import build
from core.runs.run import Workspace
from core.settings.gpt2 import Gpt2Settings
from core.text.rows.batches import RowBatches
from core.text.rows.rows import lay_out
from core.training.objectives.token_loss import TokenMean

VOCABULARY = 50
LENGTHS = {"one width": [9, 12, 10, 14, 11], "of their own": [3, 2, 60, 4, 5, 3, 20, 2, 7, 1, 130]}


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    made = build(Gpt2Settings.parse({"size": "tiny", "width": 16, "layers": 1, "context": 64}), VOCABULARY)
    rng = np.random.default_rng(0)
    for variable in made.weights:
        if "seed_generator" not in variable.path:
            variable.assign(rng.normal(0.0, 0.4, variable.shape))
    return made


@pytest.fixture
def context(tmp_path):
    return Context(Job(task="evaluate", backend=keras.backend.backend()), Workspace(tmp_path))


def rows_of(kind):
    rng = np.random.default_rng(1)
    return lay_out([rng.integers(0, VOCABULARY, length + 1) for length in LENGTHS[kind]], 64, 0)


def plainly(model, rows):
    """Each row alone, with nothing to fill it up."""
    found = []
    for start, end in zip(rows.starts, rows.starts[1:], strict=False):
        logits = keras.ops.convert_to_numpy(model(rows.ids[None, start:end]))[0].astype(np.float64)
        log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        found += [-log_p[place, label] for place, label in enumerate(rows.labels[start:end])]
    return np.array(found)


@pytest.mark.parametrize("kind", LENGTHS)
def test_every_token_costs_what_it_costs_in_a_row_of_its_own(model, context, kind):
    rows = rows_of(kind)
    expected = plainly(model, rows)
    np.testing.assert_allclose(token_scores(model, rows, 4, context), expected, rtol=1e-4, atol=1e-4)
    # What is shown while it trains is their mean.
    batches, mean = RowBatches(rows, 4), TokenMean()
    for step in range(len(batches)):
        ids, labels = batches.batch(0, step)
        mean.update_state(labels, model(ids))
    assert float(keras.ops.convert_to_numpy(mean.result())) == pytest.approx(expected.mean(), rel=1e-5)


def test_stop_is_heard(model, context):
    context.cancel()
    with pytest.raises(CancelledError):
        token_scores(model, rows_of("of their own"), 4, context)
