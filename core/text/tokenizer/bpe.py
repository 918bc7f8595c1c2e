"""Learns a byte-level BPE tokenizer, as GPT-2's, from texts. Knows no files and no model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from core.context import Context
from core.data.progress import Progressing
from core.text.tokenizer.merges import learn_merges
from core.text.tokenizer.merges_process import learn_merges_in_process
from core.text.tokenizer.tokenizer import Tokenizer

MOST_CHARACTERS = 20_000_000  # more of the same language changes the merges hardly, and takes minutes
LONGEST_CHARACTERS = 2000  # of what is handed over at once: one word of a megabyte would take hours
QUICK_CHARACTERS = 300_000  # take less than half a second, and another process about as long to start
PARTS = re.compile(rf"(?s).{{1,{LONGEST_CHARACTERS}}}")


def train_bpe(texts: Sequence[str], size: int, context: Context) -> Tokenizer:
    """Learns which pairs of bytes to join, the most frequent first.

    The same texts give the same tokenizer. Of very long texts only evenly spaced parts are used.

    Args:
        texts: the training split's; no other's, or its perplexity would be too good.
        size: int >= 257, tokens at most: the 256 bytes, the end token, the rest joined ones. Fewer come out where
            nothing is left to join.
        context: gets the progress, and is asked whether to stop.

    Raises:
        CancelledError: the user has asked the job to stop.
        UserError: there is too little memory.

    Reference:
        Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units".
    """
    parts = [part.encode("utf-8", "replace").decode("utf-8") for part in _parts(texts)]
    if sum(map(len, parts)) > QUICK_CHARACTERS:
        return Tokenizer(*learn_merges_in_process(parts, size, context))
    progress = Progressing(context, "tokenize", len(parts), "parts")
    merges = learn_merges(_told(parts, progress), size)
    progress.end()
    return Tokenizer(*merges)


def _parts(texts: Sequence[str]) -> list[str]:
    step = -(-sum(map(len, texts)) // MOST_CHARACTERS)
    parts = [part for text in texts for part in PARTS.findall(text)]
    return parts[:: max(step, 1)]


def _told(parts: list[str], progress: Progressing) -> Iterator[str]:
    for part in parts:
        progress.advance()
        yield part
