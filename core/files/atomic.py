"""Writing files so that a crash, a kill or a full disk never leaves half of one behind."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import UserError

ASIDE = ".old-"  # folders that hold, under its own name, what is being replaced
# On Windows a virus scanner or an indexer holds a new file for a moment, and a rename then fails.
PAUSES_S = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0) if sys.platform == "win32" else ()


def write_atomic(path: Path, content: bytes) -> None:
    """Replaces the file by the content in one step, durable once this returns.

    Args:
        path: the file; its folder is made where it is missing.
        content: what it will hold.

    Raises:
        UserError: the disk is full, or the place cannot be written.
    """
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path, check: Callable[[], object] = lambda: None) -> Iterator[BinaryIO]:
    """Gives an empty file to write into, which replaces that of the path in one step once the block has ended well.

    It replaces whatever is there: `core.files.results` is for files that a user has named.

    Args:
        path: the file; its folder is made where it is missing.
        check: called once all is written; where it raises, nothing is replaced.

    Raises:
        UserError: the disk is full, or the place cannot be written.
    """
    with writing_to(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _open_to_others(Path(temporary), 0o666)
            check()
            rename(Path(temporary), path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
        sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Writes the value as indented UTF-8 JSON, atomically."""
    write_atomic(path, json_content(value))


def json_content(value: Any) -> bytes:
    """Returns the value as indented UTF-8 JSON."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    # A file name that is no valid UTF-8 becomes a JSON escape, which reads back as the same name.
    return text.encode("utf-8", "backslashreplace")


def read_json(path: Path) -> Any:
    """Reads a JSON file.

    Raises:
        UserError: it is missing or holds no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            "'{path}' cannot be read ({reason}).",
            hint="Check that the file is there and that you may read it.",
            path=path,
            reason=error.strerror or error,
        ) from error
    except (ValueError, RecursionError) as error:
        raise UserError(
            "'{path}' is damaged: it holds no valid JSON.",
            hint="Restore it from a copy.",
            path=path,
        ) from error


def publish_folder(temporary: Path, final: Path) -> None:
    """Makes a folder of finished files appear under its final name, replacing an older one.

    Whatever fails, and wherever the process is killed, the old folder or the new one is left: under its name, or put
    aside, from where `bring_back` fetches it.

    Raises:
        UserError: the disk is full, or the place cannot be written.
    """
    with writing_to(final):
        for file in temporary.rglob("*"):
            if file.is_file():
                with file.open("rb+") as handle:
                    os.fsync(handle.fileno())
        _open_to_others(temporary, 0o777)
        sync_folder(temporary)
        if path_exists(final):
            _swap(temporary, final)
        else:
            rename(temporary, final)
            sync_folder(final.parent)


def _swap(new: Path, final: Path) -> None:
    """Puts the new folder in the final one's place. A folder can't be renamed over a full one: that steps aside."""
    aside = Path(tempfile.mkdtemp(dir=final.parent, prefix=ASIDE))
    former = aside / final.name
    try:
        rename(final, former)
        try:
            rename(new, final)
        except BaseException:
            with suppress(OSError):  # where that fails too, it is fetched at the next start
                rename(former, final)
            raise
    except BaseException:
        with suppress(OSError):
            aside.rmdir()  # not where it still holds the only copy
        raise
    sync_folder(final.parent)  # before the old one goes for good
    shutil.rmtree(aside, ignore_errors=True)


def bring_back(parent: Path) -> None:
    """Gives folders that were put aside their names back where nothing has taken their place; removes them else.

    Call it where nobody else may write folders.
    """
    for aside in parent.glob(f"{ASIDE}*"):
        with suppress(OSError):  # what can't be moved stays
            for former in list(aside.iterdir()):
                if former.is_dir() and not path_exists(parent / former.name):
                    rename(former, parent / former.name)
            shutil.rmtree(aside, ignore_errors=True)


def rename(source: Path, target: Path) -> None:
    """Renames in one step, replacing a file of that name.

    Raises:
        OSError: that can't be done; where somebody may let go of it soon, it is tried again for two seconds.
    """
    for pause_s in PAUSES_S:
        with suppress(PermissionError):
            source.replace(target)
            return
        time.sleep(pause_s)
    source.replace(target)


def check_writable(folder: Path) -> None:
    """Finds out whether a file can be made in a folder by making one, nameless or gone at once.

    Args:
        folder: the folder; where it is missing, the nearest one above it is tried.

    Raises:
        UserError: none can be made there.
    """
    existing = next(place for place in (folder, *folder.absolute().parents) if path_exists(place))
    with writing_to(folder), tempfile.TemporaryFile(dir=existing):
        pass


def path_of(text: str | Path) -> Path:
    """Returns the path a user wrote; a leading ~ is the home folder, unless there is no such user."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def path_exists(path: Path) -> bool:
    """Whether the path is there and can be looked at: False, not an error, on a dead mount or a forbidden folder."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def file_stamp(status: os.stat_result) -> tuple[int, int, int, int]:
    """Returns numbers that are others once the file may hold something else: size, change, change of name, number.

    The first two are equal where two files of one size and date change places; the last two are not, as far as the file
    system keeps them. A file that was copied or put back has others though nothing is new.
    """
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def why_not_opened(error: OSError) -> str:
    """Returns why the system did not open a file or folder, as one plain sentence without values."""
    if isinstance(error, FileNotFoundError):
        return "It is not there."
    if isinstance(error, PermissionError):
        return "You are not allowed to read it."
    return "It cannot be opened."


def sha256(path: Path) -> str:
    """Returns the file's SHA-256 as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Makes a rename in the folder durable, where the system can (Windows has no such call)."""
    with suppress(OSError, AttributeError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _open_to_others(path: Path, mode: int) -> None:
    """Gives what was made as a temporary file or folder, which is private, the rights of any other: it may be shared.

    Some file systems, those of memory cards among them, know no rights.
    """
    mask = os.umask(0o077)  # it can't be read without being set for a moment
    os.umask(mask)
    with suppress(OSError):
        path.chmod(mode & ~mask)


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """Turns the system's refusal to write into one clear sentence.

    Raises:
        UserError: in place of any OSError inside the block.
    """
    try:
        yield
    except OSError as error:
        if error.errno == 28 or getattr(error, "winerror", None) == 112:
            raise UserError(
                "The disk that holds '{path}' is full.",
                hint="Free some space there, then resume: nothing written before is lost.",
                path=path,
            ) from error
        raise UserError(
            "'{path}' cannot be written ({reason}).",
            hint="Choose another place, or ask for the right to write there.",
            path=path,
            reason=error.strerror or error,
        ) from error
