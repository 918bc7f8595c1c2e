"""Chooses the next token from a model's logits, in float64, so that one seed gives one text. Pure NumPy.

Shapes: V tokens of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.errors import UserError

FEW = 1024


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen. The parts work in the order in which they stand here.

    Args:
        repetition_penalty: float > 0, logits of tokens that the text holds already are divided by it, or multiplied
            where they are negative; 1 changes nothing.
        temperature: float >= 0, logits are divided by it; 0 always takes the most probable token.
        top_k: int, only so many of the most probable tokens are kept; 0 keeps all.
        top_p: float in (0, 1], of those, only the most probable are kept, until their probabilities sum to this.

    Reference:
        Keskar et al. 2019, "CTRL"; Fan et al. 2018, "Hierarchical Neural Story Generation"; Holtzman et al. 2020,
        "The Curious Case of Neural Text Degeneration".
    """

    repetition_penalty: float = 1.0
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def choose(self, logits: np.ndarray, text: Iterable[int], rng: np.random.Generator) -> int:
        """Returns the next token.

        Args:
            logits: float (V,).
            text: ids of all tokens so far, the prompt's too.
            rng: is asked for one number, and at temperature 0 for none.

        Raises:
            UserError: the logits are no numbers.
        """
        check_numbers(logits)
        logits = penalise(logits, text, self.repetition_penalty)
        if self.temperature == 0.0:
            return int(np.argmax(logits))
        ids, probabilities = self.distribution(logits)
        total = np.cumsum(probabilities)
        return int(ids[min(np.searchsorted(total, rng.random() * total[-1], side="right"), len(ids) - 1)])

    def distribution(self, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the tokens that may come next, and their probabilities: int (N,) and float64 (N,), which sum to 1.

        Args:
            logits: float (V,), penalised already.
        """
        logits = np.asarray(logits, np.float64) / self.temperature
        ids = keep_top_k(logits, self.top_k)
        probabilities = softmax(logits[ids])
        if self.top_p < 1.0:
            kept = keep_top_p(probabilities, self.top_p)
            ids, probabilities = ids[kept], probabilities[kept] / probabilities[kept].sum()
        return ids, probabilities


def check_numbers(values: np.ndarray) -> None:
    """Refuses a model whose output says nothing; NaN would choose a token all the same, mostly the first.

    Args:
        values: float, at least one: logits, or nats.

    Raises:
        UserError: one is NaN or infinite; minus infinity is a logit like others.
    """
    if not np.isfinite(np.max(values)):
        raise UserError(
            "The model's output is not a number: its training diverged.",
            hint="Train it again with a lower learning rate, or use another model.",
        )


def penalise(logits: np.ndarray, text: Iterable[int], penalty: float) -> np.ndarray:
    """Returns the logits (V,) with the repetition penalty; the same array where there is none."""
    if penalty == 1.0:
        return logits
    seen = np.unique(np.fromiter(text, np.int64))
    logits = np.array(logits, np.float64)
    logits[seen] = np.where(logits[seen] > 0.0, logits[seen] / penalty, logits[seen] * penalty)
    return logits


def keep_top_k(logits: np.ndarray, count: int) -> np.ndarray:
    """Returns the ids of the `count` largest logits, ascending; of equals the lower ids; all where it is 0."""
    if not 0 < count < len(logits):
        return np.arange(len(logits))
    least = np.partition(logits, -count)[-count]
    above, equal = np.flatnonzero(logits > least), np.flatnonzero(logits == least)
    return np.sort(np.concatenate([above, equal[: count - len(above)]]))


def keep_top_p(probabilities: np.ndarray, share: float) -> np.ndarray:
    """Returns which of the most probable sum to the share, ascending: at least one, the one that reaches it included.

    Args:
        probabilities: float64 (N,), sum 1.
        share: float in (0, 1].
    """
    if len(probabilities) > 2 * FEW:  # sorting them all would cost more than the model's own step
        few = keep_top_k(probabilities, FEW)
        if probabilities[few].sum() >= share:
            return few[keep_top_p(probabilities[few], share)]
    order = np.argsort(-probabilities, kind="stable")
    before = np.cumsum(probabilities[order]) - probabilities[order]
    kept = order[before < share]
    return np.sort(kept if len(kept) else order[:1])


def softmax(logits: np.ndarray) -> np.ndarray:
    """Returns probabilities, float64 (V,)."""
    exponentials = np.exp(np.asarray(logits, np.float64) - np.max(logits))
    return exponentials / exponentials.sum()


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Returns log probabilities in nats, float64, over the last axis: (..., V)."""
    logits = np.asarray(logits, np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
