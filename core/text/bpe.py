"""Learns a byte-level BPE tokenizer, as GPT-2's, from texts. Knows no files and no model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from tokenizers import Tokenizer as Engine
from tokenizers import models, pre_tokenizers, trainers

from core.context import Context
from core.data.progress import Progressing
from core.text.tokenizer import END, Tokenizer

MOST_CHARACTERS = 20_000_000  # more of the same language changes the merges hardly, and takes minutes
LONGEST_CHARACTERS = 2000  # of what is handed over at once: one word of a megabyte would take hours
PARTS = re.compile(rf"(?s).{{1,{LONGEST_CHARACTERS}}}")


def train_bpe(texts: Sequence[str], size: int, context: Context) -> Tokenizer:
    """Learns which pairs of bytes to join, the most frequent first.

    The same texts give the same tokenizer. Of very long texts only evenly spaced parts are looked at.

    Args:
        texts: the training split's; no other's, or its perplexity would be too good.
        size: int >= 257, tokens at most: the 256 bytes, the end token, the rest joined ones. Fewer come out where
            nothing is left to join.
        context: is told of the progress, and asked whether to stop.

    Raises:
        CancelledError: the user has asked the job to stop.

    Reference:
        Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units".
    """
    engine = Engine(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    parts = _parts(texts)
    progress = Progressing(context, "tokenize", len(parts), "parts")
    engine.train_from_iterator(_told(parts, progress), trainer)
    progress.end()
    model = json.loads(engine.to_str())["model"]
    return Tokenizer(model["vocab"], [(left, right) for left, right in model["merges"]])


def _parts(texts: Sequence[str]) -> list[str]:
    step = -(-sum(map(len, texts)) // MOST_CHARACTERS)
    parts = [part for text in texts for part in PARTS.findall(text)]
    return parts[:: max(step, 1)]


def _told(parts: list[str], progress: Progressing) -> Iterator[str]:
    for part in parts:
        progress.advance()
        yield part.encode("utf-8", "replace").decode("utf-8")
