"""How folders, and names in archives, were read before formats of jobs had a `layout`. Kept for the runs of that time.

Their pictures, classes and splits must be found again as they were, so nothing here is ever changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.data.sources.plan import Place
from core.data.sources.split_folders import PLAIN
from core.data.splits import TRAIN, UNGIVEN

JUNK = {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "@eadir"}
Found = tuple[str | None, int, str]


def was_junk(pieces: Iterable[str]) -> bool:
    """Whether a file was left out because of its name or a folder's."""
    return any(piece.startswith(".") or piece.casefold() in JUNK for piece in pieces)


def places(held: Mapping[str, int]) -> dict[str, Place]:
    """Returns where the pictures in each folder belong.

    Args:
        held: folder, "/" between its parts -> how many pictures lie in it.
    """
    folders = list(held)
    # One picture stands for all of its folder: only how many lie deep was counted.
    parts = [[*(folder.split("/") if folder else []), ""] for folder in folders]
    parts = _inside_single_folders(parts, list(held.values()))
    found = {}
    for folder, pieces, (label, split, reason) in zip(folders, parts, _found(parts), strict=True):
        depth = 0 if label is None else 1 if split == UNGIVEN else 2
        found[folder] = Place(label, split, tuple(pieces[depth:-1]), reason)
    return found


def guess_encoding(names: list[str]) -> str:
    """Returns the encoding of an archive's names, which zipfile has taken for cp437; empty where that was kept."""
    for encoding in ("utf-8", "gb18030"):
        try:
            texts = [name.encode("cp437").decode(encoding) for name in names]
        except UnicodeError:
            continue
        if encoding == "utf-8" or all(char.isascii() or "\u4e00" <= char <= "\u9fff" for char in "".join(texts)):
            return encoding
    return ""


def _inside_single_folders(parts: list[list[str]], counts: list[int]) -> list[list[str]]:
    while parts:
        tops = {pieces[0] for pieces in parts if len(pieces) > 1}
        nested = sum(count for pieces, count in zip(parts, counts, strict=True) if len(pieces) > 2)
        only = next(iter(tops)) if len(tops) == 1 else None
        if only is None or only.casefold() in PLAIN or 2 * nested <= sum(counts):
            break
        parts = [pieces[1:] if pieces[0] == only else pieces for pieces in parts]
    return parts


def _found(parts: list[list[str]]) -> list[Found]:
    tops = {pieces[0] for pieces in parts if len(pieces) > 1}
    with_classes = {pieces[0] for pieces in parts if len(pieces) > 2}
    splits = {top: PLAIN[top.casefold()] for top in with_classes if top.casefold() in PLAIN}
    divided = bool(splits) and (
        all(top.casefold() in PLAIN for top in tops) or (TRAIN in splits.values() and len(splits) > 1)
    )
    no_class = "It lies in no class folder."
    found: list[Found] = []
    for pieces in parts:
        if not divided:
            found.append((pieces[0] if len(pieces) > 1 else None, UNGIVEN, no_class))
        elif pieces[0] not in splits:
            outside = pieces[0].casefold() not in PLAIN
            found.append((None, UNGIVEN, "It lies outside the train and test folders." if outside else no_class))
        else:
            found.append((pieces[1] if len(pieces) > 2 else None, splits[pieces[0]], no_class))
    return found
