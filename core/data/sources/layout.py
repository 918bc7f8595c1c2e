"""Finds classes and splits in a list of file names. Knows neither disks nor archives: only how folders are laid out.

What the folders mean is `plan.py`'s business, what is said of them `remarks.py`'s. Classes are sorted as plain text
("10" before "2", "Zebra" before "ant"): a label then never depends on the system's language.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from posixpath import splitext

import numpy as np

from core.data.dataset import Skipped
from core.data.printable import printable
from core.data.sources import earlier_layout, remarks
from core.data.sources.plan import Folder, Plan, make_plan
from core.data.targets.classes import ClassTargets
from core.data.targets.target import Targets
from core.errors import UserError
from core.events import Log
from core.settings.dataset import DatasetSettings

JUNK = {
    "__macosx", "_ds_store", "icon\r", "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin",
    "system volume information", "found.000", "lost+found", "network trash folder", "@eadir", "@recycle", "#recycle",
    "#snapshot", "@tmp", "__pycache__",
}  # fmt: skip
# Hidden folders that programs and systems make: nobody looks for pictures in them.
KNOWN_HIDDEN = re.compile(
    r"\.(_.*|git|github|svn|hg|bzr|dvc|idea|vscode|vs|cache|v?env|tox|config|local|nox|ipynb_checkpoints|\w+_cache"
    r"|trash(es|-\d+)?|spotlight-v100|fseventsd|documentrevisions-v100|temporaryitems|apple\w+|ds_store|gvfs"
    r"|thumb(nail)?s?|@__thumb|picasaoriginals|comments|xvpics|kaggle|huggingface|sync|stfolder|stversions"
    r"|dropbox(\.cache)?|tmp\..*|snapshots?|zfs|nfs.*)",
    re.IGNORECASE,
)
# Whatever else a file is called, the decoder decides: a picture may have any suffix, or none.
NO_PICTURE = re.compile(
    r"\.(txt|md|rst|csv|tsv|jsonl?|xml|ya?ml|toml|ini|cfg|log|html?|pdf|docx?|xlsx?|py|ipynb|sh|bat|mat|np[yz]|pkl|pth?"
    r"|h5|hdf5|keras|onnx|safetensors|parquet|sqlite|db|lmdb|mp[34]|avi|mov|mkv|webm|wav|exe|dll|so"
    r"|lnk|url|webloc|aae|xmp|part|crdownload)",
    re.IGNORECASE,
)
ARCHIVE = re.compile(r"\.(zip|tar|t?gz|t?bz2|t?xz|zst|7z|rar|cab|iso)", re.IGNORECASE)
HIDDEN_PICTURE = re.compile(r"\.([^_\d].*\.)?(jpe?g|png|bmp|gif|webp|tiff?|p[bgp]m)", re.IGNORECASE)
HIDDEN = "It is hidden: its name begins with a dot."
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
        no_classes: why there are no classes, where more can be said of it than that.
        remarks: what was guessed, looks wrong, or is left out.
    """

    kept: np.ndarray
    targets: dict[str, Targets]
    given: np.ndarray
    inside: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    problem: UserError | None
    no_classes: UserError | None
    remarks: tuple[Log, ...]


def is_junk(name: str) -> bool:
    """Whether a file or folder of that name is hidden, or something that a system leaves behind.

    A dot before a number hides nothing: ".5mm" and ".22" are sizes.
    """
    return (name.startswith(".") and not name[1:2].isdigit()) or name.casefold() in JUNK


def is_hidden_picture(name: str) -> bool:
    """Whether a file is hidden, but called like a picture; macOS's "._1.jpg" is none."""
    return HIDDEN_PICTURE.fullmatch(name) is not None


def is_picture_name(path: str) -> bool:
    """Whether nothing in the file's name says that it is something else than a picture."""
    name = path.rpartition("/")[2]
    suffix = splitext(name)[1]
    return not (NO_PICTURE.fullmatch(suffix) or ARCHIVE.fullmatch(suffix) or NO_PICTURE_NAMES.fullmatch(name))


def why_no_picture(name: str) -> str:
    """Returns why a file of that name is left out, one sentence."""
    if ARCHIVE.fullmatch(splitext(name)[1]):
        return "It is an archive: unpack it to have its pictures read."
    return "It is no picture file."


