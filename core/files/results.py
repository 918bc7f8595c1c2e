"""Files that a user names for a result: what anybody else has made is never replaced unasked. Knows no kind of file.

Each kind has a function beside its writer that says whether a file is one of them; `overwrite` is that the user was
asked, and wants it gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.errors import UserError
from core.files.atomic import check_writable, path_exists, path_of, replacing

IsOurs = Callable[[Path], bool]


@contextmanager
def replacing_result(path: Path, is_ours: IsOurs, *, overwrite: bool) -> Iterator[BinaryIO]:
    """Gives an empty file to write into, which appears under the path in one step once the block has ended well.

    Args:
        path: the file; its folder is made where it is missing.
        is_ours: whether this program has written the file that is there, which it may then write anew. It is asked
            before and once more at the end, since others may have written meanwhile.
        overwrite: bool, whether the user wants any other file replaced as well.

    Raises:
        UserError: some other file is there, the disk is full, or the place cannot be written.
    """

    def check() -> None:
        if not overwrite:
            _refuse_foreign(path, is_ours)

    check()
    with replacing(path, check) as file:
        yield file


def check_result(
    path: Path, suffix: str, is_ours: IsOurs, inputs: Iterable[str] = (), *, overwrite: bool = False
) -> None:
    """Looks whether a result may be written there: better before the work is done than after.

    Args:
        path: the file.
        suffix: what its name has to end in, in small letters.
        is_ours: as in `replacing_result`.
        inputs: files and folders that are read for it.
        overwrite: as there.

    Raises:
        UserError: it ends in something else, its folder is not there or can't be written, or it is one of the inputs or
            some other file that this program has not written.
    """
    if path.suffix.casefold() != suffix:
        raise UserError(
            "'{path}' is not written, since its name does not end in {suffix}.",
            hint="Name a file that does.",
            path=path,
            suffix=suffix,
        )
    if not overwrite and path_exists(path) and any(_is_same(path, path_of(given)) for given in inputs):
        raise UserError(
            "'{path}' is read by this command and can't be written by it too.",
            hint="Name another file, one that ends in {suffix}.",
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
    if not overwrite or path.is_dir():
        _refuse_foreign(path, is_ours)
    check_writable(path.parent)


def _is_same(path: Path, given: Path) -> bool:
    return path_exists(given) and path.samefile(given)


def _refuse_foreign(path: Path, is_ours: IsOurs) -> None:
    if not path_exists(path):
        return
    try:
        ours = path.is_file() and is_ours(path)
    except OSError as error:
        raise UserError(
            "'{path}' is there already, and can't be looked at ({reason}).",
            hint="Name another one, or move it away.",
            path=path,
            reason=error.strerror or error,
        ) from error
    if not ours:
        raise UserError(
            "'{path}' is there already, and is no file that this command has written.",
            hint="Name another one, or move it away.",
            path=path,
        )
