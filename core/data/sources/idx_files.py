"""Reads idx files, the form MNIST comes in: `*-images-idx3-ubyte` with their labels, packed by gzip or not.

Knows neither disks nor archives: it is given names, sizes and a way to open each file. Whether one is packed is told by
its first bytes, since browsers and programs unpack files and leave their names, or the other way round.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

import numpy as np

from core.context import Context
from core.data.dataset import Skipped
from core.data.index import Index
from core.data.printable import printable
from core.data.progress import Progressing
from core.data.sources.layout import is_junk, is_picture_name, why_no_picture
from core.data.sources.remarks import listed
from core.data.sources.split_folders import splits_of
from core.data.splits import TEST, TRAIN, UNGIVEN
from core.data.targets.classes import ClassTargets
from core.errors import UserError
from core.events import Log

IMAGES = re.compile(r"(?P<prefix>.*?)-?images[-.]idx3[-.]ubyte(\.gz)?", re.IGNORECASE)
ANY = re.compile(r".*(images|labels)[-.]idx\d[-.]ubyte(\.gz)?", re.IGNORECASE)
PACKED = b"\x1f\x8b"
BYTES_TYPE = 0x08
MAX_DEFLATE_RATIO = 1032  # no stream of deflate unpacks to more
MAX_BYTES = 4 * 2**30  # all pictures are held in memory; the largest known set in this form takes half a GB
MAX_RATIO = 100
SMALL_BYTES = 256 * 2**20  # below these a high ratio is harmless
CHUNK_BYTES = 2**20
UNREADABLE = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile)
Shape = tuple[int, ...]


@dataclass(frozen=True)
class IdxFile:
    """A file that is called as idx files are.

    Args:
        path: str, relative to what the user named, "/" between its parts.
        size: int, bytes.
        stamp: another one once the content may be another.
        open: gives its bytes.
    """

    path: str
    size: int
    stamp: int | tuple[int, ...]
    open: Callable[[], BinaryIO]

    @property
    def name(self) -> str:
        """Its own name, without the folders."""
        return self.path.rpartition("/")[2]

    @property
    def key(self) -> tuple[str, str]:
        """What it is, and where: equal for a packed and an unpacked copy, and where its folder is called like it."""
        folder, _, name = self.path.rpartition("/")
        above, _, last = folder.rpartition("/")
        return above if ANY.fullmatch(last) else folder, _plain(name)


@dataclass(frozen=True)
class Part:
    """One file of pictures with its labels, headers read.

    Args:
        images: the file of pictures.
        shape: (count, height, width).
        split: 0 train, 1 validation, 2 test, -1 where the name says none.
        labels: uint8 (count,).
    """

    images: IdxFile
    shape: Shape
    split: int
    labels: np.ndarray


def are_idx(paths: Sequence[str]) -> bool:
    """Whether some files are a data set in idx form: there are such pictures, and no others."""
    found = False
    for path in paths:
        pieces = path.split("/")
        if IMAGES.fullmatch(pieces[-1]):
            found = True
        elif is_picture_name(path) and not ANY.fullmatch(pieces[-1]) and not any(map(is_junk, pieces)):
            return False
    return found


def left_out(source: str, paths: Sequence[str]) -> tuple[Skipped, ...]:
    """Returns the files beside those of a data set in idx form that are no part of it."""
    others = [path for path in paths if not ANY.fullmatch(path.rpartition("/")[2])]
    return tuple(
        Skipped(printable(f"{source}/{path}"), why_no_picture(path))
        for path in others
        if not any(map(is_junk, path.split("/")))
    )


def index_files(
    source: str,
    files: Sequence[IdxFile],
    context: Context,
    skipped: tuple[Skipped, ...] = (),
    remarks: tuple[Log, ...] = (),
) -> Index:
    """Returns the index of some idx files; those called t10k or test are the test split.

    Args:
        source: str, what the user named.
        files: pictures and labels; others are passed over.
        context: gets the progress, and is asked whether to stop.
        skipped: what the index says was left out.
        remarks: what the index says of names.

    Raises:
        UserError: a file is missing, damaged, or does not hold what its header says; or they are several data sets.
    """
    # Of copies of a file, packed and not, or in a folder called like it, one is read.
    known: dict[tuple[str, str], IdxFile] = {}
    for file in sorted(files, key=lambda file: (file.name.casefold().endswith(".gz"), file.path.count("/"), file.path)):
        known.setdefault(file.key, file)
    images = sorted((file for file in known.values() if IMAGES.fullmatch(file.name)), key=lambda file: file.name)
    remarks += _check_one_set(source, images)
    parts = [_part(source, file, known, context) for file in images]
    if len({part.shape[1:] for part in parts}) != 1:
        raise UserError(
            "The idx files in '{path}' hold pictures of different sizes.",
            hint="Put each data set into a folder of its own.",
            path=source,
        )
    parts.sort(key=lambda part: part.split == TEST)
    labels = np.concatenate([part.labels for part in parts])
    numbers, labels = np.unique(labels, return_inverse=True)
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(f"{part.images.name}\0{part.shape}\0{part.images.size}\0{part.images.stamp}\n".encode())
        digest.update(part.labels.tobytes())
    return Index(
        source=source,
        identity=digest.hexdigest(),
        names=[f"{printable(part.images.name)}/{number}" for part in parts for number in range(part.shape[0])],
        targets={ClassTargets.kind: ClassTargets(tuple(str(number) for number in numbers), labels)},
        given=np.concatenate([np.full(part.shape[0], part.split, np.int8) for part in parts]),
        draw=lambda context, places=None: _pictures(source, parts, context, places),
        skipped=skipped,
        remarks=remarks,
    )


def _plain(name: str) -> str:
    """Returns a file's name without what differs between the ways in which it is written."""
    return name.casefold().removesuffix(".gz").replace(".", "-")