def arrange(files: Sequence[str], folders: Sequence[str], settings: DatasetSettings) -> Layout:
    """Sorts files into classes and splits.

    Args:
        files: paths relative to the source, "/" between their parts.
        folders: the same of folders, the empty ones at least.
        settings: what the user named, for messages; and how folders are read.
    """
    source, earlier = settings.data, settings.layout == "earlier"
    kept, skipped = _pictures(source, files, earlier=earlier)
    held: Counter[str] = Counter(files[place].rpartition("/")[0] for place in kept)
    ways = {folder: _way(folder) for folder in held}
    if earlier:
        plan, placed = Plan(), earlier_layout.places(held)
    else:
        plan = make_plan({ways[folder]: count for folder, count in held.items()}, with_splits=settings.layout == "auto")
        placed = {folder: plan.place(way) for folder, way in ways.items()}
    classes = tuple(sorted({printable(place.label) for place in placed.values() if place.label is not None}))
    labels = {name: label for label, name in enumerate(classes)}
    members, found, inside = [], [], []
    for place in kept:
        folder, _, name = files[place].rpartition("/")
        where = placed[folder]
        if classes and where.label is None:
            skipped.append(Skipped(_display(source, files[place]), where.reason))
            continue
        members.append(place)
        found.append((labels[printable(where.label)] if where.label is not None else -1, where.split))
        inside.append(printable("/".join((*where.below, name))))
    numbers = np.array(found, np.int32).reshape(-1, 2)
    archives = [file for file in files if ARCHIVE.fullmatch(splitext(file)[1])]
    empty: tuple[str, ...] = ()
    said: list[Log] = []
    if not earlier:
        others = {file.rpartition("/")[0] for file in files}
        bare, empty = _without_pictures(plan, ways.values(), [*folders, *others], set(map(_way, others)))
        said += remarks.remarks_on(plan, ways.values(), classes, grouped=settings.group_by == "folder")
        said += remarks.on_empty(bare)
        said += remarks.on_hidden(_hidden(others.union(folders)))
        said += remarks.on_archives([_display(source, file) for file in archives])
    return Layout(
        kept=np.array(members, np.int64),
        targets={ClassTargets.kind: ClassTargets(classes, numbers[:, 0], empty)} if classes else {},
        given=numbers[:, 1].astype(np.int8),
        inside=tuple(inside),
        skipped=tuple(skipped),
        problem=None if kept else _nothing(source, archives),
        no_classes=None if classes else remarks.no_classes(plan, source),
        remarks=tuple(said),
    )


def _pictures(source: str, files: Sequence[str], *, earlier: bool) -> tuple[list[int], list[Skipped]]:
    """Returns which files may be pictures, by their names, and those that are left out."""
    kept: list[int] = []
    skipped: list[Skipped] = []
    junk: dict[str, bool] = {}  # folder -> whether it is, or lies in one that is
    for place, file in enumerate(files):
        folder, _, name = file.rpartition("/")
        if folder not in junk:
            pieces = folder.split("/") if folder else []
            junk[folder] = any(map(is_junk, pieces)) or (earlier and earlier_layout.was_junk(pieces))
        if junk[folder]:
            continue
        if is_junk(name) or (earlier and earlier_layout.was_junk([name])):
            if is_hidden_picture(name):
                skipped.append(Skipped(_display(source, file), HIDDEN))
        elif not is_picture_name(name):
            skipped.append(Skipped(_display(source, file), why_no_picture(name)))
        else:
            kept.append(place)
    return kept, skipped


def _way(folder: str) -> Folder:
    return tuple(folder.split("/")) if folder else ()


def _without_pictures(
    plan: Plan, holders: Iterable[Folder], folders: Iterable[str], filled: Collection[Folder]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the names of folders in which classes are looked for, and none of whose kind holds a picture.

    Args:
        plan: what folders mean.
        holders: those with pictures.
        folders: all of them, "/" between their parts.
        filled: those with any files.

    Returns:
        All of them; and those that hold nothing at all, so that they may be meant to.
    """

    def named(ways: Iterable[Folder]) -> set[str | None]:
        return {plan.named_by(way[:end]) for way in ways for end in range(1, len(way) + 1)}

    ways = [way for way in map(_way, folders) if not any(map(is_junk, way))]
    bare = named(ways) - named(holders) - {None}
    empty = bare - named(way for way in filled if not any(map(is_junk, way)))
    return tuple(sorted(printable(str(name)) for name in bare)), tuple(sorted(printable(str(name)) for name in empty))


def _hidden(folders: Iterable[str]) -> list[str]:
    """Returns the hidden folders that no program is known to make."""
    found = set()
    for way in map(_way, folders):
        for end, name in enumerate(way):
            if is_junk(name):
                if name.startswith(".") and not KNOWN_HIDDEN.fullmatch(name):
                    found.add(printable("/".join(way[: end + 1])))
                break
    return sorted(found)


def _nothing(source: str, archives: Sequence[str]) -> UserError:
    if archives:
        return UserError(
            "No pictures found in '{path}', but the archive '{name}'.",
            hint="Choose that itself where it is a zip, or unpack it.",
            path=source,
            name=printable(archives[0]),
        )
    return UserError(
        "No pictures found in '{path}'.",
        hint="Put one folder per class inside it, and the pictures of the class into that.",
        path=source,
    )


def _display(source: str, file: str) -> str:
    return printable(f"{source}/{file}")
