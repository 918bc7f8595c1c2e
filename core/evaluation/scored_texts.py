"""Which texts a language model's evaluation scores: the run's own test split, or what is new in other texts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.context import Context
from core.errors import UserError
from core.evaluation.caveats import UNKNOWN, of_known_text, of_own_text
from core.evaluation.other_data import seen_by
from core.events import Log
from core.runs.own_data import check_own_data
from core.runs.run import Run
from core.settings.text_fit import Gpt2Training
from core.text.corpus.corpus import Corpus, load_corpus, load_undivided
from core.text.corpus.known import divide_known


@dataclass(frozen=True, eq=False)
class ScoredTexts:
    """The texts that are scored, and those that the run knows.

    Args:
        corpus: its test split is scored.
        known: the same of what the run knows, to be scored apart; None where that is nothing, or all there is.
        all_known: bool, whether what is scored is known.
        seen: {"train", "validation", "unseen"}, how many characters there are of each; None where that is not known,
            or nothing but the run's own test split is scored.
        caveats: what the score does not tell.
    """

    corpus: Corpus
    known: Corpus | None = None
    all_known: bool = False
    seen: dict[str, int] | None = None
    caveats: tuple[Log, ...] = ()


def scored_texts(data: str, run: Run, trained: Gpt2Training, context: Context) -> ScoredTexts:
    """Returns what of `data` is scored, or where that is empty of the run's own texts; see the two below."""
    return other_texts(data, run, trained, context) if data else own_texts(run, trained, context)


def own_texts(run: Run, trained: Gpt2Training, context: Context) -> ScoredTexts:
    """Returns the run's own test split, made again from the same texts with the same seed.

    Raises:
        UserError: the texts can't be read, or have changed.
        CancelledError: the user has asked the job to stop.
    """
    check_own_data(run)
    record = run.record()
    corpus = load_corpus(trained, record.job.seed, context)
    if record.dataset.get("fingerprint", corpus.fingerprint) != corpus.fingerprint:
        raise UserError(
            "The texts in '{source}' have changed since the run '{run}' was trained: its test split is not known.",
            hint="Put the same texts back, or name others to score it on.",
            source=corpus.source,
            run=run.id,
        )
    return ScoredTexts(corpus)


def other_texts(data: str, run: Run, trained: Gpt2Training, context: Context) -> ScoredTexts:
    """Returns other texts, or their test split where they have one, what the run knows apart from what it doesn't.

    Where they are the run's own, at another place or under another name, that is its test split.

    Args:
        data: str, what the user named.
        run: that is scored.
        trained: settings of its training.
        context: its job's seed decides what is drawn.

    Raises:
        UserError: the texts can't be read.
        CancelledError: the user has asked the job to stop.
    """
    record, elsewhere = run.record(), trained.model_copy(update={"data": data})
    corpus = load_undivided(elsewhere, context.job.seed, context)
    if corpus.fingerprint == record.dataset.get("fingerprint"):
        own = load_corpus(elsewhere, record.job.seed, context)
        if own.splits["test"]:
            letters = own.characters()
            seen = {"train": letters["train"], "validation": letters["validation"], "unseen": letters["test"]}
            return ScoredTexts(own, seen=seen, caveats=tuple(of_own_text(data, len(own.splits["test"]))))
    learnt = seen_by(run, lambda: load_corpus(trained, record.job.seed, context), context)
    if learnt is None:
        return ScoredTexts(corpus, caveats=(UNKNOWN,))
    alone = corpus.documents == "line"
    found = divide_known(corpus.splits["test"], learnt, context.check, lines_alone=alone)
    unseen = found.total - found.train - found.validation
    numbers = {"train": found.train, "validation": found.validation, "unseen": unseen}
    caveats = tuple(of_known_text(found.train + found.validation, found.total))
    if not found.unseen:
        return ScoredTexts(corpus, all_known=True, seen=numbers, caveats=caveats)
    parts = [replace(corpus, splits={**corpus.splits, "test": part}) for part in (found.unseen, found.known)]
    return ScoredTexts(parts[0], parts[1] if found.known else None, seen=numbers, caveats=caveats)
