"""Turns the passages of a corpus into token ids. Knows no model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from core.context import Context
from core.data.progress import Progressing
from core.text.corpus.pieces import Passage
from core.text.tokenizer.tokenizer import Tokenizer

MOST_CHARACTERS = 500_000  # are encoded at once: what the tokenizer remembers of each token takes a hundred bytes
# Before a line's end that follows no space a token always ends, so cutting there changes nothing.
CUT = re.compile(r"(?<=\S)\n")


def encode_passages(passages: Sequence[Passage], tokenizer: Tokenizer, context: Context) -> list[np.ndarray]:
    """Returns each passage's ids, int32: the end token before its beginning and after its end, where it has these.

    Args:
        passages: what to encode.
        tokenizer: has an end token.
        context: gets the progress, and is asked whether to stop.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    if tokenizer.end_id is None:
        raise ValueError("A tokenizer for training needs an end token. Received: end_id=None")
    end = [tokenizer.end_id]
    progress = Progressing(context, "tokenize", len(passages), "texts")
    found = []
    for passage in passages:
        parts = [end] if passage.begins else []
        for part in cut_safely(passage.text):
            parts.append(tokenizer.encode(part))
            progress.tick()
        found.append(
            np.concatenate([np.asarray(part, np.int32) for part in [*parts, *([end] if passage.ends else [])]])
        )
        progress.advance()
    progress.end()
    return found


def cut_safely(text: str, most: int = MOST_CHARACTERS) -> Iterator[str]:
    """Cuts a long text where it changes no token; where there is no such place, a part is longer than `most`."""
    start = 0
    while len(text) - start > most:
        found = CUT.search(text, start + max(most, 1))
        if found is None:
            break
        yield text[start : found.start()]
        start = found.start()
    yield text[start:]
