"""Data sets in folders of picture files. Knows the disk; what the folders mean is `layout`'s business."""

from __future__ import annotations

import hashlib
import os
import sys
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.context import Context
from core.data.dataset import Skipped
from core.data.index import Index
from core.data.printable import printable
from core.data.progress import Progressing
from core.data.sources.idx_files import ANY, IdxFile, are_idx, index_files, left_out
from core.data.sources.layout import HIDDEN, arrange, is_hidden_picture, is_junk
from core.events import Log
from core.files.atomic import file_stamp, path_of, why_not_opened
from core.settings.dataset import DatasetSettings

MOST_TIMES = 16  # folders full of links to each other lead to each in more ways than there is time for
Identity = tuple[int, int] | str


@dataclass(frozen=True)
class File:
    """A file below a folder.

    Args:
        path: str, relative to the folder, "/" between its parts.
        size: int, bytes.
        stamp: of `core.files.atomic.file_stamp`.
    """

    path: str
    size: int
    stamp: tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """What lies below a folder.

    Args:
        files: sorted by their paths.
        folders: paths relative to the folder, sorted; hidden ones too, though these are not gone into.
        again: folders that were read before, on another way.
        skipped: the folders and links that can't be opened.
    """

    files: list[File]
    folders: list[str]
    again: list[str]
    skipped: tuple[Skipped, ...]


def recognise(path: Path) -> bool:
    """Whether the path is a folder."""
    return path.is_dir()


def index(settings: DatasetSettings, seed: int, context: Context) -> Index:
    """Returns the index of a folder of class folders, or of train, validation and test folders of them."""
    root = reachable(path_of(settings.data).absolute())
    found = explore(root, context, earlier=settings.layout == "earlier")
    files, unreachable = found.files, found.skipped
    if are_idx([file.path for file in files]):
        return index_idx(settings.data, root, found, context)
    layout = arrange([file.path for file in files], found.folders, settings)
    paths = [files[place].path for place in layout.kept]
    digest = hashlib.blake2b(os.fsencode(root), digest_size=16)
    for place in layout.kept:
        file = files[place]
        digest.update(f"{file.path}\0{file.stamp}\n".encode("utf-8", "surrogateescape"))
    return Index(
        source=settings.data,
        identity=digest.hexdigest(),
        names=[printable(f"{settings.data}/{path}") for path in paths],
        targets=layout.targets,
        given=layout.given,
        read=lambda place: root / paths[place],
        skipped=unreachable + layout.skipped,
        inside=layout.inside,
        problem=layout.problem,
        no_classes=layout.no_classes,
        remarks=(*_on_links(found.again), *layout.remarks),
    )


def index_idx(source: str, root: Path, found: Found, context: Context) -> Index:
    """Returns the index of the idx files below a folder.

    Args:
        source: str, what the user named.
        root: the folder.
        found: what lies in it.
        context: the job's.

    Raises:
        UserError: as `index_files` says.
    """

    def opens(path: str) -> Callable[[], BinaryIO]:
        return lambda: (root / path).open("rb")

    files = [
        IdxFile(file.path, file.size, file.stamp, opens(file.path))
        for file in found.files
        if ANY.fullmatch(file.path.rpartition("/")[2])
    ]
    others = left_out(source, [file.path for file in found.files])
    return index_files(source, files, context, found.skipped + others)


def _on_links(again: list[str]) -> list[Log]:
    if not again:
        return []
    message = "Some folders are reached more than once, by links ({count}, such as '{name}'): they are read each time."
    return [Log(message, "warning", {"count": len(again), "name": printable(again[0])})]


def walk(root: Path, context: Context) -> tuple[list[File], tuple[Skipped, ...]]:
    """Returns the files that `explore` finds, and what it skips."""
    found = explore(root, context)
    return found.files, found.skipped


def explore(root: Path, context: Context, *, earlier: bool = False) -> Found:
    """Goes through all that lies below a folder and is no junk; links are followed, loops are not.

    Args:
        root: the folder.
        context: gets the progress, and is asked whether to stop.
        earlier: bool, whether to go as older versions did: each folder is read once, whichever way comes to it first.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    files: list[File] = []
    folders: list[str] = []
    again: list[str] = []
    skipped: list[Skipped] = []
    times: Counter[Identity] = Counter()
    waiting: deque[tuple[str, str, frozenset[Identity]]] = deque([("", str(root), frozenset())])
    progress = Progressing(context, "scan", 0, "files")
    while waiting:
        # The shortest way first: it is the one that people know.
        relative, folder, above = waiting.pop() if earlier else waiting.popleft()
        progress.tick()
        try:
            itself = _identity(folder)
            if itself in above:
                continue  # a link that leads back
            times[itself] += 1
            if earlier and times[itself] > 1:
                continue
            if times[itself] > MOST_TIMES:
                skipped.append(Skipped(printable(folder), "It is reached by too many links: it was read often enough."))
                continue
            entries = list(os.scandir(folder))
        except OSError as error:
            skipped.append(Skipped(printable(folder), why_not_opened(error)))
            continue
        if times[itself] > 1:
            again.append(folder)
        inside = above | {itself}
        for entry in entries:
            path = f"{relative}/{entry.name}" if relative else entry.name
            try:
                if entry.is_dir():
                    folders.append(path)
                    if not is_junk(entry.name):
                        waiting.append((path, entry.path, inside))
                elif is_junk(entry.name):
                    if is_hidden_picture(entry.name):
                        skipped.append(Skipped(printable(entry.path), HIDDEN))
                elif entry.is_file():
                    status = entry.stat()
                    files.append(File(path, status.st_size, file_stamp(status)))
                    progress.advance()
                else:
                    skipped.append(Skipped(printable(entry.path), _what_else(entry.path)))
            except OSError as error:
                if not is_junk(entry.name):
                    skipped.append(Skipped(printable(entry.path), why_not_opened(error)))
    progress.end()
    return Found(sorted(files, key=lambda file: file.path), sorted(folders), sorted(again), tuple(skipped))


def _what_else(path: str) -> str:
    """Returns what is neither a folder nor a file."""
    is_there = os.path.exists(path)  # noqa: PTH110 (as below)
    return "It is a pipe or a device, not a file." if is_there else "It is a link that leads nowhere."


def _identity(folder: str) -> Identity:
    """Returns what tells a folder from others, whichever way leads to it. Some file systems number no files."""
    status = os.stat(folder)  # noqa: PTH116 (names here may be no valid text; Path would cost half the speed)
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(folder)


def reachable(path: Path) -> Path:
    r"""Returns the absolute path in the form that lets Windows go past 260 characters, `\\?\C:\...`."""
    if sys.platform != "win32" or str(path).startswith("\\\\?\\"):
        return path
    text = str(path)
    return Path("\\\\?\\UNC\\" + text[2:] if text.startswith("\\\\") else "\\\\?\\" + text)
