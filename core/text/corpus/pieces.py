"""Cuts texts into what is divided: lines, files, or pieces of files. Knows no splits and no tokens."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.data.splits import UNGIVEN

PIECES = 100  # about so many are made of all texts together
LEAST_CHARACTERS = 500  # of a piece: its first tokens are judged without what came before


@dataclass(frozen=True)
class Passage:
    """A text, or a part of one.

    Args:
        text: str, not empty.
        name: str, the file it is from.
        begins: bool, whether a document begins here.
        ends: bool, whether it ends here.
        given: int, the split that its source sets: 0 train, 1 validation, 2 test; -1 none.
        place: int, the number of the first of the file's pieces in it.
        after: int, the number of the piece that would follow.
    """

    text: str
    name: str
    begins: bool = True
    ends: bool = True
    given: int = UNGIVEN
    place: int = 0
    after: int = 1

    def is_before(self, other: Passage) -> bool:
        """Whether the other follows in the same text without a gap."""
        return not self.ends and not other.begins and self.name == other.name and self.after == other.place

    def joined(self, other: Passage) -> Passage:
        """Returns both as one."""
        return replace(self, text=self.text + other.text, ends=other.ends, after=other.after)


def cut(texts: list[Passage], documents: str) -> list[Passage]:
    """Cuts whole texts.

    Args:
        texts: a file each.
        documents: "file" leaves them whole; "line" takes each line that is not blank, without the space around it;
            "piece" cuts them at line ends, where there are some, into pieces of about one size.

    Returns:
        Passages in the order of the texts; none is blank in "line".
    """
    if documents == "file":
        return texts
    if documents == "line":
        lines = ((text, line.strip()) for text in texts for line in text.text.split("\n"))
        return [replace(text, text=line) for text, line in lines if line]
    wanted = max(LEAST_CHARACTERS, sum(len(text.text) for text in texts) // PIECES)
    return [piece for text in texts for piece in _pieces(text, wanted)]


def _pieces(text: Passage, wanted: int) -> Iterator[Passage]:
    places = [0, *_borders(text.text, wanted), len(text.text)]
    for number, (start, end) in enumerate(itertools.pairwise(places)):
        yield replace(
            text,
            text=text.text[start:end],
            begins=number == 0,
            ends=end == len(text.text),
            place=number,
            after=number + 1,
        )


def _borders(text: str, wanted: int) -> Iterator[int]:
    """Returns where to cut: after a line's end, else after a space, else anywhere; the last piece may be longer."""
    start = 0
    while len(text) - start >= 2 * wanted:
        low, high = start + wanted // 2, start + wanted + wanted // 2
        found = text.rfind("\n", low, high)
        if found < 0:
            found = text.rfind(" ", low, high)
        start = found + 1 if found >= 0 else start + wanted
        yield start
