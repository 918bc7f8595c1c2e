"""Measures a language model on rows of tokens."""

from __future__ import annotations

import keras

from core.context import Context
from core.events import Progress
from core.text.row_batches import RowBatches
from core.text.rows import Rows
from core.training.batches import BatchInput, keras_input
from core.training.callbacks import EvaluationWatch, as_floats
from core.training.token_loss import NATS, TokenLoss, TokenMean


def mean_nats(model: keras.Model, rows: Rows, batch_size: int, context: Context) -> float:
    """Returns the mean cross-entropy of the tokens that are asked for, nats a token; its exponential is the perplexity.

    Args:
        model: int32 (B, T) to float (B, T, V) logits; compiled anew here.
        rows: at least one.
        batch_size: int, rows at once.
        context: is told of the progress, and asked whether to stop.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    context.check()
    batches = RowBatches(rows, batch_size)
    context.report(Progress("evaluate", 0, len(batches)))
    model.compile(loss=TokenLoss(), metrics=[TokenMean()])
    watch = EvaluationWatch(model, context, len(batches), context.wait_while_paused)
    logs = model.evaluate(keras_input(BatchInput(batches)), callbacks=watch, return_dict=True, verbose=0)
    context.check()
    return as_floats(logs)[NATS]
