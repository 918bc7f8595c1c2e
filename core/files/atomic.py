"""Writing files so that a crash, a kill or a full disk never leaves half of one behind."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import UserError


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
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Gives an empty file to write into, which replaces that of the path in one step once the block has ended well.

    Args:
        path: the file; its folder is made where it is missing.

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
            Path(temporary).chmod(0o666 & ~_umask())  # a temporary file is private, but a run may be shared
            Path(temporary).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
        sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Writes the value as indented UTF-8 JSON, atomically."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    # A file name that is no valid UTF-8 becomes a JSON escape, which reads back as the same name.
    write_atomic(path, text.encode("utf-8", "backslashreplace"))


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
    """Makes a folder of finished files appear under its final name in one step, replacing an older one."""
    with writing_to(final):
        for file in temporary.rglob("*"):
            if file.is_file():
                with file.open("rb+") as handle:
                    os.fsync(handle.fileno())
        sync_folder(temporary)
        if final.exists():
            # A folder can't be renamed over a full one: step the old one aside first.
            aside = Path(tempfile.mkdtemp(dir=final.parent, prefix=".old-"))
            final.replace(aside / final.name)
            temporary.replace(final)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            temporary.replace(final)
        sync_folder(final.parent)


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


def _umask() -> int:
    """The process's mask for new files; reading it means setting it for a moment."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


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
