"""Scores a language model on texts it has never seen."""

from __future__ import annotations

import time
from typing import Any

from core.context import Context
from core.errors import UserError
from core.runs import Run
from core.settings.evaluate import EvaluateSettings
from core.settings.text_fit import Gpt2Training
from core.tasks.begin import check_unchanged
from core.tasks.train_text import rows_of, text_metrics
from core.tasks.trained_text import trained_text_model
from core.text.corpus import Corpus, load_corpus, load_undivided
from core.training.perplexity import mean_nats


def evaluate_text(settings: EvaluateSettings, context: Context) -> dict[str, Any]:
    """Scores the run on its own test split, or on other texts: their test split where they have one, else all.

    A text longer than the model's context is judged in stretches, each without what came before it.

    Returns:
        {"run", "data", "metrics": {"perplexity", "test_loss", "test_loss_per_text"}, "count", "tokens", "tokens_per_s",
        "report"}; losses in nats, a token and a text. `count` is of texts, `tokens` of those that were asked for.

    Raises:
        UserError: the run holds no model, its texts have changed, or there is nothing to score.
        CancelledError: the user has asked the job to stop.
    """
    run = context.workspace.find(settings.run)
    gpt2, description = trained_text_model(run, context)
    trained = Gpt2Training.parse(description.settings)
    corpus = _corpus(run, settings.data, trained, context)
    length = min(trained.context, gpt2.settings.context)
    rows = rows_of(corpus, "test", gpt2, length, context)
    if not len(rows):
        raise UserError(
            "The run '{run}' has no test split.", hint="Name other data to score it on, with --data.", run=run.id
        )
    began = time.perf_counter()
    nats = mean_nats(gpt2.model, rows, trained.batch_size, context)
    passed = time.perf_counter() - began
    texts = len(corpus.splits["test"])
    found = text_metrics(nats, rows, texts)
    return {
        "run": run.id,
        "data": corpus.source,
        "metrics": {
            "perplexity": found["perplexity"],
            "test_loss": found["loss"],
            "test_loss_per_text": found["loss_per_text"],
        },
        "count": texts,
        "tokens": rows.asked,
        "tokens_per_s": round(rows.asked / passed, 1) if passed else 0.0,
        "report": "",
    }


def _corpus(run: Run, data: str, trained: Gpt2Training, context: Context) -> Corpus:
    if data:
        return load_undivided(trained.model_copy(update={"data": data}), context.job.seed, context)
    corpus = load_corpus(trained, run.record().job.seed, context)
    check_unchanged(corpus.source, corpus.fingerprint, run)
    return corpus
