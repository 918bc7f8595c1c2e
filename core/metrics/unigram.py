"""Perplexity of a unigram model, which predicts each token by its frequency alone: a baseline. Knows no text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def unigram_perplexity(known: Sequence[np.ndarray], asked: np.ndarray, size: int) -> float:
    """Returns the perplexity of tokens under their frequencies in other texts.

    Args:
        known: token ids of the texts that are counted, int arrays; the first of each was given, not predicted.
        asked: int (N,), tokens to be predicted, at least one.
        size: int, tokens in the vocabulary. Each is counted once more than it occurs (add-one smoothing), or an unseen
            one would make the perplexity infinite.
    """
    counts = np.ones(size)
    for ids in known:
        counts += np.bincount(ids[1:], minlength=size)
    return float(np.exp(-np.log(counts / counts.sum())[asked].mean()))
