"""Scores a language model token by token. Knows no text.

Shapes: N tokens in all rows, B rows at once, T places of each.
"""

from __future__ import annotations

import keras
import numpy as np

from core.context import Context
from core.data.progress import Progressing
from core.text.rows.batches import RowBatches
from core.text.rows.rows import Rows
from core.text.sampling.sampling import check_numbers
from core.training.objectives.token_loss import token_nats
from core.training.steps.gradients import compile_forward


def token_scores(model: keras.Model, rows: Rows, batch_size: int, context: Context) -> np.ndarray:
    """Returns the cross-entropy of each token in nats, float32 (N,), as `rows.labels`; 0 where none is a target.

    Args:
        model: int32 (B, T) to float (B, T, V) logits.
        rows: at least one.
        batch_size: int, rows at once.
        context: gets the progress, and is asked whether to stop.

    Raises:
        CancelledError: the user has asked the job to stop.
        UserError: the model's output is not a number.
    """
    variables = [variable for variable in model.variables if "seed_generator" not in variable.path]
    score = compile_forward(lambda ids, labels: token_nats(labels, model(ids, training=False))[0], variables)
    batches = RowBatches(rows, batch_size)
    progress = Progressing(context, "evaluate", len(rows.labels), "tokens")
    found = np.zeros(len(rows.labels), np.float32)
    lengths, order = rows.lengths, batches.order(0)
    for step in range(len(batches)):
        nats = np.asarray(keras.ops.convert_to_numpy(score(*batches.batch(0, step))), np.float32)  # (B, T)
        chosen = order[step * batches.batch_size : (step + 1) * batches.batch_size]
        for row, place in enumerate(chosen):
            found[rows.starts[place] : rows.starts[place + 1]] = nats[row, : lengths[place]]
        progress.advance(int(lengths[chosen].sum()))
    progress.end()
    if len(found):
        check_numbers(found)
    return found
