"""Beam search: looks for the most probable text by following so many of the best beginnings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.text.sampling.sampling import check_numbers, log_softmax, penalise
from core.text.sampling.token_view import TokenView, most_probable, view_token
from core.text.sampling.writing import Writing


@dataclass(frozen=True)
class Hypothesis:
    """One text that beam search has found.

    Args:
        tokens: what was written, the end token included.
        log_probability: float, nats, of all tokens together.
        views: what the model thought of each token.
    """

    tokens: tuple[int, ...] = ()
    log_probability: float = 0.0
    views: tuple[TokenView, ...] = ()

    def score(self, length_penalty: float) -> float:
        """By which texts are compared: the log probability over length to this power."""
        return score_of(self.log_probability, len(self.tokens), length_penalty)


@dataclass(frozen=True)
class BeamSearch:
    """How to search.

    Args:
        beams: int >= 1, how many beginnings are followed at a time.
        length: int >= 1, tokens that are written at most.
        end_id: int, the token that ends a text; None where there is none.
        length_penalty: float >= 0; 0 compares log probabilities, 1 their mean over the tokens.
        repetition_penalty: float > 0, as in `Sampling`.
        alternatives: int, how many of the most probable tokens to report.
    """

    beams: int
    length: int
    end_id: int | None = None
    length_penalty: float = 1.0
    repetition_penalty: float = 1.0
    alternatives: int = 0

    def run(self, writing: Writing, prompt: Sequence[int], check: Callable[[int], None]) -> list[Hypothesis]:
        """Returns what was found, the best first, at most as many as there are beams.

        Args:
            writing: has read the prompt, and nothing else.
            prompt: its token ids.
            check: called before each step with the tokens written so far; may raise to end it all.

        Raises:
            UserError: the model's output is not a number.
        """
        live, done = [Hypothesis()], list[Hypothesis]()
        for length in range(1, self.length + 1):
            check(length - 1)
            extended = self._extend(writing.logits(), live, prompt)
            done = self._best([*done, *(one for one in extended if one.tokens[-1] == self.end_id)])
            parents = {one.tokens: row for row, one in enumerate(live)}
            live = [one for one in extended if one.tokens[-1] != self.end_id][: self.beams]
            if length == self.length:
                return self._best([*done, *live])
            if not live or self._settled(live, done):
                break
            rows = [parents[one.tokens[:-1]] for one in live]
            spare = self.beams - len(live)  # the batch keeps its size
            writing.advance(np.array([one.tokens[-1] for one in live] + [0] * spare), np.array(rows + [0] * spare))
        return done

    def _extend(self, logits: np.ndarray, live: list[Hypothesis], prompt: Sequence[int]) -> list[Hypothesis]:
        """Returns the most probable continuations by one token, the best first: enough, were each beam's end in it."""
        logits = logits[: len(live)]  # (B, V)
        check_numbers(logits)
        penalised = [
            penalise(row, [*prompt, *one.tokens], self.repetition_penalty)
            for row, one in zip(logits, live, strict=True)
        ]
        totals = log_softmax(np.stack(penalised)) + np.array([[one.log_probability] for one in live])
        found = []
        for place in most_probable(totals.ravel(), 2 * self.beams):  # (B, V) -> (B * V,)
            row, token = divmod(int(place), logits.shape[1])
            view = view_token(logits[row], token, self.alternatives)
            views = (*live[row].views, view)
            found.append(Hypothesis((*live[row].tokens, token), float(totals[row, token]), views))
        return found

    def _best(self, found: list[Hypothesis]) -> list[Hypothesis]:
        return sorted(found, key=lambda one: -one.score(self.length_penalty))[: self.beams]

    def _settled(self, live: list[Hypothesis], done: list[Hypothesis]) -> bool:
        """Whether nothing that is still written can come among the best: a longer text is never more probable."""
        if len(done) < self.beams:
            return False
        hope = max(score_of(one.log_probability, self.length, self.length_penalty) for one in live)
        return hope <= done[-1].score(self.length_penalty)


def score_of(log_probability: float, length: int, length_penalty: float) -> float:
    """Returns the log probability over length to this power; a longer text of equal probability is never worse."""
    return log_probability / float(length) ** length_penalty
