"""Contrastive search: probable tokens that do not lead the model back to where it has been."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from core.text.sampling.sampling import check_numbers, penalise, softmax
from core.text.sampling.token_view import TokenView, most_probable, view_token
from core.text.sampling.writing import Writing


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
    at_once: int = 0,
    check: Callable[[], None] = lambda: None,
) -> Iterator[TokenView]:
    """Writes one text.

    Args:
        writing: has read the prompt, and nothing else.
        prompt: its token ids.
        candidates: int >= 1, how many tokens are tried at each step.
        degeneration: float in [0, 1], a in `_best`; at 0 the most probable token is always taken.
        length: int, tokens that are written at most.
        end_id: int, the token that ends a text; None where there is none.
        repetition_penalty: float > 0, as in `Sampling`.
        alternatives: int, how many of the most probable tokens to tell of.
        at_once: int, how many tokens are tried at a time, which bounds the copies of the text in memory; 0 tries all
            at once, which spares a step. What is written is the same.
        check: called before tokens are tried; may raise to end it all.

    Yields:
        Each token as it is written.

    Raises:
        UserError: the model puts out no numbers.

    Reference:
        Su et al. 2022, "A Contrastive Framework for Neural Text Generation".
    """
    been = _unit(writing.hidden()[0, -len(prompt) :])  # (P, D): prompts stand at the end of their row
    logits, row, text = writing.logits()[0], 0, list(prompt)
    for _ in range(length):
        check_numbers(logits)
        probabilities = softmax(penalise(logits, text, repetition_penalty))
        tokens = most_probable(probabilities, candidates)
        if apart := 0 < at_once < len(tokens):
            there = _unit(_tried(writing, tokens, at_once, check))  # (K, D)
        else:
            check()
            writing.advance(tokens, np.full(len(tokens), row))
            there = _unit(writing.hidden())  # (K, D)
        best = _best(probabilities[tokens], there, been, degeneration)
        token = int(tokens[best])
        text.append(token)
        been = np.concatenate([been, there[best : best + 1]])
        yield view_token(logits, token, alternatives)
        if token == end_id:
            return
        if apart:
            writing.advance(tokens[best : best + 1], np.array([0]))
        row = 0 if apart else best
        logits = writing.logits()[row]


def _best(probabilities: np.ndarray, there: np.ndarray, been: np.ndarray, degeneration: float) -> int:
    """Returns which of K tokens is taken: that for which (1 - a) p - a s is largest.

    Args:
        probabilities: float (K,), p.
        there: float (K, D), the model's output at each.
        been: float (P, D), its output at all before; s is the greatest cosine with one of them.
        degeneration: float in [0, 1], a.
    """
    likeness = (there @ been.T).max(axis=1)
    return int(np.argmax((1.0 - degeneration) * probabilities - degeneration * likeness))


def _tried(writing: Writing, tokens: np.ndarray, at_once: int, check: Callable[[], None]) -> np.ndarray:
    """Returns the outputs (K, D) were each token appended to the one text there is, a few at a time."""
    found = []
    for start in range(0, len(tokens), at_once):
        check()
        part = tokens[start : start + at_once]
        # The last few are filled up: another number of them would have to be compiled.
        found.append(writing.look(np.resize(part, at_once), np.zeros(at_once, np.int32))[: len(part)])
    return np.concatenate(found)


def _unit(vectors: np.ndarray) -> np.ndarray:
    check_numbers(vectors)
    vectors = np.asarray(vectors, np.float64)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
