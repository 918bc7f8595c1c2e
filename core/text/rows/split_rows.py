"""A split of a corpus as rows of tokens. Knows no model."""

from __future__ import annotations

from core.context import Context
from core.text.corpus.corpus import Corpus
from core.text.rows.rows import Packing, Rows, lay_out
from core.text.tokenizer.passages import encode_passages
from core.text.tokenizer.tokenizer import Tokenizer


def split_rows(
    corpus: Corpus, split: str, tokenizer: Tokenizer, length: int, context: Context, packing: Packing = "never"
) -> Rows:
    """Returns a split's texts as rows of tokens, as `lay_out` does.

    Args:
        corpus: the texts.
        split: str, "train", "validation" or "test".
        tokenizer: with an end token.
        length: int, tokens a row has at most.
        context: gets the progress, and is asked whether to stop; its job's seed decides how rows are packed.
        packing: as in `lay_out`.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    ids = encode_passages(corpus.splits[split], tokenizer, context)
    if tokenizer.end_id is None:
        raise ValueError("A tokenizer for training needs an end token. Received: end_id=None")
    return lay_out(ids, length, tokenizer.end_id, packing=packing, seed=context.job.seed)
