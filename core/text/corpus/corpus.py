"""Texts divided into splits: what a language model is trained and scored on. Knows no tokens and no Keras.

What an honest validation is depends on what a text consists of:

- Sentences or lines, each by itself (`line`, and the sentences of `shapes`): the same line often comes twice, so the
  split is drawn for each *different* line, and all its copies go with it. A model is then scored only on lines that it
  has never seen. Common and rare lines go into each split in the same measure, so that the mean loss of the validation
  split is that of the whole: had the common ones been kept for training, it would be too high. What stays possible is
  that the like of a line, the same scene in other words, was trained on.
- Files (`file`): whole files, exact copies together.
- One long text (`piece`): pieces of it, cut at line ends and drawn at random; neighbours in the same split are joined
  again. A piece begins in the middle of things, so its first token is given, not asked for, and no end token follows
  where the text goes on.

Pictures are divided otherwise (`core.data.splits`): their shares are of the samples, and one more of them may move any
other. Here shares are of the characters, since a text may be a thousand times as long as the next, and where a text
goes follows from itself and the seed, almost whatever texts there are beside it: a corpus that has grown by a few files
is scored on nearly the same ones.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.context import Context
from core.data.dataset import SPLITS, Skipped
from core.data.load import report_skipped
from core.data.progress import Progressing
from core.data.sources.shapes import make_scene
from core.data.splits import TEST, TRAIN, UNGIVEN, VALIDATION, given_splits
from core.errors import UserError
from core.events import Log
from core.files.atomic import path_exists, path_of
from core.settings.text_data import TextSettings
from core.text.corpus.charset import Decoded, TextError, decode_text
from core.text.corpus.files import EMBEDDED, find_texts
from core.text.corpus.known import line_hashes
from core.text.corpus.pieces import Passage, cut

FEW_FILES = 30
LISTED_FILES = 20
FAR_TOO_LITTLE = 0.75  # of the share that was asked for


@dataclass(frozen=True, eq=False)
class Corpus:
    """Texts, divided.

    Args:
        source: str, what the user named.
        fingerprint: str, hexadecimal; equal where the same texts were read.
        documents: "file", "line" or "piece": what was divided.
        splits: "train", "validation", "test" -> passages; a split may be empty.
        skipped: the files that could not be used.
        given: the splits that the source itself sets; the others are cut out by share.
        leaks: int, test passages of which an exact copy is in another split: only a given split can divide copies.
    """

    source: str
    fingerprint: str
    documents: str
    splits: dict[str, tuple[Passage, ...]]
    skipped: tuple[Skipped, ...] = ()
    given: tuple[str, ...] = ()
    leaks: int = 0

    def counts(self) -> dict[str, int]:
        """Returns how many passages each split has."""
        return {split: len(self.splits[split]) for split in SPLITS}

    def characters(self) -> dict[str, int]:
        """Returns how many characters each split has."""
        return {split: sum(len(passage.text) for passage in self.splits[split]) for split in SPLITS}

    def hashes(self, check: Callable[[], object]) -> dict[str, np.ndarray]:
        """Returns what the texts that a training sees are known by again, split -> uint64 (N,): hashes of their lines.

        Args:
            check: called often; may raise to stop.
        """
        alone = self.documents == "line"
        return {split: line_hashes(self.splits[split], check, lines_alone=alone) for split in ("train", "validation")}

    def summary(self) -> dict[str, Any]:
        """Returns what run.json keeps of it."""
        return {
            "source": self.source,
            "fingerprint": self.fingerprint,
            "documents": self.documents,
            "counts": self.counts(),
            "characters": self.characters(),
            "skipped": len(self.skipped),
        }


def load_corpus(settings: TextSettings, seed: int, context: Context) -> Corpus:
    """Reads and divides the texts that the settings name.

    Args:
        settings: which, and how they are divided.
        seed: int >= 0, decides the splits, and the scenes of "shapes". Same seed, same result.
        context: gets progress, the files left out and their encodings; is asked whether to stop.

    Returns:
        The corpus; train is not empty.

    Raises:
        UserError: there are no such texts, none can be read, or none are left to train on.
        CancelledError: the user has asked the job to stop.
    """
    return divide_texts(*read_texts(settings, seed, context), settings, seed, context)


def divide_texts(
    documents: str,
    passages: list[Passage],
    skipped: tuple[Skipped, ...],
    settings: TextSettings,
    seed: int,
    context: Context,
) -> Corpus:
    """Divides what `read_texts` returns, as `load_corpus` does."""
    if documents != "line":
        passages = cut(passages, documents)
    splits, leaks = _divide(passages, settings, seed)
    if not splits["train"]:
        raise UserError(
            "No text of '{source}' is left to train on.",
            hint="Lower the test and validation shares, or add text.",
            source=settings.data,
        )
    if leaks:
        context.report(
            Log(
                "{count} texts of the test split have an exact copy in another split: the test score "
                "is too optimistic.",
                "warning",
                {"count": leaks},
            )
        )
    _warn_of_shares(splits, settings, context)
    given = given_splits(np.array([passage.given for passage in passages], np.int8))
    return Corpus(settings.data, _fingerprint(passages), documents, splits, skipped, given, leaks)


def _warn_of_shares(splits: Mapping[str, Sequence[Passage]], settings: TextSettings, context: Context) -> None:
    """Says so where few large pieces leave far less to train on than was asked for."""
    letters = {name: sum(len(passage.text) for passage in passages) for name, passages in splits.items()}
    if any(passage.given != UNGIVEN for passages in splits.values() for passage in passages):
        return
    share = letters["train"] / max(1, sum(letters.values()))
    if share < FAR_TOO_LITTLE * (1.0 - settings.test_share - settings.validation_share):
        context.report(
            Log(
                "Only {share} of the text is left to train on: it is divided into few pieces. Give more text, or set "
                "documents to line.",
                "warning",
                {"share": f"{share:.0%}"},
            )
        )


def check_corpus(settings: TextSettings, context: Context) -> None:
    """Finds out whether there is any text, reading no more than it takes to find some: before a backend is imported.

    Raises:
        UserError: there are no such texts, or none can be read.
        CancelledError: the user has asked the job to stop.
    """
    if settings.data == EMBEDDED:
        return
    files, skipped = find_texts(settings.data, context)
    for file in files:
        context.check()
        try:
            text = decode_text(file.read(), settings.encoding).text
        except TextError as error:
            skipped += (Skipped(file.name, str(error)),)
        else:
            if text.strip():
                return
            skipped += (Skipped(file.name, "It is empty."),)
    raise _none_readable(settings.data, len(files), skipped)


def load_undivided(settings: TextSettings, seed: int, context: Context) -> Corpus:
    """Reads texts that are all to be scored: the test split where the source itself sets one, else every text, whole.

    Args:
        settings: which; shares are ignored.
        seed: int >= 0, decides the scenes of "shapes".
        context: as in `load_corpus`.

    Returns:
        The corpus; its test split alone has texts. Its fingerprint is that of `load_corpus`.

    Raises:
        UserError: there are no such texts, or none can be read.
        CancelledError: the user has asked the job to stop.
    """
    documents, passages, skipped = read_texts(settings, seed, context)
    given = tuple(passage for passage in passages if passage.given == TEST)
    splits: dict[str, tuple[Passage, ...]] = {**dict.fromkeys(SPLITS, ()), "test": given or tuple(passages)}
    fingerprint = _fingerprint(passages if documents == "line" else cut(passages, documents))
    documents = "line" if documents == "line" else "file"
    return Corpus(settings.data, fingerprint, documents, splits, skipped, ("test",) if given else ())


def read_texts(settings: TextSettings, seed: int, context: Context) -> tuple[str, list[Passage], tuple[Skipped, ...]]:
    """Reads the texts, undivided.

    Args:
        settings: which.
        seed: int >= 0, decides the scenes of "shapes".
        context: as in `load_corpus`.

    Returns:
        What a training divides ("file", "line" or "piece"); each line, or each file as a whole; and the files left out.

    Raises:
        UserError: there are no such texts, or none can be read.
        CancelledError: the user has asked the job to stop.
    """
    if settings.data == EMBEDDED:
        if path_exists(path_of(EMBEDDED)):
            message = (
                "'{name}' is the embedded data set, not the file or folder of that name: write './{name}' for that."
            )
            context.report(Log(message, "warning", {"name": EMBEDDED}))
        lines = enumerate(_sentences(settings, seed, context))
        return "line", [Passage(line, f"{EMBEDDED}/{place}") for place, line in lines], ()
    texts, skipped = _read(settings, context)
    documents = settings.documents
    if documents == "auto":
        documents = "file" if len(texts) >= FEW_FILES else "piece"
    return documents, cut(texts, "line") if documents == "line" else texts, skipped


def _sentences(settings: TextSettings, seed: int, context: Context) -> Iterator[str]:
    progress = Progressing(context, "scan", settings.count, "scenes")
    for number in range(settings.count):
        yield from make_scene(seed, number).sentences
        progress.advance()
    progress.end()


def _read(settings: TextSettings, context: Context) -> tuple[list[Passage], tuple[Skipped, ...]]:
    """Returns each file's text as one passage."""
    files, skipped = find_texts(settings.data, context)
    progress = Progressing(context, "read", len(files), "files")
    texts, odd = [], []
    for file in files:
        try:
            found = decode_text(file.read(), settings.encoding)
        except TextError as error:
            skipped += (Skipped(file.name, str(error)),)
        else:
            if found.text.strip():
                texts.append(Passage(found.text, file.name, given=file.given))
            else:
                skipped += (Skipped(file.name, "It is empty."),)
            if found.guessed or found.replaced:
                odd.append((file.name, found._replace(text="")))
        progress.advance()
    progress.end()
    _report_odd(odd, len(files), context)
    if not texts:
        raise _none_readable(settings.data, len(files), skipped)
    report_skipped(skipped, len(texts) + len(skipped), context)
    return texts, skipped


