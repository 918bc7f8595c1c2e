"""By what a text is known again: hashes of its lines. Tells what of a text a training has seen, cut as it may be."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.runs.seen import Seen
from core.text.corpus.pieces import Passage

FEWEST_CHARACTERS = 20  # of a line: shorter ones ("Yes.", "}") come in texts that have nothing to do with each other
LONGEST_CHARACTERS = 1000  # a longer line is cut into sentences: a text may be all one line
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")
CHECKED_LINES = 4096
UNSEEN, TRAIN, VALIDATION = range(3)


@dataclass(frozen=True)
class Known:
    """Texts, cut into what a training has seen and what it has not.

    Args:
        unseen: passages of which it has seen nothing.
        known: the others.
        train: int, characters that it was trained on.
        validation: int, characters that it was validated on alone.
        total: int, all characters.
    """

    unseen: tuple[Passage, ...]
    known: tuple[Passage, ...]
    train: int
    validation: int
    total: int


def line_hashes(passages: Iterable[Passage], check: Callable[[], object], *, lines_alone: bool) -> np.ndarray:
    """Returns hashes of the passages' lines, uint64 (N,), none twice.

    Args:
        passages: texts.
        check: called often; may raise to stop.
        lines_alone: bool, whether each passage is a line that stands for itself; else short lines are left out.
    """
    found: set[int] = set()
    for passage in passages:
        found.update(code for _, code in _coded(passage.text, check, lines_alone=lines_alone) if code is not None)
    return np.array(sorted(found), np.uint64)


def divide_known(passages: Iterable[Passage], seen: Seen, check: Callable[[], object], *, lines_alone: bool) -> Known:
    """Cuts texts where what a training has seen begins and ends.

    A short line goes with the one before it, at a text's beginning with the one after it.

    Args:
        passages: whole texts, or lines.
        seen: what the training has seen.
        check: called often; may raise to stop.
        lines_alone: bool, as in `line_hashes`.
    """
    places = dict.fromkeys(seen.validation.tolist(), VALIDATION) | dict.fromkeys(seen.train.tolist(), TRAIN)
    counts: Counter[int] = Counter()
    kept: dict[bool, list[Passage]] = {False: [], True: []}
    for passage in passages:
        lines = list(_coded(passage.text, check, lines_alone=lines_alone))
        found = _without_gaps([None if code is None else places.get(code, UNSEEN) for _, code in lines])
        for which, (length, _) in zip(found, lines, strict=True):
            counts[which] += length
        for known, stretch in _stretches(passage, [which != UNSEEN for which in found], [size for size, _ in lines]):
            kept[known].append(stretch)
    return Known(tuple(kept[False]), tuple(kept[True]), counts[TRAIN], counts[VALIDATION], counts.total())


def _without_gaps(found: Sequence[int | None]) -> list[int]:
    """Returns for each line what is known of it, a line of which nothing can be said going with its neighbour."""
    last = next((which for which in found if which is not None), UNSEEN)
    filled = []
    for which in found:
        last = last if which is None else which
        filled.append(last)
    return filled


def _stretches(passage: Passage, known: list[bool], lengths: list[int]) -> Iterator[tuple[bool, Passage]]:
    """Yields the parts of a text in which all lines are known or none, and which of both."""
    ends = list(itertools.accumulate(lengths))
    borders = [line for line in range(1, len(known)) if known[line] != known[line - 1]]
    for place, (first, last) in enumerate(itertools.pairwise([0, *borders, len(known)])):
        text = passage.text[ends[first] - lengths[first] : ends[last - 1]]
        begins, stops = passage.begins and not place, passage.ends and last == len(known)
        if text.strip():
            yield known[first], replace(passage, text=text, begins=begins, ends=stops, place=place, after=place + 1)


def _coded(text: str, check: Callable[[], object], *, lines_alone: bool) -> Iterator[tuple[int, int | None]]:
    """Yields each line's length, its end included, and its hash, or None where it is too short to be known again."""
    for number, part in enumerate([text] if lines_alone else _parts(text)):
        if number % CHECKED_LINES == 0:
            check()
        line = part.strip()
        telling = bool(line) if lines_alone else len(line) >= FEWEST_CHARACTERS
        yield len(part), _hash(line) if telling else None


def _parts(text: str) -> Iterator[str]:
    """Yields the text in lines, each with its end; a very long one in sentences."""
    for line in text.splitlines(keepends=True):
        start = 0
        for border in SENTENCE_END.finditer(line) if len(line) > LONGEST_CHARACTERS else ():
            yield line[start : border.end()]
            start = border.end()
        yield line[start:]


def _hash(line: str) -> int:
    return int.from_bytes(hashlib.blake2b(line.encode("utf-8", "replace"), digest_size=8).digest(), "little")
