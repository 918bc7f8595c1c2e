"""Finds the text files in what a user names: a file, a folder, a zip. Reads none of them, and trusts none."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.context import Context
from core.data.dataset import Skipped
from core.data.printable import printable
from core.data.sources.archives import list_members, open_archive
from core.data.sources.folders import reachable, walk
from core.data.sources.layout import is_junk
from core.data.sources.split_folders import PLAIN
from core.data.splits import UNGIVEN
from core.errors import UserError
from core.files.atomic import path_exists, path_of
from core.files.closest_path import closest_path
from core.text.corpus.charset import TextError

EMBEDDED = "shapes"
SUFFIX = ".txt"
MAX_FILE_BYTES = 256 * 2**20
MAX_TOTAL_BYTES = 512 * 2**20  # all of it is held in memory, and its tokens beside it
NO_TEXT = Skipped("", "It is no .txt file.").reason
HINT = "Give a .txt file, a folder of them, a zip of them, or shapes."


@dataclass(frozen=True, eq=False)
class TextFile:
    """A file that should hold text.

    Args:
        name: str, for people.
        given: int, the split its folder names: 0 train, 1 validation, 2 test; -1 none.
        size: int, bytes.
        read: returns its content; raises TextError.
    """

    name: str
    given: int
    size: int
    read: Callable[[], bytes]


def check_source(data: str) -> None:
    """Looks whether there is something of that name. Opens nothing.

    Args:
        data: str, "shapes" or a path.

    Raises:
        UserError: there is not.
    """
    if data != EMBEDDED and not (data.strip() and path_exists(path_of(data))):
        guess = closest_path(data, (EMBEDDED,))
        raise UserError(
            "There is no file, folder or embedded text '{path}'.",
            hint="Did you mean '{guess}'?" if guess else HINT,
            path=data,
            guess=guess,
        )


def find_texts(data: str, context: Context) -> tuple[list[TextFile], tuple[Skipped, ...]]:
    """Lists the texts of a .txt file, or of a folder or zip of them; folders train, val and test are splits.

    Args:
        data: str, a path.
        context: gets the progress, and is asked whether to stop.

    Returns:
        The files sorted by name, and those left out.

    Raises:
        UserError: there is no such file, or no text in it.
        CancelledError: the user has asked the job to stop.
    """
    check_source(data)
    path = reachable(path_of(data).absolute())
    skipped: tuple[Skipped, ...] = ()
    if path.is_dir():
        found, skipped = walk(path, context)
        files = [TextFile(file.path, UNGIVEN, file.size, partial(_read, path / file.path)) for file in found]
    elif path.suffix.casefold() == ".zip":
        files, skipped = _members(path, data, context)
    else:
        files = [TextFile(path.name, UNGIVEN, path.stat().st_size, partial(_read, path))]
        return _bound(files, data, ())
    others = [file for file in files if not _is_text(file.name)]
    skipped += tuple(Skipped(printable(f"{data}/{file.name}"), NO_TEXT) for file in others)
    return _bound(_place([file for file in files if _is_text(file.name)], data), data, skipped)


def _members(path: Path, data: str, context: Context) -> tuple[list[TextFile], tuple[Skipped, ...]]:
    archive = open_archive(path, context)
    members = list_members(archive, data)
    files = [
        TextFile(name, UNGIVEN, info.file_size, partial(_unpack, archive, info))
        for name, info in members.files
        if not any(map(is_junk, name.split("/")))
    ]
    return files, members.skipped


def _is_text(name: str) -> bool:
    return name.casefold().endswith(SUFFIX)


def _place(files: list[TextFile], data: str) -> list[TextFile]:
    """Gives each file its full name and the split that its folder names, below one root folder at most."""
    parts = [file.name.split("/") for file in files]
    roots = {row[0] if len(row) > 1 else "" for row in parts}
    inside = 1 if len(roots) == 1 and "" not in roots and not roots & PLAIN.keys() else 0
    return [
        TextFile(
            printable(f"{data}/{file.name}"),
            PLAIN.get(row[inside].casefold(), UNGIVEN) if len(row) > inside + 1 else UNGIVEN,
            file.size,
            file.read,
        )
        for file, row in zip(files, parts, strict=True)
    ]


def _bound(
    files: list[TextFile], data: str, skipped: tuple[Skipped, ...]
) -> tuple[list[TextFile], tuple[Skipped, ...]]:
    """Leaves out what is too large to hold in memory."""
    kept, total = [], 0
    for file in files:
        if file.size > MAX_FILE_BYTES:
            skipped += (Skipped(file.name, "It is larger than 256 MB."),)
        elif total + file.size > MAX_TOTAL_BYTES:
            skipped += (Skipped(file.name, "The files before it hold 512 MB already, the most that is read."),)
        else:
            kept.append(file)
            total += file.size
    if not kept and skipped:
        raise UserError(
            "'{path}' holds no text that can be read. {name}: {reason}",
            hint=HINT,
            path=data,
            name=skipped[0].path,
            reason=skipped[0].reason,
        )
    if not kept:
        raise UserError("'{path}' holds no .txt file.", hint=HINT, path=data)
    return kept, skipped


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _checked(file.read(MAX_FILE_BYTES + 1))
    except OSError:
        raise TextError.because("It cannot be opened.") from None


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(info) as file:
            return _checked(file.read(MAX_FILE_BYTES + 1))
    except TextError:
        raise
    except Exception as error:
        raise TextError.because("It is damaged inside the archive, or packed in a way not supported.") from error


def _checked(content: bytes) -> bytes:
    """A file may be larger than its entry says."""
    if len(content) > MAX_FILE_BYTES:
        raise TextError.because("It is larger than 256 MB.")
    return content
