"""Data sets in folders of picture files. Knows the disk; what the folders mean is `layout`'s business."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from core.context import Context
from core.data.dataset import Skipped
from core.data.index import Index
from core.data.printable import printable
from core.data.progress import Progressing
from core.data.sources.layout import arrange, is_junk
from core.files.atomic import path_of, why_not_opened
from core.settings.dataset import DatasetSettings


@dataclass(frozen=True)
class File:
    """A file below a folder.

    Args:
        path: str, relative to the folder, "/" between its parts.
        size: int, bytes.
        changed: int, ns since the epoch.
    """

    path: str
    size: int
    changed: int


def recognise(path: Path) -> bool:
    """Whether the path is a folder."""
    return path.is_dir()


def index(settings: DatasetSettings, seed: int, context: Context) -> Index:
    """Returns the index of a folder of class folders, or of train, validation and test folders of them."""
    root = reachable(path_of(settings.data).absolute())
    files, unreachable = walk(root, context)
    layout = arrange(settings.data, [file.path for file in files])
    paths = [files[place].path for place in layout.kept]
    digest = hashlib.blake2b(os.fsencode(root), digest_size=16)
    for place in layout.kept:
        file = files[place]
        digest.update(f"{file.path}\0{file.size}\0{file.changed}\n".encode("utf-8", "surrogateescape"))
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
    )


def walk(root: Path, context: Context) -> tuple[list[File], tuple[Skipped, ...]]:
    """Lists every file below a folder that is not hidden, sorted by its path; links are followed, loops are not.

    Returns:
        The files, and the folders and links that cannot be opened.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    files: list[File] = []
    skipped: list[Skipped] = []
    seen: set[tuple[int, int]] = set()
    waiting = [("", str(root))]
    progress = Progressing(context, "scan", 0, "files")
    while waiting:
        relative, folder = waiting.pop()
        progress.tick()
        try:
            status = os.stat(folder)  # noqa: PTH116 (names here may be no valid text; Path would cost half the speed)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            entries = list(os.scandir(folder))
        except OSError as error:
            skipped.append(Skipped(printable(folder), why_not_opened(error)))
            continue
        for entry in entries:
            if is_junk(entry.name):
                continue
            path = f"{relative}/{entry.name}" if relative else entry.name
            try:
                if entry.is_dir():
                    waiting.append((path, entry.path))
                elif entry.is_file():
                    status = entry.stat()
                    files.append(File(path, status.st_size, status.st_mtime_ns))
                    progress.advance()
                elif entry.is_symlink():
                    skipped.append(Skipped(printable(entry.path), "It is a link that leads nowhere."))
            except OSError as error:
                skipped.append(Skipped(printable(entry.path), why_not_opened(error)))
    progress.end()
    return sorted(files, key=lambda file: file.path), tuple(skipped)


def reachable(path: Path) -> Path:
    r"""Returns the absolute path in the form that lets Windows go past 260 characters, `\\?\C:\...`."""
    if sys.platform != "win32" or str(path).startswith("\\\\?\\"):
        return path
    text = str(path)
    return Path("\\\\?\\UNC\\" + text[2:] if text.startswith("\\\\") else "\\\\?\\" + text)
