"""Writes with a GPT-2 token by token, compiled once for each bucket of lengths. Chooses no token and knows no text."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from core.models.gpt2.cache import Cache, attention_of, read_prompt, read_token, reorder, text_bytes
from core.models.gpt2.packed import can_pack, pack, read_packed_token
from core.models.shared.size import memory_bytes
from core.text.rows.round_up import round_up
from core.training.steps.gradients import CompiledForward, compile_forward

SMALLEST_PROMPT, SMALLEST_BUFFER = 16, 64
MEMORY_SHARE = 4  # texts that are written may take one part in so many of the computer's memory
WARM_UP_STEPS = 2  # the second meets the cache as the first has left it


class Writer:
    """A GPT-2 ready to write; keeps what it has compiled.

    Args:
        model: as `core.models.gpt2.gpt2.build` returns it; it must not be trained any more.
        context: int, tokens that it can look at.
    """

    def __init__(self, model: keras.Model, context: int) -> None:
        self.model = model
        self.context = context
        variables = [variable for variable in model.variables if "seed_generator" not in variable.path]
        self._variables = variables
        # What a step takes beside the tokens, their places and the cache.
        self._packed: list[Any] = [pack(model)] if can_pack(model) else []
        self._step = (
            compile_forward(functools.partial(read_packed_token, model), [], consumed=[4])
            if self._packed
            else compile_forward(functools.partial(read_token, model), variables, consumed=[3])
        )
        self._reorder = compile_forward(reorder, [])
        self._whole = compile_forward(lambda ids: model(ids), variables)
        self._attention = compile_forward(functools.partial(attention_of, model), variables)
        self._prompts: dict[int, CompiledForward] = {}
        self._compiled: set[tuple[Bucket, int]] = set()

    @property
    def traces(self) -> dict[str, int]:
        """How often reading prompts and writing a token were compiled."""
        return {"prompt": sum(reader.traces for reader in self._prompts.values()), "step": self._step.traces}

    def begin(self, prompts: Sequence[Sequence[int]], new_tokens: int) -> Writing:
        """Reads the prompts of one batch.

        Args:
            prompts: token ids, at least one each and at most `context`; their lengths may differ.
            new_tokens: int, how many tokens each text may grow by.
        """
        bucket = self.bucket(prompts, new_tokens)
        ids = np.zeros((bucket.texts, bucket.prompt), np.int32)
        starts = np.array([bucket.prompt - len(prompt) for prompt in prompts], np.int32)
        for row, prompt in enumerate(prompts):
            ids[row, starts[row] :] = prompt
        logits, hidden, cache = self._reader(bucket.places)(ids, starts)
        step = functools.partial(self._step, *self._packed)
        return Writing(step, self._reorder, bucket, starts, logits, hidden, cache)

    def bucket(self, prompts: Sequence[Sequence[int]], new_tokens: int) -> Bucket:
        """Returns the shapes that such a batch is computed in."""
        longest = max(map(len, prompts))
        if not 1 <= min(map(len, prompts)) <= longest <= self.context:
            raise ValueError(f"prompts must have 1 to {self.context} tokens. Received: up to {longest}")
        prompt = min(round_up(longest, SMALLEST_PROMPT), self.context)
        return Bucket(len(prompts), prompt, round_up(prompt + new_tokens, SMALLEST_BUFFER))

    def room(self, bucket: Bucket) -> Room:
        """Returns what texts of such a bucket take in memory, whatever their number there."""
        return Room(memory_bytes() // MEMORY_SHARE, text_bytes(self.model, bucket.prompt, bucket.places))

    def warm_up(self, bucket: Bucket, rows: int = 0) -> None:
        """Compiles what a bucket needs, so that no token has to wait for it; at once where it is compiled already.

        Args:
            bucket: as `bucket` returns it.
            rows: int, how many texts each `advance` picks out of those before; 0 where each goes on by itself.
        """
        if self.is_warm(bucket, rows):
            return
        writing = self.begin([[0] * bucket.prompt] * bucket.texts, bucket.places - bucket.prompt)
        ids = np.zeros(rows or bucket.texts, np.int32)
        for _ in range(min(WARM_UP_STEPS, bucket.places - bucket.prompt)):
            writing.advance(ids, np.zeros_like(ids) if rows else None)
        writing.logits()
        self._compiled.add((bucket, rows))

    def is_warm(self, bucket: Bucket, rows: int = 0) -> bool:
        """Whether `warm_up` has been called with these."""
        return (bucket, rows) in self._compiled

    def read(self, ids: Sequence[int]) -> np.ndarray:
        """Returns the logits after each token of a text: float32 (T, V)."""
        return np.asarray(keras.ops.convert_to_numpy(self._whole(self._pad(ids))))[0, : len(ids)]

    def attention(self, ids: Sequence[int]) -> np.ndarray:
        """Returns how much each token of a text looks at each one before it: float32 (L, H, T, T)."""
        length = len(ids)
        return np.asarray(keras.ops.convert_to_numpy(self._attention(self._pad(ids))))[:, 0, :, :length, :length]

    def _pad(self, ids: Sequence[int]) -> np.ndarray:
        padded = np.zeros((1, min(round_up(len(ids), SMALLEST_PROMPT), self.context)), np.int32)
        padded[0, : len(ids)] = ids  # what follows a token can't change it
        return padded

    def _reader(self, places: int) -> CompiledForward:
        if places not in self._prompts:
            self._prompts[places] = compile_forward(
                lambda ids, starts: read_prompt(self.model, ids, starts, places), self._variables
            )
        return self._prompts[places]


@dataclass(frozen=True)
class Bucket:
    """Shapes for which a step is compiled.

    Args:
        texts: int, B.
        prompt: int, P, places of the prompt.
        places: int, S, places in all.
    """

    texts: int
    prompt: int
    places: int


@dataclass(frozen=True)
class Room:
    """Memory for texts that are written at a time.

    Args:
        bytes: int, that may be taken.
        text_bytes: int, that one text takes, about.
    """

    bytes: int
    text_bytes: int

    @property
    def texts(self) -> int:
        """How many texts there is room for; perhaps none."""
        return self.bytes // self.text_bytes


class Writing:
    """One batch of texts while it is written; made by `Writer.begin`."""

    def __init__(
        self,
        step: Callable[..., tuple[Any, Any, Cache]],
        reorder: CompiledForward,
        bucket: Bucket,
        starts: np.ndarray,
        logits: Any,
        hidden: Any,
        cache: Cache,
    ) -> None:
        self._step = step
        self._reorder = reorder
        self._place = bucket.prompt
        self._places = bucket.places
        self._starts = starts
        self._logits, self._hidden, self._cache = logits, hidden, cache

    def logits(self) -> np.ndarray:
        """Returns the logits of each text's next token, float32 (B, V); waits until they are computed."""
        return np.asarray(keras.ops.convert_to_numpy(self._logits))

    def hidden(self) -> np.ndarray:
        """Returns the model's output before the head: float32 (B, P, D) for prompts, (B, D) for the last token."""
        return np.asarray(keras.ops.convert_to_numpy(self._hidden))

    def look(self, ids: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Returns the model's output before the head, float32 (B', D), were a token appended; nothing changes.

        Args:
            ids: int (B',), the tokens.
            rows: int (B',), which text each of them would continue.
        """
        self._check_place()
        rows = np.asarray(rows, np.int32)
        copies = self._reorder(self._cache, rows)
        _, hidden, _ = self._step(np.asarray(ids, np.int32), self._starts[rows], self._place, copies)
        return np.asarray(keras.ops.convert_to_numpy(hidden))

    def advance(self, ids: np.ndarray, rows: np.ndarray | None = None) -> None:
        """Appends one token to each text. Where the backend can, it goes on computing after this returns.

        Args:
            ids: int (B',), the tokens.
            rows: int (B',), which text each of them continues; None where each continues its own.
        """
        self._check_place()
        if rows is not None:
            rows = np.asarray(rows, np.int32)
            self._cache = self._reorder(self._cache, rows)
            self._starts = self._starts[rows]
        self._logits, self._hidden, self._cache = self._step(
            np.asarray(ids, np.int32), self._starts, self._place, self._cache
        )
        self._place += 1

    def _check_place(self) -> None:
        if self._place >= self._places:
            raise ValueError(f"the buffer has room for {self._places} tokens. Received: one more")
