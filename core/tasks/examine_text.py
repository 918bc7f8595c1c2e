"""Looks at a text through the eyes of a GPT-2: how probable each token was, and what each head attends to."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.context import Context
from core.errors import UserError
from core.events import Images, Progress
from core.inference.text_model import ids_of, text_model, token_rows, view_row
from core.settings.examine_text import ExamineTextSettings
from core.text.sampling.sampling import check_numbers
from core.text.sampling.token_view import view_token

LONGEST_ATTENTION = 256  # tokens: the pictures of all heads must travel
MOST_ATTENTION_BYTES = 32 * 2**20


def examine_text(settings: ExamineTextSettings, context: Context) -> dict[str, Any]:
    """Examines a text.

    The attention comes as one `Images` event: a picture (T, T, 1) for each layer and head, whose row is the token that
    looks, whose column the token looked at, and in which 255 is all of its attention.

    Returns:
        {"tokens" (ids), "views": one a token: "token", "text", "piece" (what it adds to the text), "probability",
        "rank", "entropy", "alternatives", of the first token only the first three, "perplexity" (None for one
        token)}.

    Raises:
        UserError: there is no such model, the text is too long for it, or the output is not a number.
        CancelledError: the user has asked the job to stop.
    """
    gpt2, writer, trained_here = text_model(settings.model, context)
    ids = ids_of(settings.text, settings.text_ids, gpt2.tokenizer, trained_here=trained_here)
    if len(ids) > gpt2.settings.context:
        raise UserError(
            "The text has {count} tokens, and this model can process {context}.",
            hint="Shorten the text.",
            count=len(ids),
            context=gpt2.settings.context,
        )
    context.check()
    context.report(Progress("examine"))
    logits = writer.read(ids)
    check_numbers(logits)
    rows = token_rows(ids, gpt2.tokenizer)
    for place in range(1, len(ids)):
        context.check()
        rows[place] |= view_row(view_token(logits[place - 1], ids[place], settings.alternatives), gpt2.tokenizer)
    heads = gpt2.settings.layers * gpt2.settings.heads
    if settings.attention and len(ids) <= LONGEST_ATTENTION and heads * len(ids) ** 2 <= MOST_ATTENTION_BYTES:
        _report_attention(np.asarray(writer.attention(ids)), context)
    nats = [-float(np.log(max(row["probability"], 1e-45))) for row in rows[1:]]
    return {"tokens": ids, "views": rows, "perplexity": float(np.exp(np.mean(nats))) if nats else None}


def _report_attention(attention: np.ndarray, context: Context) -> None:
    layers, heads = attention.shape[:2]  # (L, H, T, T)
    places = [(layer, head) for layer in range(layers) for head in range(heads)]
    pictures = tuple(np.round(255 * attention[place])[..., None].astype(np.uint8) for place in places)
    details = tuple({"layer": layer, "head": head} for layer, head in places)
    context.report(Images("attention", pictures, details))
