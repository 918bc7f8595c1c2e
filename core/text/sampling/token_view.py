"""What a model thought of a token: how probable it was, and what else it might have written. Pure NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCK = 64


@dataclass(frozen=True)
class TokenView:
    """One written token, as the model saw it: of its own distribution, at temperature 1 and before any filter.

    Args:
        token: int, its id.
        probability: float in [0, 1].
        rank: int >= 1, 1 for the most probable.
        entropy: float >= 0, nats: how undecided the model was.
        alternatives: ids and probabilities of the most probable tokens, the most probable first.
    """

    token: int
    probability: float
    rank: int
    entropy: float
    alternatives: tuple[tuple[int, float], ...] = ()


def view_token(logits: np.ndarray, token: int, alternatives: int) -> TokenView:
    """Looks at one choice.

    Args:
        logits: float32 (V,), from which it was chosen.
        token: int, what was chosen.
        alternatives: int, how many of the most probable tokens are wanted.
    """
    shifted = logits - logits.max()
    exponentials = np.exp(shifted)  # in float32, which 50,000 tokens a step can afford; sums in float64
    total = exponentials.sum(dtype=np.float64)
    entropy = np.log(total) - np.dot(exponentials, shifted) / total
    rank = 1 + int(np.count_nonzero(logits > logits[token]))
    best = most_probable(shifted, alternatives)
    return TokenView(
        int(token),
        float(exponentials[token] / total),
        rank,
        max(0.0, float(entropy)),
        tuple((int(one), float(exponentials[one] / total)) for one in best),
    )


def most_probable(logits: np.ndarray, count: int) -> np.ndarray:
    """Returns the ids of the largest logits, the largest first; of equals the lower id.

    Args:
        logits: float (V,).
        count: int, how many; no more than V are returned.
    """
    count = min(count, len(logits))
    if count == 0:
        return np.zeros(0, np.int64)
    blocks = len(logits) // BLOCK
    if blocks < count:
        least = np.partition(logits, -count)[-count]
    else:
        # So many logits are at least as large as the last of the largest blocks' best: the others need not be sorted.
        best = logits[: blocks * BLOCK].reshape(blocks, BLOCK).max(axis=1)
        least = np.partition(best, -count)[-count]
    found = np.flatnonzero(logits >= least)
    return found[np.argsort(-logits[found], kind="stable")][:count]
