"""The loss of a language model on texts, a token and a text, and its perplexity. Knows no model and no text."""

from __future__ import annotations

import numpy as np

MOST_NATS = 700.0  # a larger one has no exponential


def text_metrics(nats: np.ndarray, tokens: int, texts: int) -> dict[str, float]:
    """Returns "loss" (nats a token), "loss_per_text" (nats a text) and "perplexity".

    Args:
        nats: float32 (N,), the loss of each token, 0 where none is asked for.
        tokens: int >= 1, tokens that are asked for.
        texts: int >= 1, documents or pieces in them.
    """
    total = float(nats.sum(dtype=np.float64))
    mean = total / tokens
    return {"loss": mean, "loss_per_text": total / texts, "perplexity": float(np.exp(min(mean, MOST_NATS)))}
