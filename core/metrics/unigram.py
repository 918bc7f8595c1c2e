"""How well texts are told by one who only knows how often each token comes. Knows no model and no text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def unigram_perplexity(known: Sequence[np.ndarray], asked: np.ndarray, size: int) -> float:
    """Returns the perplexity of tokens under the shares that they have elsewhere.

    Args:
        known: token ids of texts, int arrays; the first of each was given, not asked for.
        asked: int (N,), tokens to be told, at least one.
        size: int, tokens in the vocabulary. Each counts once more than it comes, or a new one would cost everything.
    """
    counts = np.ones(size)
    for ids in known:
        counts += np.bincount(ids[1:], minlength=size)
    return float(np.exp(-np.log(counts / counts.sum())[asked].mean()))
