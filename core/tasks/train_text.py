"""Trains a GPT-2 on texts: from .txt files to a saved model and its perplexity on texts it has never seen."""

from __future__ import annotations

from typing import Any

import keras

from core.context import Context
from core.errors import UserError
from core.evaluation.token_scores import token_scores
from core.events import Log, Progress
from core.metrics.perplexity import text_metrics
from core.models.gpt2.folder import Gpt2
from core.models.gpt2.language import Language, find_language
from core.models.gpt2.saved import TextDescription, save_text_model
from core.runs.run import Run
from core.settings.text_fit import Gpt2Training
from core.text.corpus.corpus import Corpus, load_corpus
from core.text.perplexity_shown import perplexity_shown
from core.text.rows.rows import Rows
from core.text.rows.split_rows import split_rows
from core.training.begin import begin_run, outcome, report_kept, status_writer
from core.training.loop.fitted import Fitted
from core.training.objectives.writing import writing
from core.training.supervised.fit import fit


def train(settings: Gpt2Training, context: Context) -> dict[str, Any]:
    """Trains the job's model, or goes on where its run stopped, saves it and scores it on the test split.

    Args:
        settings: texts, tokenizer, architecture and fit.
        context: with the run to write into.

    Returns:
        {"run", "metrics": {"perplexity", "test_loss", "test_loss_per_text", "validation_..."}, "epochs",
        "kept_epoch", "samples_per_s", "tokens_per_s", "train_s", "counts", "tokens", "leaks", "parameters"}. Losses are
        nats, "test_loss" a token and "test_loss_per_text" a document, or piece of one, its end token included;
        "perplexity" is the exponential of "test_loss". `tokens` counts those that each split asks for.

    Raises:
        UserError: the texts can't be used, or have changed since the run began; the disk is full; it diverged, and the
            best epoch before that is saved.
        CancelledError: the user stopped it; the model so far is saved.
    """
    corpus = load_corpus(settings, context.job.seed, context)
    run = begin_run(corpus, context)
    language = find_language(settings, corpus, run, context)
    rows = _rows(corpus, language, settings, context)
    if not len(rows["train"]):
        raise UserError("The texts to train on hold fewer than two tokens.", hint="Add text.")
    tokens = {split: rows[split].target_count for split in rows}
    keras.utils.set_random_seed(context.job.seed)
    model = language.build()
    parameters = int(model.count_params())
    context.report(
        Log(
            "{train} tokens to train on, {validation} to validate, {test} held out for the test; "
            "{parameters} parameters.",
            values={**tokens, "parameters": parameters},
        )
    )
    objective = writing(rows["train"], rows["validation"], settings.batch_size, context.job.seed)
    fitted = fit(
        model, objective, settings, context.job.seed, context, run.folder, status_writer(run), context.job.model
    )
    _save(run, Gpt2(model, language.architecture, language.tokenizer), settings, fitted, context)
    metrics = _score(model, corpus, rows, settings.batch_size, context)
    result = outcome(run, fitted)
    return {
        **result,
        "metrics": metrics,
        "tokens_per_s": round(result["samples_per_s"] * tokens["train"] / len(rows["train"]), 1),
        "counts": corpus.counts(),
        "tokens": tokens,
        "leaks": corpus.leaks,
        "parameters": parameters,
    }


def _rows(corpus: Corpus, language: Language, settings: Gpt2Training, context: Context) -> dict[str, Rows]:
    """Returns each split's rows of tokens."""
    length = min(settings.context, language.architecture.context)
    return {
        split: split_rows(
            corpus, split, language.tokenizer, length, context, settings.packing if split == "train" else "never"
        )
        for split in corpus.splits
    }


def _save(run: Run, gpt2: Gpt2, settings: Gpt2Training, fitted: Fitted, context: Context) -> None:
    context.report(Progress("save"))
    architecture = gpt2.settings.model_dump(mode="json")
    values = settings.model_dump(mode="json")
    save_text_model(
        run.model_folder, gpt2, TextDescription(context.job.model, values, architecture, fitted.kept_epoch + 1)
    )
    report_kept(run, fitted, context)


def _score(
    model: keras.Model, corpus: Corpus, rows: dict[str, Rows], batch_size: int, context: Context
) -> dict[str, float]:
    """Scores validation and test split; the test split is touched here for the first time."""
    metrics: dict[str, float] = {}
    for split in ("test", "validation"):
        if not len(rows[split]):
            context.report(Log("There is no {split} split: nothing is measured on it.", "warning", {"split": split}))
            continue
        nats = token_scores(model, rows[split], batch_size, context)
        found = text_metrics(nats, rows[split].target_count, len(corpus.splits[split]))
        if split == "test":
            metrics["perplexity"] = found["perplexity"]
        metrics |= {f"{split}_{name}": value for name, value in found.items()}
    if "test_perplexity" in metrics:
        del metrics["test_perplexity"]
        context.report(
            Log(
                "Perplexity {perplexity} on the test split.",
                values={"perplexity": perplexity_shown(metrics["perplexity"])},
            )
        )
    return metrics