def _split_of(prefix: str) -> int:
    folded = prefix.casefold()
    if "t10k" in folded or "test" in folded:
        return TEST
    return TRAIN if "train" in folded else splits_of([prefix]).get(prefix, UNGIVEN)


def _check_one_set(source: str, images: Sequence[IdxFile]) -> tuple[Log, ...]:
    """Refuses files of one name in several folders; says so where names tell of several data sets in one."""
    names = [_plain(file.name) for file in images]
    if len(set(names)) < len(names):
        folders = sorted({PurePosixPath(source, file.key[0]).as_posix() for file in images})
        raise UserError(
            "'{path}' holds several data sets of idx files, in {folders}.",
            hint="Choose the folder of one of them.",
            path=source,
            folders=listed(folders),
        )
    sets = sorted({re.sub(r"t10k|test|train", "", name.partition("images")[0]).strip("-_ ") for name in names})
    if len(sets) < 2:
        return ()
    message = "The idx files of several data sets are read as one: {names}. Put each set into a folder of its own."
    return (Log(message, "warning", {"names": listed(sets)}),)


def _part(source: str, images: IdxFile, known: dict[tuple[str, str], IdxFile], context: Context) -> Part:
    folder, name = images.key
    labels_file = known.get((folder, name.replace("images-idx3", "labels-idx1")))
    if labels_file is None:
        raise UserError(
            "The labels '{labels}' of '{path}' are missing.",
            hint="Put them into the same folder.",
            labels=re.sub("images([-.])idx3", r"labels\1idx1", images.name, flags=re.IGNORECASE),
            path=f"{source}/{images.path}",
        )
    shape, (count,) = _header(source, images, 3), _header(source, labels_file, 1)
    if count != shape[0]:
        raise UserError(
            "'{path}' holds {pictures} pictures, but '{labels}' holds {count} labels.",
            hint="Use the two files that belong together.",
            path=f"{source}/{images.path}",
            pictures=shape[0],
            labels=labels_file.name,
            count=count,
        )
    match = IMAGES.fullmatch(images.name)
    prefix = match["prefix"] if match else ""
    return Part(images, shape, _split_of(prefix), _content(source, labels_file, (count,), context))


