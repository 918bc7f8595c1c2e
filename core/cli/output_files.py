"""Looks at a file that a command is to write, before the work is done. Must not write it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from core import catalog
from core.errors import UserError
from core.files.atomic import check_writable, path_exists, path_of
from core.files.predictions import HEADER
from core.media.picture_files import check_suffix, is_written_here

BOM = b"\xef\xbb\xbf"


def check_table(path: Path, inputs: Iterable[str]) -> None:
    """Looks whether the table of a classification may be written there.

    Args:
        path: the file.
        inputs: pictures and folders the command reads.

    Raises:
        UserError: it ends in something else than .csv, its folder is not there or can't be written, or it is one of
            the inputs or some other file that was not written as such a table.
    """
    _check(path, ".csv", inputs, _is_table)


def check_job_file(path: Path, inputs: Iterable[str]) -> None:
    """Looks whether a job file may be written there.

    Args:
        path: the file.
        inputs: the data the job names.

    Raises:
        UserError: as in `check_table`, for .json.
    """
    _check(path, ".json", inputs, _is_job)


def check_pictures(path: Path, inputs: Iterable[str] = ()) -> None:
    """Looks whether generated pictures may be written there.

    Args:
        path: the file.
        inputs: pictures the command reads.

    Raises:
        UserError: as in `check_table`, for .png, .gif and .mp4.
    """
    _check(path, check_suffix(path), inputs, is_written_here)


def _check(path: Path, suffix: str, inputs: Iterable[str], is_ours: Callable[[Path], bool]) -> None:
    if any(path_exists(path) and path_exists(path_of(given)) and path.samefile(path_of(given)) for given in inputs):
        raise UserError(
            "'{path}' is read by this command and can't be written by it too.",
            hint="Name another file, one that ends in {suffix}.",
            path=path,
            suffix=suffix,
        )
    if path.suffix.casefold() != suffix:
        raise UserError(
            "'{path}' is not written, since its name does not end in {suffix}.",
            hint="Name a file that does.",
            path=path,
            suffix=suffix,
        )
    if not path.parent.is_dir():
        raise UserError(
            "There is no folder '{folder}' to write '{name}' into.",
            hint="Make it first, or name a file in another one.",
            folder=path.parent,
            name=path.name,
        )
    if path.is_dir() or (path_exists(path) and not _is(is_ours, path)):
        raise UserError(
            "'{path}' is there already, and is no file that this command has written.",
            hint="Name another one, or move it away.",
            path=path,
        )
    check_writable(path.parent)


def _is(is_ours: Callable[[Path], bool], path: Path) -> bool:
    try:
        return is_ours(path)
    except OSError as error:
        raise UserError(
            "'{path}' is there already, and can't be looked at ({reason}).",
            hint="Name another one, or move it away.",
            path=path,
            reason=error.strerror or error,
        ) from error


def _is_table(path: Path) -> bool:
    content = path.read_bytes()
    return not content or content.removeprefix(BOM).startswith(",".join(HEADER).encode())


def _is_job(path: Path) -> bool:
    try:
        values = json.loads(path.read_bytes() or b"[]")
    except (ValueError, RecursionError):
        return False
    rows = values if isinstance(values, list) else [values]
    return all(isinstance(row, dict) and row.get("task") in catalog.TASKS for row in rows)
