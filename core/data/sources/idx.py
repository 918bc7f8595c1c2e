"""Data sets in idx files, the form MNIST comes in: a folder of `*-images-idx3-ubyte.gz` and their labels.

Looks for them on a disk; how they are read is `idx_files`' business. Where they lie deeper inside a folder, or in an
archive, `folders` and `archives` come upon them.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, cast

from core.context import Context
from core.data.index import Index
from core.data.sources.folders import explore, index_idx, reachable
from core.data.sources.idx_files import IMAGES, IdxFile, index_files
from core.files.atomic import file_stamp, path_of
from core.settings.dataset import DatasetSettings


def recognise(path: Path) -> bool:
    """Whether the path is a file of pictures in idx form, or a folder with one in it."""
    if path.is_file():
        return IMAGES.fullmatch(path.name) is not None
    return path.is_dir() and any(IMAGES.fullmatch(entry.name) for entry in path.iterdir())


def index(settings: DatasetSettings, seed: int, context: Context) -> Index:
    """Returns the index of all idx files in the folder, or of the file that was named and its labels.

    Raises:
        UserError: as `index_files` says.
    """
    path = reachable(path_of(settings.data).absolute())
    if path.is_file():
        beside = [_beside(entry) for entry in path.parent.iterdir() if entry.is_file()]
        chosen = [file for file in beside if file.name == path.name or not IMAGES.fullmatch(file.name)]
        return index_files(str(path_of(settings.data).parent), chosen, context)
    return index_idx(settings.data, path, explore(path, context), context)


def _beside(path: Path) -> IdxFile:
    status = path.stat()
    return IdxFile(path.name, status.st_size, file_stamp(status), lambda: cast(BinaryIO, path.open("rb")))