def _pictures(source: str, parts: list[Part], context: Context, places: np.ndarray | None) -> np.ndarray:
    pictures = np.concatenate([_content(source, part.images, part.shape, context) for part in parts])[..., None]
    return pictures if places is None else pictures[places]


def _header(source: str, file: IdxFile, dimensions: int) -> Shape:
    """Reads the shape that an idx file claims, and compares it with the file's size before anything is allocated."""
    length = 4 + 4 * dimensions
    try:
        stream, packed = _unpacked(file)
        with stream:
            header = stream.read(max(length, len(b"version https://git-lfs")))
    except UNREADABLE as error:
        raise _damaged(source, file) from error
    if len(header) < length or header[:4] != bytes([0, 0, BYTES_TYPE, dimensions]):
        raise _no_idx(source, file, header) or _damaged(source, file)
    shape = tuple(int.from_bytes(header[start : start + 4], "big") for start in range(4, length, 4))
    content, path = int(np.prod(shape, dtype=object)), f"{source}/{file.path}"
    fits = content <= MAX_DEFLATE_RATIO * file.size if packed else length + content == file.size
    if not (content and fits):
        raise _damaged(source, file)
    if content > MAX_BYTES and not packed:
        raise UserError(
            "'{path}' holds {megabytes} MB of pictures, and at most {most} MB are read from one idx file.",
            hint="Save its pictures as files in class folders: those need not all fit into memory.",
            path=path,
            megabytes=content >> 20,
            most=MAX_BYTES >> 20,
        )
    if content > MAX_BYTES or content > max(SMALL_BYTES, MAX_RATIO * file.size):
        raise UserError(
            "'{path}' would unpack to {megabytes} MB from {packed} MB: it is not safe to read.",
            hint="Use it only if you trust where it comes from: save its pictures as files in class folders.",
            path=path,
            megabytes=content >> 20,
            packed=file.size >> 20,
        )
    return shape


def _content(source: str, file: IdxFile, shape: Shape, context: Context) -> np.ndarray:
    """Reads what follows the header, uint8 in the shape that the header claims."""
    content = np.empty(int(np.prod(shape)), np.uint8)
    progress = Progressing(context, "decode", len(content), "bytes")
    try:
        stream, _ = _unpacked(file)
        with stream:
            stream.read(4 + 4 * len(shape))
            while progress.done < len(content):
                chunk = stream.read(min(CHUNK_BYTES, len(content) - progress.done))
                if not chunk:
                    raise EOFError
                content[progress.done : progress.done + len(chunk)] = np.frombuffer(chunk, np.uint8)
                progress.advance(len(chunk))
            if stream.read(1):  # also makes gzip compare its checksum
                raise EOFError
    except UNREADABLE as error:
        raise _damaged(source, file) from error
    progress.end()
    return content.reshape(shape)


def _unpacked(file: IdxFile) -> tuple[BinaryIO, bool]:
    """Opens a file; returns what gives its content, and whether it is packed."""
    with file.open() as stream:
        packed = stream.read(len(PACKED)) == PACKED
    stream = file.open()
    if not packed:
        return stream, False
    unpacking = gzip.GzipFile(fileobj=stream, mode="rb")
    unpacking.myfileobj = stream  # type: ignore[assignment]  # which it closes with itself
    return unpacking, True  # type: ignore[return-value]


def _no_idx(source: str, file: IdxFile, beginning: bytes) -> UserError | None:
    """Returns the error for what is plainly something else, told by its first bytes."""
    path = f"{source}/{file.path}"
    if beginning.lstrip()[:1] == b"<":
        return UserError(
            "'{path}' is a web page, not an idx file: the download went wrong.",
            hint="Download the file again, in another way.",
            path=path,
        )
    if beginning.startswith(b"version https://git-lfs"):
        return UserError(
            "'{path}' is a pointer of Git LFS, not the idx file itself.",
            hint="Fetch the file with `git lfs pull`.",
            path=path,
        )
    return None


def _damaged(source: str, file: IdxFile) -> UserError:
    return UserError(
        "'{path}' is no idx file, or it is damaged: its size does not fit its header.",
        hint="Get the file again.",
        path=f"{source}/{file.path}",
    )
