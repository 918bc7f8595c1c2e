"""Scores a language model on texts it has never seen, and writes the report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.context import Context
from core.errors import UserError
from core.evaluation.caveats import told
from core.evaluation.scored_texts import ScoredTexts, scored_texts
from core.evaluation.token_scores import token_scores
from core.evaluation.write_some import TEMPERATURE, write_some
from core.files.atomic import write_atomic
from core.inference.text_model import text_model
from core.inference.trained_text import trained_text_model
from core.metrics.perplexity import text_metrics
from core.metrics.token_extremes import Extremes, row_extremes, token_extremes
from core.metrics.unigram import unigram_perplexity
from core.models.gpt2.folder import Gpt2
from core.reports.with_report import report_path, with_report
from core.settings.evaluate import EvaluateSettings
from core.settings.text_fit import Gpt2Training
from core.text.corpus.corpus import Corpus
from core.text.corpus.pieces import Passage
from core.text.rows.rows import NO_TARGET, Rows
from core.text.rows.split_rows import split_rows
from core.text.tokenizer.passages import encode_passages
from core.text.tokenizer.tokenizer import Tokenizer

TOKENS_SHOWN, TEXTS_SHOWN, WRITTEN = 12, 5, 4
COUNTED_CHARACTERS = 2_000_000  # of the training texts, for the unigram baseline


def evaluate_text(settings: EvaluateSettings, context: Context) -> dict[str, Any]:
    """Scores the run on its own test split, or on other texts: their test split where they have one, else all.

    What it knows of these is scored apart, see `ScoredTexts`. A text longer than the model's context is scored in
    parts, each without what came before it.

    Returns:
        {"run", "data", "metrics": {"perplexity", "test_loss", "test_loss_per_text", of what it knows "known_perplexity"
        and "known_loss"}, "count", "seen", "caveats", "tokens", "tokens_per_s", "baselines": {"uniform", "unigram"},
        "hardest", "easiest": each {"tokens": [{"token", "text", "loss", "count"}], "texts": [{"text", "name", "loss",
        "count"}]}, "written": [{"start", "greedy", "drawn"}], "report"}; losses in nats, a token and a text. `count` is
        of texts, `tokens` of those that were predicted. "baselines" are perplexities: of a uniform and of a unigram
        model, the latter only where the run's own data are scored. Without a report "error" says why.

    Raises:
        UserError: the run holds no model, its texts have changed, or there is nothing to score.
        CancelledError: the user has asked the job to stop.
    """
    run = context.workspace.find(settings.run)
    gpt2, description = trained_text_model(run, context)
    trained = Gpt2Training.parse(description.settings)
    scored = scored_texts(settings.data, run, trained, context)
    corpus = scored.corpus
    length = min(trained.context, gpt2.settings.context)
    rows = split_rows(corpus, "test", gpt2.tokenizer, length, context)
    if not len(rows):
        raise UserError(
            "The run '{run}' has no test split.", hint="Name other data to score it on, with --data.", run=run.id
        )
    began = time.perf_counter()
    nats = token_scores(gpt2.model, rows, trained.batch_size, context)
    passed = time.perf_counter() - began
    targets = rows.labels[rows.labels != NO_TARGET]
    names = [text.name for text in corpus.splits["test"]]
    found = text_metrics(nats, rows.target_count, len(names))
    of_tokens, of_rows = token_extremes(nats, rows, TOKENS_SHOWN), row_extremes(nats, rows, TEXTS_SHOWN)
    _, writer, _ = text_model(str(run.folder), context)
    result: dict[str, Any] = {
        "run": run.id,
        "data": corpus.source,
        "metrics": _metrics(found, scored) | _known_metrics(scored.known, gpt2, length, trained.batch_size, context),
        "count": len(names),
        "seen": scored.seen,
        "caveats": told(scored.caveats),
        "tokens": len(targets),
        "tokens_per_s": round(len(targets) / passed, 1) if passed else 0.0,
        "baselines": _baselines(corpus.splits["train"], targets, gpt2.tokenizer, context),
        **_extremes_told(of_tokens, of_rows, rows, names, gpt2.tokenizer),
        "written": [asdict(one) for one in write_some(gpt2, writer, rows, WRITTEN, context)],
    }

    def write() -> Path:
        from core.reports.text import render_text_report  # matplotlib takes its time, and is needed only here

        path = report_path(run, settings.data)
        page = render_text_report(run, gpt2.tokenizer, rows, nats, of_tokens, of_rows, names, TEMPERATURE, result)
        write_atomic(path, page.encode("utf-8", errors="replace"))
        return path

    return with_report(result, write, context)


def _metrics(found: dict[str, float], scored: ScoredTexts) -> dict[str, float]:
    """Returns the scores, under names of their own where the run knows all of the texts."""
    if scored.all_known:
        return {"known_perplexity": found["perplexity"], "known_loss": found["loss"]}
    names = {"perplexity": "perplexity", "test_loss": "loss", "test_loss_per_text": "loss_per_text"}
    return {name: found[other] for name, other in names.items()}


def _known_metrics(
    known: Corpus | None, gpt2: Gpt2, length: int, batch_size: int, context: Context
) -> dict[str, float]:
    """Returns "known_perplexity" and "known_loss", of what the run knows of other texts."""
    rows = None if known is None else split_rows(known, "test", gpt2.tokenizer, length, context)
    if known is None or rows is None or not len(rows):
        return {}
    nats = token_scores(gpt2.model, rows, batch_size, context)
    found = text_metrics(nats, rows.target_count, len(known.splits["test"]))
    return {"known_perplexity": found["perplexity"], "known_loss": found["loss"]}


def _baselines(
    train: Sequence[Passage], targets: np.ndarray, tokenizer: Tokenizer, context: Context
) -> dict[str, float]:
    """Returns the perplexities of guessing; without training texts only that of knowing nothing."""
    found = {"uniform": float(tokenizer.size)}
    if train:
        step = -(-sum(len(passage.text) for passage in train) // COUNTED_CHARACTERS)
        chosen = train[::step]
        most = COUNTED_CHARACTERS // len(chosen)  # of each: they may be few and long
        known = encode_passages([replace(one, text=one.text[:most]) for one in chosen], tokenizer, context)
        found["unigram"] = unigram_perplexity(known, targets, tokenizer.size)
    return found


def _extremes_told(
    of_tokens: Extremes, of_rows: Extremes, rows: Rows, names: Sequence[str], tokenizer: Tokenizer
) -> dict[str, Any]:
    """Returns "hardest" and "easiest", tokens and texts each, JSON-ready."""
    return {
        which: {
            "tokens": _token_rows(getattr(of_tokens, which), of_tokens, tokenizer),
            "texts": _text_rows(getattr(of_rows, which), of_rows, rows, names, tokenizer),
        }
        for which in ("hardest", "easiest")
    }


def _token_rows(chosen: Sequence[int], of_tokens: Extremes, tokenizer: Tokenizer) -> list[dict[str, Any]]:
    return [
        {
            "token": token,
            "text": tokenizer.token_text(token),
            "loss": of_tokens.losses[token],
            "count": of_tokens.counts[token],
        }
        for token in chosen
    ]


def _text_rows(
    chosen: Sequence[int], of_rows: Extremes, rows: Rows, names: Sequence[str], tokenizer: Tokenizer
) -> list[dict[str, Any]]:
    found = []
    for row in chosen:
        ids = rows.ids[rows.starts[row] : rows.starts[row + 1]]
        text = tokenizer.decode(ids[1:] if ids[0] == rows.end_id else ids)
        name = names[rows.origins[row]]
        found.append({"text": text, "name": name, "loss": of_rows.losses[row], "count": of_rows.counts[row]})
    return found
