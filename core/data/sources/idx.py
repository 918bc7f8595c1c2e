"""Data sets in idx files, the form MNIST comes in: a folder of `*-images-idx3-ubyte.gz` and their labels."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.context import Context
from core.data.index import Index
from core.data.progress import Progressing
from core.data.splits import TEST, TRAIN, UNGIVEN
from core.data.targets.classes import ClassTargets
from core.errors import UserError
from core.files.atomic import path_of
from core.settings.dataset import DatasetSettings

PATTERN = re.compile(r"(?P<prefix>.*?)-?images[-.]idx3[-.]ubyte(?P<gz>\.gz)?", re.IGNORECASE)
BYTES_TYPE = 0x08
MAX_DEFLATE_RATIO = 1032  # no stream of deflate unpacks to more
MAX_BYTES = 4 * 2**30  # all pictures are held in memory; the largest known set in this form takes half a GB
MAX_RATIO = 100
SMALL_BYTES = 256 * 2**20  # below these a high ratio is harmless
CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class Part:
    """One file of pictures with its labels, headers read.

    Args:
        images: the file of pictures.
        shape: (count, height, width).
        split: 0 train, 2 test, -1 where the name says neither.
        labels: uint8 (count,).
    """

    images: Path
    shape: tuple[int, ...]
    split: int
    labels: np.ndarray


def recognise(path: Path) -> bool:
    """Whether the path is a folder with a file of pictures in idx form."""
    return path.is_dir() and any(PATTERN.fullmatch(entry.name) for entry in path.iterdir())


def index(settings: DatasetSettings, seed: int, context: Context) -> Index:
    """Returns the index of all idx files in the folder; those called t10k or test are the test split.

    Raises:
        UserError: a file is missing, damaged, or does not hold what its header says.
    """
    folder = path_of(settings.data)
    files = sorted(entry for entry in folder.iterdir() if PATTERN.fullmatch(entry.name) and entry.is_file())
    # Packed and unpacked beside each other: the same pictures twice.
    parts = [_part(file, context) for file in files if not (file.suffix == ".gz" and file.with_suffix("") in files)]
    if len({part.shape[1:] for part in parts}) != 1:
        raise UserError(
            "The idx files in '{path}' hold pictures of different sizes.",
            hint="Put each data set into a folder of its own.",
            path=folder,
        )
    parts.sort(key=lambda part: part.split == TEST)
    labels = np.concatenate([part.labels for part in parts])
    numbers, labels = np.unique(labels, return_inverse=True)
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        status = part.images.stat()
        digest.update(f"{part.images.name}\0{part.shape}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        digest.update(part.labels.tobytes())
    return Index(
        source=settings.data,
        identity=digest.hexdigest(),
        names=[f"{part.images.name}/{number}" for part in parts for number in range(part.shape[0])],
        targets={ClassTargets.kind: ClassTargets(tuple(str(number) for number in numbers), labels)},
        given=np.concatenate([np.full(part.shape[0], part.split, np.int8) for part in parts]),
        draw=lambda context, places=None: _pictures(parts, context, places),
    )


def _part(images: Path, context: Context) -> Part:
    match = PATTERN.fullmatch(images.name)
    assert match is not None  # noqa: S101 (the callers' filter)
    name = re.sub("images([-.])idx3", r"labels\1idx1", images.name, flags=re.IGNORECASE)
    found = [images.with_name(name), images.with_name(name.removesuffix(".gz")), images.with_name(name + ".gz")]
    labels_file = next((path for path in found if path.is_file()), None)
    if labels_file is None:
        raise UserError(
            "The labels '{labels}' of '{path}' are missing.",
            hint="Put them into the same folder.",
            labels=name,
            path=images,
        )
    shape, (count,) = _header(images, 3), _header(labels_file, 1)
    if count != shape[0]:
        raise UserError(
            "'{path}' holds {pictures} pictures, but '{labels}' holds {count} labels.",
            hint="Use the two files that belong together.",
            path=images,
            pictures=shape[0],
            labels=labels_file.name,
            count=count,
        )
    labels = _content(labels_file, (count,), context)
    prefix = match["prefix"].casefold()
    split = TEST if "t10k" in prefix or "test" in prefix else TRAIN if "train" in prefix else UNGIVEN
    return Part(images, shape, split, labels)


def _pictures(parts: list[Part], context: Context, places: np.ndarray | None) -> np.ndarray:
    pictures = np.concatenate([_content(part.images, part.shape, context) for part in parts])[..., None]
    return pictures if places is None else pictures[places]


def _header(path: Path, dimensions: int) -> tuple[int, ...]:
    """Reads the shape that an idx file claims, and compares it with the file's size before anything is allocated."""
    length = 4 + 4 * dimensions
    try:
        with _open(path) as file:
            header = file.read(length)
        size = path.stat().st_size
    except (OSError, EOFError) as error:
        raise _damaged(path) from error
    if len(header) < length or header[:4] != bytes([0, 0, BYTES_TYPE, dimensions]):
        raise _damaged(path)
    shape = tuple(int.from_bytes(header[start : start + 4], "big") for start in range(4, length, 4))
    content = int(np.prod(shape, dtype=object))
    fits = content <= MAX_DEFLATE_RATIO * size if path.suffix == ".gz" else length + content == size
    if not (content and fits):
        raise _damaged(path)
    if content > MAX_BYTES and path.suffix != ".gz":
        raise UserError(
            "'{path}' holds {megabytes} MB of pictures, and at most {most} MB are read from one idx file.",
            hint="Save its pictures as files in class folders: those need not all fit into memory.",
            path=path,
            megabytes=content >> 20,
            most=MAX_BYTES >> 20,
        )
    if content > MAX_BYTES or content > max(SMALL_BYTES, MAX_RATIO * size):
        raise UserError(
            "'{path}' would unpack to {megabytes} MB from {packed} MB: it is not safe to read.",
            hint="Use it only if you trust where it comes from: save its pictures as files in class folders.",
            path=path,
            megabytes=content >> 20,
            packed=size >> 20,
        )
    return shape


def _content(path: Path, shape: tuple[int, ...], context: Context) -> np.ndarray:
    """Reads what follows the header, uint8 in the shape that the header claims."""
    content = np.empty(int(np.prod(shape)), np.uint8)
    progress = Progressing(context, "decode", len(content), "bytes")
    try:
        with _open(path) as file:
            file.read(4 + 4 * len(shape))
            while progress.done < len(content):
                chunk = file.read(min(CHUNK_BYTES, len(content) - progress.done))
                if not chunk:
                    raise EOFError
                content[progress.done : progress.done + len(chunk)] = np.frombuffer(chunk, np.uint8)
                progress.advance(len(chunk))
            if file.read(1):  # also makes gzip compare its checksum
                raise EOFError
    except (OSError, EOFError, ValueError) as error:
        raise _damaged(path) from error
    except Exception as error:
        if type(error).__module__ == "zlib":
            raise _damaged(path) from error
        raise
    progress.end()
    return content.reshape(shape)


def _open(path: Path) -> gzip.GzipFile:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _damaged(path: Path) -> UserError:
    return UserError(
        "'{path}' is no idx file, or it is damaged: its size does not fit its header.",
        hint="Get the file again.",
        path=path,
    )