def _none_readable(data: str, count: int, skipped: tuple[Skipped, ...]) -> UserError:
    return UserError(
        "None of the {count} texts in '{path}' can be read.",
        hint="The first is '{name}': {reason}",
        count=count,
        path=data,
        name=skipped[-count].path,  # those before were left out for other reasons
        reason=skipped[-count].reason,
    )


def _report_odd(odd: list[tuple[str, Decoded]], count: int, context: Context) -> None:
    """Says which files were read in an encoding that was guessed, or hold damaged characters; and how many there are.

    Args:
        odd: their names, and what they were read as.
        count: int, how many files there are in all.
        context: is told.
    """
    for name, found in odd[:LISTED_FILES]:
        values = {"path": name, "encoding": found.encoding, "count": found.replaced}
        if found.guessed:
            message = "'{path}' is not UTF-8: it is read as {encoding}. Set the encoding where that is wrong."
            context.report(Log(message, "warning", {**values}))
        if found.replaced:
            message = "'{path}', read as {encoding}, holds damaged characters: {count}. Each is replaced by a sign."
            context.report(Log(message, "warning", {**values}))
    if len(odd) > 1:
        encodings = Counter(found.encoding for _, found in odd if found.guessed)
        named = ", ".join(f"{encoding} {number}" for encoding, number in encodings.most_common()) or "-"
        damaged = sum(found.replaced > 0 for _, found in odd)
        message = "Of {count} texts {guessed} were read in a guessed encoding ({encodings}), {damaged} are damaged."
        values = {"count": count, "guessed": encodings.total(), "encodings": named, "damaged": damaged}
        context.report(Log(message, "warning", values))


