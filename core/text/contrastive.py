"""Contrastive search: probable tokens that do not lead the model back to where it has been."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from core.text.sampling import penalise, softmax
from core.text.token_view import TokenView, most_probable, view_token
from core.text.writing import Writing


def contrastive_search(
    writing: Writing,
    prompt: Sequence[int],
    *,
    candidates: int,
    degeneration: float,
    length: int,
    end_id: int | None,
    repetition_penalty: float = 1.0,
    alternatives: int = 0,
) -> Iterator[TokenView]:
    """Writes one text.

    Of the most probable tokens that one is taken for which (1 - a) p - a s is largest: p its probability, s the
    greatest cosine between the model's output there and its output at any earlier token.

    Args:
        writing: has read the prompt, and nothing else.
        prompt: its token ids.
        candidates: int >= 1, how many tokens are tried at each step.
        degeneration: float in [0, 1], a; at 0 the most probable token is always taken.
        length: int, tokens that are written at most.
        end_id: int, the token that ends a text; None where there is none.
        repetition_penalty: float > 0, as in `Sampling`.
        alternatives: int, how many of the most probable tokens to tell of.

    Yields:
        Each token as it is written.

    Reference:
        Su et al. 2022, "A Contrastive Framework for Neural Text Generation".
    """
    been = _unit(writing.hidden()[0, -len(prompt) :])  # (P, D): prompts stand at the end of their row
    logits, row, text = writing.logits()[0], 0, list(prompt)
    for _ in range(length):
        probabilities = softmax(penalise(logits, text, repetition_penalty))
        tokens = most_probable(probabilities, candidates)
        writing.advance(tokens, np.full(len(tokens), row))
        there = _unit(writing.hidden())  # (K, D)
        likeness = (there @ been.T).max(axis=1)
        row = int(np.argmax((1.0 - degeneration) * probabilities[tokens] - degeneration * likeness))
        token = int(tokens[row])
        view = view_token(logits, token, alternatives)
        text.append(token)
        been = np.concatenate([been, there[row : row + 1]])
        yield view
        if token == end_id:
            return
        logits = writing.logits()[row]


def _unit(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, np.float64)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
