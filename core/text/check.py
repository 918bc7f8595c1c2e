"""The doctor of texts: the task that looks at every text and says what may spoil a training. It changes nothing."""

from __future__ import annotations

from typing import Any

from core import catalog
from core.context import Context
from core.data.check import LISTED_GROUPS, listed_files, warnings_on_files
from core.data.dataset import SPLITS
from core.data.open_index import find_format
from core.data.sources.layout import is_picture_name
from core.errors import UserError, counted
from core.files.atomic import path_of
from core.settings.text_data import TextSettings
from core.text.corpus.corpus import divide_texts, read_texts
from core.text.corpus.files import NO_TEXT, SUFFIX, find_texts
from core.text.corpus.pieces import Passage

FEW_CHARACTERS = 100_000  # of training text: less teaches a language model little but to repeat it


def holds_texts(data: str, context: Context) -> bool:
    """Whether a user who names neither a model nor a kind of data most likely means the texts that lie there.

    A picture may have a text beside it, which tells what it shows: texts are meant where they are far more.

    Args:
        data: str, an embedded name or a path.
        context: gets the progress, and is asked whether to stop.

    Raises:
        UserError: there is nothing of that name.
        CancelledError: the user has asked the job to stop.
    """
    path = path_of(data)
    if path.is_file() and path.suffix.casefold() == SUFFIX:
        return True
    if find_format(data) not in (catalog.DATASETS["folder"], catalog.DATASETS["zip"]):
        return False
    try:
        texts, skipped = find_texts(data, context)
    except UserError:
        return False
    return len(texts) > 2 * sum(is_picture_name(one.path) for one in skipped)


def check_text(settings: TextSettings, context: Context) -> dict[str, Any]:
    """Looks at every text, for a training of a language model.

    Returns:
        `samples` (texts that can be read: files, or lines where each stands for itself), `documents` (what a training
        divides: "file", "line" or "piece"), `characters`, `classes` (none), `splits` (name -> documents, as training
        would take them; empty where nothing can be trained on them), `given` (splits the source sets itself),
        `refused` (why training would refuse them; empty where it would not), `unreadable` and `left_out` ([{path,
        reason}], texts that can't be read and files that are none), `duplicates` ([{paths, splits, leak}], equal
        texts: a leak where given splits share them), `duplicate_groups`, `leaks` (how many such groups), and
        `warnings`, a sentence each.

    Raises:
        UserError: there are no such texts, or none can be read.
        CancelledError: the user has asked the job to stop.
    """
    documents, texts, skipped = read_texts(settings, context.job.seed, context)
    duplicates = _duplicates(texts)
    refused, splits, given, characters = "", {}, [], {}
    try:
        corpus = divide_texts(documents, texts, skipped, settings, context.job.seed, context)
    except UserError as error:
        refused = str(error)
    else:
        splits, given = {split: corpus.counts()[split] for split in SPLITS}, list(corpus.given)
        characters = corpus.characters()
    report: dict[str, Any] = {
        "source": settings.data,
        "samples": len(texts),
        "documents": documents,
        "characters": sum(len(text.text) for text in texts),
        "classes": {},
        "splits": splits,
        "given": given,
        "refused": refused,
        "unreadable": listed_files(one for one in skipped if one.reason != NO_TEXT),
        "left_out": listed_files(one for one in skipped if one.reason == NO_TEXT),
        "duplicates": duplicates[:LISTED_GROUPS],
        "duplicate_groups": len(duplicates),
        "leaks": sum(group["leak"] for group in duplicates),
    }
    report["warnings"] = _warnings(report, characters.get("train", 0))
    return report


def _duplicates(texts: list[Passage]) -> list[dict[str, Any]]:
    """Returns the groups of equal texts, the harmful ones first."""
    members: dict[str, list[Passage]] = {}
    for text in texts:
        members.setdefault(text.text, []).append(text)
    groups = []
    for same in members.values():
        if len(same) > 1:
            splits = [SPLITS[one.given] if one.given >= 0 else "" for one in same]
            groups.append({"paths": [one.name for one in same], "splits": splits, "leak": len(set(splits)) > 1})
    return sorted(groups, key=lambda group: -group["leak"])


def _warnings(report: dict[str, Any], trained_on: int) -> list[str]:
    found = warnings_on_files(report, "text")
    if report["leaks"]:
        leaks = counted(report["leaks"], "text occurs", "texts occur")
        found.append(f"{leaks} in more than one given split: the test score will flatter.")
    if report["duplicate_groups"]:
        copied = counted(report["duplicate_groups"], "text occurs", "texts occur")
        found.append(f"{copied} more than once; copies are kept in one split.")
    if 0 < trained_on < FEW_CHARACTERS:
        found.append(f"{trained_on:,} characters to train on are few: a model learns them by heart.")
    return found