def _divide(passages: list[Passage], settings: TextSettings, seed: int) -> tuple[dict[str, tuple[Passage, ...]], int]:
    """Returns the splits, and how many test passages have a copy elsewhere."""
    chosen = _choose(passages, settings, seed)
    rows: dict[int, list[Passage]] = {TRAIN: [], VALIDATION: [], TEST: []}
    for passage, split in zip(passages, chosen, strict=True):
        last = rows[split][-1] if rows[split] else None
        if last is not None and last.is_before(passage):
            rows[split][-1] = last.joined(passage)
        else:
            rows[split].append(passage)
    seen = {passage.text for split in (TRAIN, VALIDATION) for passage in rows[split]}
    leaks = sum(passage.text in seen for passage in rows[TEST])
    return {name: tuple(rows[split]) for split, name in enumerate(SPLITS)}, leaks


def _choose(passages: list[Passage], settings: TextSettings, seed: int) -> list[int]:
    """Returns the split of each passage. Shares are of the characters; passages with equal texts go together."""
    given = [passage.given for passage in passages]
    chosen = [TRAIN if split == UNGIVEN else split for split in given]
    members: dict[str, list[int]] = {}
    for place, passage in enumerate(passages):
        if chosen[place] == TRAIN:
            members.setdefault(passage.text, []).append(place)
    weights = {text: len(text) * len(places) for text, places in members.items()}
    total = sum(map(len, (passage.text for passage in passages)))
    texts = _order({text: len(places) for text, places in members.items()}, seed)
    for split, share in ((TEST, settings.test_share), (VALIDATION, settings.validation_share)):
        if split in given or not share:
            continue
        for text in _take(texts, weights, share * total):
            for place in members[text]:
                chosen[place] = split
        texts = [text for text in texts if chosen[members[text][0]] == TRAIN]
    return chosen


def _take(texts: list[str], weights: dict[str, int], wanted: float) -> list[str]:
    """Returns texts that together weigh about as much as wanted; at least one, and never all."""
    taken: list[str] = []
    weight = 0
    for text in texts:
        # Going over by at most half of it lands no farther from what is wanted than leaving it out.
        if weight + weights[text] / 2 <= wanted and len(taken) < len(texts) - 1:
            taken.append(text)
            weight += weights[text]
    if not taken and len(texts) > 1:
        taken = [min(texts, key=lambda text: weights[text])]
    return taken


def _order(copies: dict[str, int], seed: int) -> list[str]:
    """Returns the texts at random, but so that each stretch of them holds common and rare ones in the same measure."""
    alike: dict[int, list[str]] = {}
    for text, count in copies.items():
        alike.setdefault(count.bit_length(), []).append(text)
    places = []
    for texts in alike.values():
        texts.sort(key=lambda text: _draw(text, seed))
        places += [((rank + 0.5) / len(texts), text) for rank, text in enumerate(texts)]
    return [text for _, text in sorted(places)]


def _draw(text: str, seed: int) -> bytes:
    """A number that text and seed fix, whatever texts there are beside it."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16, salt=seed.to_bytes(16, "little")).digest()


def _fingerprint(passages: list[Passage]) -> str:
    """Returns a hash of the texts: a copy of them elsewhere has the same."""
    digest = hashlib.blake2b(digest_size=16)
    for passage in passages:
        text = passage.text.encode("utf-8", "replace")
        digest.update(f"{passage.given} {passage.begins} {passage.ends} {len(text)}\n".encode())
        digest.update(text)
    return digest.hexdigest()
