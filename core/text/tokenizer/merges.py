"""Learns which pairs of bytes to join: the slow part of learning a tokenizer. Knows no job and no file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal

from tokenizers import Tokenizer as Engine
from tokenizers import models, pre_tokenizers, trainers

from core.text.tokenizer.tokenizer import END

Merges = tuple[dict[str, int], list[tuple[str, str]]]  # token -> id, and the pairs in the order of joining


def learn_merges(parts: Iterable[str], size: int, progress: Literal["silent", "json"] = "silent") -> Merges:
    """Returns a vocabulary and its merges, the most frequent first. It can't be interrupted.

    Args:
        parts: texts.
        size: int >= 257, tokens at most.
        progress: "json" writes it to the process's stderr, a JSON object a line: "stage", "current", "total".
    """
    engine = Engine(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=progress != "silent",
        progress_format=progress,
    )
    engine.train_from_iterator(parts, trainer)
    model = json.loads(engine.to_str())["model"]
    return model["vocab"], [(left, right) for left, right in model["merges"]]
