"""The objective of a language model: to predict every token from those before it."""

from __future__ import annotations

from core.text.rows.batches import RowBatches
from core.text.rows.rows import Rows
from core.training.objectives.objective import Objective
from core.training.objectives.token_loss import TokenLoss, TokenMean, with_perplexity


def writing(train: Rows, validation: Rows, batch_size: int, seed: int) -> Objective:
    """Returns what a language model is trained for: the likelihood of the texts.

    Args:
        train: what it is trained on.
        validation: what it is measured on after each epoch; may be empty.
        batch_size: int, rows a step.
        seed: int >= 0, fixes the order.
    """
    return Objective(
        RowBatches(train, batch_size, seed),
        RowBatches(validation, batch_size),
        TokenLoss(),
        [TokenMean()],
        with_perplexity,
    )
