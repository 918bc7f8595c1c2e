"""What a way of writing needs of a model, and the plain way: one token after the other, drawn or the most probable."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from typing import Protocol

import numpy as np

from core.text.sampling.sampling import Sampling
from core.text.sampling.token_view import TokenView, view_token


class Writing(Protocol):
    """A batch of texts that grows by a token at a time."""

    def logits(self) -> np.ndarray:
        """Returns the logits of each text's next token, float32 (B, V)."""

    def hidden(self) -> np.ndarray:
        """Returns the model's output before the head: float32 (B, P, D) for prompts, (B, D) for the last token."""

    def look(self, ids: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Returns the output before the head, float32 (B', D), were these tokens appended to these texts."""

    def advance(self, ids: np.ndarray, rows: np.ndarray | None = None) -> None:
        """Appends one token to each text; `rows` says which text each continues."""


def write(
    writing: Writing,
    prompts: Sequence[Sequence[int]],
    sampling: Sampling,
    rngs: Sequence[np.random.Generator],
    limits: Sequence[int],
    end_id: int | None,
    alternatives: int,
) -> Generator[list[tuple[int, TokenView]], Collection[int] | None, None]:
    """Writes all texts of a batch at once.

    Args:
        writing: has read the prompts.
        prompts: their token ids.
        sampling: how the next token is chosen.
        rngs: one generator a text, so that a text does not depend on the others beside it.
        limits: how many tokens each text may grow by.
        end_id: int, the token that ends a text; None where there is none.
        alternatives: int, how many of the most probable tokens to report.

    Yields:
        After each step, the tokens written: which text, and the token. Sending back a collection of texts ends these.
    """
    texts = [list(prompt) for prompt in prompts]
    growing = {row for row, limit in enumerate(limits) if limit > 0}
    written = 0
    while growing:
        logits = writing.logits()
        rows = sorted(growing)
        chosen = {row: sampling.choose(logits[row], texts[row], rngs[row]) for row in rows}
        written += 1
        for row, token in chosen.items():
            texts[row].append(token)
            if token == end_id or written >= limits[row]:
                growing.discard(row)
        if growing:
            # The backend computes the next step while this one is chosen from.
            writing.advance(np.array([chosen.get(row, 0) for row in range(len(texts))]))
        ended = yield [(row, view_token(logits[row], chosen[row], alternatives)) for row in rows]
        growing.difference_update(ended or ())
