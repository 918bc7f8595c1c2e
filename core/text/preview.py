"""The task behind the quick look at texts before Train: how many, how long, and how they begin."""

from __future__ import annotations

from typing import Any

from core.context import Context
from core.data.dataset import SPLITS
from core.settings.text_data import TextSettings
from core.text.corpus.corpus import load_corpus

BEGINNING = 200  # characters


def preview_text(settings: TextSettings, context: Context) -> dict[str, Any]:
    """Reads the texts and divides them as training would.

    Returns:
        `source`, `texts` (documents, or pieces of them), `characters`, `documents` (what was divided: "file", "line" or
        "piece"), `splits` (name -> texts), `given`, `left_out` (files that can't be used) and `beginning` (of the first
        training text).

    Raises:
        UserError: nothing can be trained on them.
        CancelledError: the user has asked the job to stop.
    """
    corpus = load_corpus(settings, context.job.seed, context)
    return {
        "source": corpus.source,
        "texts": sum(corpus.counts().values()),
        "characters": sum(corpus.characters().values()),
        "documents": corpus.documents,
        "splits": {split: corpus.counts()[split] for split in SPLITS},
        "given": list(corpus.given),
        "left_out": len(corpus.skipped),
        "beginning": " ".join(corpus.splits["train"][0].text[:BEGINNING].split()),
    }
