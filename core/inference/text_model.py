"""Gets a GPT-2 to write with: from memory, from a run, or from a folder."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

from core.context import Context
from core.errors import UserError
from core.events import Progress
from core.files.atomic import file_stamp, path_exists
from core.inference.cached import cached
from core.inference.trained import stamp
from core.inference.trained_text import trained_text_model
from core.inference.writer import Writer
from core.models.gpt2.folder import Gpt2, open_gpt2
from core.models.gpt2.saved import is_text_model
from core.runs.find_text_model import find_text_model
from core.text.sampling.token_view import TokenView
from core.text.tokenizer.stream import token_pieces
from core.text.tokenizer.tokenizer import Tokenizer

MODELS_KEPT = 2


def text_model(place: str, context: Context) -> tuple[Gpt2, Writer, bool]:
    """Returns a GPT-2, what is compiled for it, and whether it was trained here: the folder's copy says so too.

    It comes from memory where its files are unchanged since it was last used.

    Args:
        place: a run's id, name or folder, or the folder of a GPT-2 from elsewhere.
        context: keeps the last models.

    Raises:
        UserError: there is no such thing, it is no GPT-2, or it is damaged.
    """
    folder, run = find_text_model(place, context.workspace)
    if run is not None:
        gpt2, _ = trained_text_model(run, context)
        key: Hashable = (str(run.folder), stamp(run))
    else:
        key = (str(folder.absolute()), _stamp(folder))
        gpt2 = cached(context, "foreign text models", key, MODELS_KEPT, lambda: _open(folder, context))
    writer = cached(context, "writers", key, MODELS_KEPT, lambda: Writer(gpt2.model, gpt2.settings.context))
    return gpt2, writer, run is not None or is_text_model(folder)


def ids_of(text: str, ids: Sequence[int], tokenizer: Tokenizer, *, trained_here: bool) -> list[int]:
    """Returns the token ids that a user means: those given, else the text's.

    An empty text begins with the end token, which stands before every text that a GPT-2 learns from. So does any text
    for a model that was trained here: its rows all began so, while other GPT-2s are asked without.

    Raises:
        UserError: an id is none of the tokenizer's, or there is nothing to begin with.
    """
    wrong = next((one for one in ids if not 0 <= one < tokenizer.size), None)
    if wrong is not None:
        raise UserError(
            "There is no token {token}.",
            hint="The model's tokens have the numbers 0 to {last}.",
            token=wrong,
            last=tokenizer.size - 1,
        )
    beginning = [] if tokenizer.end_id is None else [tokenizer.end_id]
    encoded = tokenizer.encode(text)
    found = list(ids) or (beginning + encoded if trained_here or not encoded else encoded)
    if not found:
        raise UserError("This model's tokenizer has no token to begin an empty text with.", hint="Give it a prompt.")
    return found


def token_rows(ids: Sequence[int], tokenizer: Tokenizer, *, goes_on: bool = False) -> list[dict[str, Any]]:
    """Returns each token's "token", "text", and "piece", what it adds to the whole text (see `token_pieces`)."""
    pieces = token_pieces(ids, tokenizer, goes_on=goes_on)
    return [
        {"token": token, "text": tokenizer.token_text(token), "piece": piece}
        for token, piece in zip(ids, pieces, strict=True)
    ]


def view_row(view: TokenView, tokenizer: Tokenizer) -> dict[str, Any]:
    """Returns a token's view with the texts of its tokens, JSON-ready."""
    return {
        "token": view.token,
        "text": tokenizer.token_text(view.token),
        "probability": view.probability,
        "rank": view.rank,
        "entropy": view.entropy,
        "alternatives": [
            {"token": token, "text": tokenizer.token_text(token), "probability": probability}
            for token, probability in view.alternatives
        ],
    }


def _open(folder: Path, context: Context) -> Gpt2:
    context.report(Progress("load"))
    return open_gpt2(folder)


def _stamp(folder: Path) -> tuple[int, ...]:
    """Returns other numbers once there are other weights to use."""
    names = ("config.json", "model.safetensors", "model.weights.h5", "vocab.json")
    found = (file_stamp((folder / name).stat()) for name in names if path_exists(folder / name))
    return tuple(number for stamp in found for number in stamp)
