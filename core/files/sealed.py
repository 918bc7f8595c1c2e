"""Folders of files with a manifest: written in one step, and checked byte by byte when read. Knows no Keras."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files.atomic import bring_back, publish_folder, writing_to
from core.files.migrations import migrate

FORMAT = 1  # of folders whose kind has known no other
MANIFEST = "manifest.json"
ABANDONED_S = 3600.0


class DamagedError(Exception):
    """A sealed folder isn't what was written. Its text is a short reason for the log."""


class UnreadableError(UserError):
    """A sealed folder can't be read for now: it may well be what was written, so it must stay."""


def seal(folder: Path, files: Mapping[str, bytes | Path], version: int = FORMAT) -> None:
    """Writes a folder that appears with all its files or not at all, replacing an older one.

    Args:
        folder: where.
        files: file name -> its content, or a finished file that is moved in.
        version: int, the format of what the files hold; each kind of folder counts its own.

    Raises:
        UserError: the disk is full, or the place cannot be written.
    """
    with writing_to(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".tmp-"))
        try:
            entries = {name: _place(temporary / name, content) for name, content in files.items()}
            (temporary / MANIFEST).write_bytes(_manifest(entries, version))
            publish_folder(temporary, folder)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def unseal(folder: Path, *, only: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Reads a sealed folder, of a kind that has known but one format, and checks it.

    Args:
        folder: where.
        only: the files wanted; all where empty.

    Returns:
        File name -> content.

    Raises:
        DamagedError: a file or the manifest is missing or has changed.
        UnreadableError: the system refuses to read it.
        UserError: it is intact, but from a newer version of the program.
    """
    version, contents = unseal_versioned(folder, only=only)
    migrate({"format": version}, (), folder)
    return contents


def unseal_versioned(folder: Path, *, only: tuple[str, ...] = ()) -> tuple[int, dict[str, bytes]]:
    """Reads a sealed folder of any format and checks it; raises the first two errors that `unseal` raises.

    Returns:
        The format of what the files hold, for `migrate`, and file name -> content.
    """
    manifest = _read(folder / MANIFEST)
    try:
        values = json.loads(manifest)
        entries = {str(name): [int(entry[0]), str(entry[1])] for name, entry in dict(values["files"]).items()}
        version = int(values["format"])
        expected = _manifest(entries, version)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise DamagedError("its manifest is damaged") from error
    if manifest != expected:
        raise DamagedError("its manifest is damaged")
    contents = {}
    for name in only or tuple(entries):
        if name not in entries:
            raise DamagedError(f"{name} is missing")
        # The folder may come from elsewhere: its manifest must not name files outside it, nor devices.
        with reading_from(folder / name):
            if name != Path(name).name or not (folder / name).is_file() or (folder / name).is_symlink():
                raise DamagedError(f"{name} is no file in it")
            if (folder / name).stat().st_size != entries[name][0]:
                raise DamagedError(f"{name} has changed since it was written")
        content = _read(folder / name)
        if [len(content), hashlib.sha256(content).hexdigest()] != entries[name]:
            raise DamagedError(f"{name} has changed since it was written")
        contents[name] = content
    return version, contents


def clear_leftovers(parent: Path) -> None:
    """Removes what a killed process left half-written in the folder, once the folders it had put aside are back.

    Call it where nobody else may write folders. Single files may be written by anyone at any time, so only old ones are
    taken for left behind.
    """
    bring_back(parent)
    for left in parent.glob(".tmp-*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in parent.glob(".*.tmp"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED_S:
                left.unlink()


def _place(path: Path, content: bytes | Path) -> list[Any]:
    """Puts a file into the folder; returns its length and SHA-256."""
    if isinstance(content, Path):
        content.replace(path)
        with path.open("rb") as file:
            return [path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()]
    path.write_bytes(content)
    return [len(content), hashlib.sha256(content).hexdigest()]


def _manifest(entries: Mapping[str, Any], version: int) -> bytes:
    """Returns the one way to write a manifest, which also carries a hash of its own."""
    body = {"format": version, "files": dict(sorted(entries.items()))}
    seal_of_body = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return (json.dumps({**body, "sha256": seal_of_body}, indent=1) + "\n").encode()


def _read(path: Path) -> bytes:
    with reading_from(path):
        return path.read_bytes()


@contextmanager
def reading_from(path: Path) -> Iterator[None]:
    """Tells what is gone from what the system refuses to read: a dead network share, too many open files, no right.

    Raises:
        DamagedError: it is gone.
        UnreadableError: in place of any other OSError inside the block.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DamagedError(f"{path.name} is missing") from error
    except OSError as error:
        raise UnreadableError(
            "'{path}' cannot be read ({reason}).",
            hint="Check the disk and try again: nothing was removed. If it stays so, move '{folder}' away: what was "
            "saved before it is used then.",
            path=path,
            reason=error.strerror or error,
            folder=path.parent,
        ) from error
