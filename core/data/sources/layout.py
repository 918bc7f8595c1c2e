"""Finds classes and splits in a list of file names. Knows neither disks nor archives: only how folders are laid out.

Understood are `CLASS/.../picture` and `SPLIT/CLASS/.../picture`, either of them inside one folder more. Classes are
sorted as plain text ("10" before "2", "Zebra" before "ant"): a label then never depends on the system's language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from core.data.dataset import Skipped
from core.data.printable import printable
from core.data.splits import TEST, TRAIN, UNGIVEN, VALIDATION
from core.data.targets.classes import ClassTargets
from core.data.targets.target import Targets
from core.errors import UserError

SPLIT_FOLDERS = {
    "train": TRAIN,
    "training": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "test": TEST,
    "testing": TEST,
}
JUNK = {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "@eadir"}
# Whatever else a file is called, the decoder decides: a picture may have any suffix, or none.
NO_PICTURE = re.compile(
    r"\.(txt|md|rst|csv|tsv|jsonl?|xml|ya?ml|toml|ini|cfg|log|html?|pdf|docx?|xlsx?|py|ipynb|sh|bat|mat|np[yz]|pkl|pth?"
    r"|h5|hdf5|keras|onnx|safetensors|parquet|sqlite|db|lmdb|zip|gz|tar|tgz|7z|rar|mp[34]|avi|mov|mkv|webm|wav|exe|dll|so)",
    re.IGNORECASE,
)
NO_PICTURE_NAMES = re.compile(
    r"licen[cs]e|copying|notice|read[ _-]?me|changelog|changes|authors|contributors|makefile|manifest|checksums"
    r"|(md5|sha1|sha256)sums?",
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False)
class Layout:
    """Which files are pictures of which class and split.

    Args:
        kept: int64 (N,), places in the list of files.
        targets: their classes, the names sorted; none where the pictures lie in no class folders.
        given: int8 (N,), the split, or -1.
        inside: (N,), the path below the class folder.
        skipped: files left out.
        problem: why there is nothing to look at; None where all is well.
    """

    kept: np.ndarray
    targets: dict[str, Targets]
    given: np.ndarray
    inside: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    problem: UserError | None


def is_junk(name: str) -> bool:
    """Whether a file or folder of that name is hidden, or something that a system leaves behind."""
    return name.startswith(".") or name.casefold() in JUNK


def is_picture_name(path: str) -> bool:
    """Whether nothing in the file's name says that it is something else than a picture."""
    name = PurePosixPath(path)
    return not NO_PICTURE.fullmatch(name.suffix) and not NO_PICTURE_NAMES.fullmatch(name.name)


def arrange(source: str, files: list[str]) -> Layout:
    """Sorts files into classes and splits.

    Args:
        source: what the user named, for messages.
        files: paths relative to the source, "/" between their parts.
    """
    skipped: list[Skipped] = []
    kept: list[int] = []
    parts: list[list[str]] = []
    for place, file in enumerate(files):
        pieces = file.split("/")
        if any(is_junk(piece) for piece in pieces):
            continue
        if not is_picture_name(file):
            skipped.append(Skipped(_display(source, file), "It is no picture file."))
            continue
        kept.append(place)
        parts.append(pieces)
    parts = _inside_single_folders(parts)
    found = _classes_and_splits(parts)

    members = [
        (place, label, split, "/".join(pieces[1 if split == UNGIVEN else 2 :]))
        for place, pieces, (label, split, _) in zip(kept, parts, found, strict=True)
        if label is not None
    ]
    for place, (label, _, reason) in zip(kept, found, strict=True):
        if label is None and members:
            skipped.append(Skipped(_display(source, files[place]), reason))
    labels_seen = [label for _, label, _, _ in members]
    classes = tuple(sorted(set(labels_seen)))
    number = {name: label for label, name in enumerate(classes)}
    labels = np.array([number[label] for label in labels_seen], np.int32)
    return Layout(
        kept=np.array([place for place, _, _, _ in members] or kept, np.int64),
        targets={ClassTargets.kind: ClassTargets(classes, labels)} if classes else {},
        given=np.array([split for _, _, split, _ in members] or [UNGIVEN] * len(kept), np.int8),
        inside=tuple(printable(path) for _, _, _, path in members) or tuple("/".join(pieces) for pieces in parts),
        skipped=tuple(skipped),
        problem=_problem(source, len(kept)),
    )


def _inside_single_folders(parts: list[list[str]]) -> list[list[str]]:
    """Leaves out outer folders that hold nothing but one folder with the data set in it."""
    while parts:
        tops = {pieces[0] for pieces in parts if len(pieces) > 1}
        nested = sum(len(pieces) > 2 for pieces in parts)
        only = next(iter(tops)) if len(tops) == 1 else None
        if only is None or only.casefold() in SPLIT_FOLDERS or 2 * nested <= len(parts):
            break
        parts = [pieces[1:] if pieces[0] == only else pieces for pieces in parts]
    return parts


def _classes_and_splits(parts: list[list[str]]) -> list[tuple[str | None, int, str]]:
    """Returns for each picture its class (None where it has none), its split, and why it has no class."""
    tops = {pieces[0] for pieces in parts if len(pieces) > 1}
    with_classes = {pieces[0] for pieces in parts if len(pieces) > 2}
    splits = {top: SPLIT_FOLDERS[top.casefold()] for top in with_classes if top.casefold() in SPLIT_FOLDERS}
    # Beside other folders a lone "train" or "test" may well be a class; two of them hardly.
    divided = bool(splits) and (
        all(top.casefold() in SPLIT_FOLDERS for top in tops) or (TRAIN in splits.values() and len(splits) > 1)
    )
    no_class = "It lies in no class folder."
    found: list[tuple[str | None, int, str]] = []
    for pieces in parts:
        if not divided:
            found.append((printable(pieces[0]) if len(pieces) > 1 else None, UNGIVEN, no_class))
        elif pieces[0] not in splits:
            outside = pieces[0].casefold() not in SPLIT_FOLDERS
            found.append((None, UNGIVEN, "It lies outside the train and test folders." if outside else no_class))
        else:
            found.append((printable(pieces[1]) if len(pieces) > 2 else None, splits[pieces[0]], no_class))
    return found


def _problem(source: str, pictures: int) -> UserError | None:
    if pictures:
        return None
    return UserError(
        "No pictures found in '{path}'.",
        hint="Put one folder per class inside it, and the pictures of the class into that.",
        path=source,
    )


def _display(source: str, file: str) -> str:
    return printable(f"{source}/{file}")
