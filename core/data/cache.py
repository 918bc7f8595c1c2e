"""Keeps decoded pictures on disk, so that a data set is decoded once. Knows keys and pixels, not where they come from.

An entry is a folder that appears whole or not at all, and is looked through before it is used. What can't be kept,
because the disk is full or the workspace read-only, stays in memory instead.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

import numpy as np
from filelock import FileLock, Timeout

from core.context import Context
from core.data.digests import digest_of
from core.data.unloaded import PixelFile, UnloadedImages
from core.errors import UserError
from core.files.atomic import ASIDE, publish_folder, read_json, write_atomic, write_json, writing_to
from core.files.migrations import Migration, migrate, newest

MIGRATIONS: tuple[Migration, ...] = ()  # of an entry's manifest; one of another layout is decoded anew
FORMAT = newest(MIGRATIONS)
MAX_BYTES = 10 * 2**30
FREE_SHARE = 5  # at most a fifth of the free disk
IN_MEMORY_BYTES = 512 * 2**20
FULLY_CHECKED_BYTES = 256 * 2**20
CHECKED_PICTURES = 1000
SIZES = "sizes.npz"  # beside an entry's other files once somebody has asked for them


@dataclass(frozen=True, eq=False)
class Entry:
    """Decoded pictures, M of them.

    Args:
        images: uint8 (M, H, W, C), in memory or on disk; None where only the rest was kept.
        shape: (M, H, W, C).
        kept: int64 (M,), the place of each in the index.
        digests: uint64 (M,), of the pixels of each.
        skipped: the place of each picture that could not be read, and why.
        seen: what whoever decoded them wants to know again, JSON.
        passing: the places of those that could not be opened, or not for want of memory: the next time they may.
    """

    images: np.ndarray | UnloadedImages | None
    shape: tuple[int, int, int, int]
    kept: np.ndarray
    digests: np.ndarray
    skipped: tuple[tuple[int, str], ...]
    seen: Mapping[str, Any] = field(default_factory=dict)
    passing: tuple[int, ...] = ()


class PictureCache:
    """The decoded pictures kept in a workspace. Several processes may use it at once.

    Args:
        folder: the workspace's cache folder; made at the first write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "pictures"

    def size(self) -> int:
        """Returns what the cache takes up, bytes."""
        return sum(_folder_bytes(entry) for entry in self._entries())

    def clear(self) -> None:
        """Deletes every entry that no other process is writing."""
        for entry in self._entries():
            self._delete(entry)
        self._delete_leftovers()

    def cap(self) -> int:
        """Returns how large the cache may grow, bytes: 10 GB or a fifth of the disk that is free but for it."""
        folder = self.folder
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        try:
            return min(MAX_BYTES, (shutil.disk_usage(folder).free + self.size()) // FREE_SHARE)
        except OSError:
            return 0

    def make_room(self, needed: int) -> bool:
        """Deletes the entries unused for longest until as much fits; False where it never will."""
        self._delete_leftovers()
        cap = self.cap()
        if needed > cap:
            return False
        entries = sorted(self._entries(), key=_last_used)
        used = {entry: _folder_bytes(entry) for entry in entries}
        for entry in entries:
            if sum(used.values()) + needed <= cap:
                break
            self._delete(entry)
            used.pop(entry)
        return True

    def open(self, key: str) -> Entry | None:
        """Returns the entry, or None where there is none that is whole."""
        folder = self.folder / key
        try:
            entry = _read_entry(folder, key)
        except (OSError, EOFError, UserError, ValueError, KeyError, TypeError):
            return None
        with suppress(OSError):
            os.utime(folder / "manifest.json")  # "last used", for whoever makes room
        return entry

    @contextmanager
    def locked(self, key: str, context: Context) -> Iterator[bool]:
        """Holds the right to write the entry; waits while another process has it.

        Yields:
            Whether anything can be written at all.

        Raises:
            CancelledError: the user has asked the job to stop.
        """
        lock = FileLock(self.folder / f"{key}.lock")
        writable = True
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            while True:
                with suppress(Timeout):
                    lock.acquire(timeout=0.1)
                    break
                context.check()
            for abandoned in self.folder.glob(f".partial-{key}-*"):
                shutil.rmtree(abandoned, ignore_errors=True)
        except OSError:
            writable = False
        try:
            yield writable
        finally:
            lock.release()

    def partial(self, key: str) -> Path:
        """Makes a folder to write the entry into. Call it while holding the lock.

        Raises:
            OSError: it can't be made.
        """
        return Path(tempfile.mkdtemp(dir=self.folder, prefix=f".partial-{key}-"))

    def publish(self, key: str, partial: Path, entry: Entry) -> None:
        """Makes the entry appear. Its pixels, if any are to be kept, lie in `partial` already.

        Raises:
            UserError: the disk is full, or the workspace can't be written.
        """
        with writing_to(partial):
            np.save(partial / "kept.npy", entry.kept)
            np.save(partial / "digests.npy", entry.digests)
        pixels = partial / "pixels.u8"
        manifest = {
            "format": FORMAT,
            "key": key,
            "shape": list(entry.shape),
            "pixels": pixels.exists(),
            "digest": digest_of(entry.kept, entry.digests),
            "skipped": entry.skipped,
            "seen": entry.seen,
            "passing": entry.passing,
        }
        write_json(partial / "manifest.json", manifest)
        publish_folder(partial, self.folder / key)

    def sizes(self, key: str) -> np.ndarray | None:
        """Returns what `keep_sizes` has kept, int64 (M, 2); None where there is nothing that is whole."""
        try:
            content = io.BytesIO((self.folder / key / SIZES).read_bytes())
            with np.load(content, allow_pickle=False) as found:  # a zip, which has a checksum
                sizes: np.ndarray = found["sizes"]
        except (OSError, EOFError, ValueError, KeyError, BadZipFile):
            return None
        return sizes

    def keep_sizes(self, key: str, sizes: np.ndarray) -> None:
        """Adds the pictures' own heights and widths, px, to an entry; where there is none, they are not kept.

        Args:
            key: the entry's.
            sizes: int64 (M, 2).
        """
        content = io.BytesIO()
        np.savez(content, sizes=sizes)
        if (self.folder / key).is_dir():
            with suppress(OSError, UserError):
                write_atomic(self.folder / key / SIZES, content.getvalue())

    def _entries(self) -> list[Path]:
        with suppress(OSError):
            return [Path(entry.path) for entry in os.scandir(self.folder) if _is_entry(entry)]
        return []

    def _delete(self, entry: Path) -> None:
        with suppress(OSError):  # first, so that a half deleted entry is none
            (entry / "manifest.json").unlink()
        shutil.rmtree(entry, ignore_errors=True)

    def _delete_leftovers(self) -> None:
        """Deletes what a killed process was writing: no one holds the lock any more."""
        for folder in self.folder.glob(".partial-*"):
            lock = FileLock(self.folder / f"{folder.name.split('-')[1]}.lock")
            with suppress(OSError, Timeout), lock.acquire(timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
        for aside in self.folder.glob(f"{ASIDE}*"):
            with suppress(OSError, Timeout):  # one that is being replaced just now has its lock held
                for former in list(aside.iterdir()):
                    with FileLock(self.folder / f"{former.name}.lock").acquire(timeout=0):
                        shutil.rmtree(aside, ignore_errors=True)


class PixelSink:
    """Takes decoded pictures one after another, into a file while that goes well, else into memory that has room.

    A memory map over a file of holes would end the process where the disk runs full, so it is written in order.

    Args:
        path: the file, or None to keep all in memory.
        most: int, bytes that will come at most.
        memory: int, bytes that may be kept in memory; where more may come, nothing is once the file fails.
    """

    def __init__(self, path: Path | None, most: int, memory: int) -> None:
        self.failure: OSError | None = None
        self.dropped = False  # there was room neither on the disk nor in memory: what was taken is gone
        self._path, self._most, self._memory = path, most, memory
        self._taken = 0
        self._file: BinaryIO | None = None
        self._pixels: np.ndarray | None = None
        if path is not None:
            try:
                self._file = path.open("wb", buffering=0)
            except OSError as error:
                self.failure = error
        if self._file is None:
            self._go_to_memory()

    def append(self, pixels: bytes) -> None:
        """Takes the pixels of some pictures."""
        if self._file is not None:
            try:
                view = memoryview(pixels)
                while view:
                    view = view[self._file.write(view) :]
            except OSError as error:
                self.take_back(error)
        if self._pixels is not None:
            self._pixels[self._taken : self._taken + len(pixels)] = np.frombuffer(pixels, np.uint8)
        self._taken += len(pixels)

    def take_back(self, failure: OSError) -> None:
        """Goes on in memory, with what was written so far; where there may be too much for that, it is dropped."""
        assert self._path is not None  # noqa: S101
        self.close()
        self.failure = failure
        self._go_to_memory()
        if self._pixels is not None:
            with self._path.open("rb") as file:
                file.readinto(self._pixels[: self._taken].data)
        with suppress(OSError):
            self._path.unlink()

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def array(self, shape: tuple[int, int, int, int]) -> np.ndarray:
        """Returns what was taken, where it is in memory."""
        assert self._pixels is not None  # noqa: S101
        return self._pixels[: self._taken].reshape(shape)

    def _go_to_memory(self) -> None:
        self.dropped = self._most > self._memory
        if not self.dropped:  # asked for at once: to join pieces would take twice as much
            self._pixels = np.empty(self._most, np.uint8)


def _read_entry(folder: Path, key: str) -> Entry | None:
    manifest: dict[str, Any] = migrate(read_json(folder / "manifest.json"), MIGRATIONS, folder, missing=0)
    if manifest["format"] != FORMAT or manifest["key"] != key:
        return None
    count, height, width, channels = (int(length) for length in manifest["shape"])
    shape = (count, height, width, channels)
    kept = np.load(folder / "kept.npy", allow_pickle=False)
    digests = np.load(folder / "digests.npy", allow_pickle=False)
    if manifest["digest"] != digest_of(kept, digests) or len(digests) != count:
        return None
    images = _read_pixels(folder / "pixels.u8", shape, digests) if manifest["pixels"] else None
    if manifest["pixels"] and images is None:
        return None
    skipped = tuple((int(place), str(reason)) for place, reason in manifest["skipped"])
    # Those that earlier versions have kept do not say which may pass: any of them may.
    passing = tuple(int(place) for place in manifest.get("passing", [place for place, _ in skipped]))
    return Entry(images, shape, kept, digests, skipped, dict(manifest["seen"]), passing)


def _read_pixels(
    path: Path, shape: tuple[int, int, int, int], digests: np.ndarray
) -> np.ndarray | UnloadedImages | None:
    size = int(np.prod(shape))
    if path.stat().st_size != size:
        return None
    images: np.ndarray | UnloadedImages
    if size <= IN_MEMORY_BYTES:
        images = np.fromfile(path, np.uint8).reshape(shape)
    else:
        images = UnloadedImages(PixelFile(path, shape[1:]), shape)
    step = 1 if size <= FULLY_CHECKED_BYTES else max(1, len(images) // CHECKED_PICTURES)
    whole = all(digest_of(images[place]) == int(digests[place]) for place in range(0, len(images), step))
    return images if whole else None


def _is_entry(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir() and not entry.name.startswith(".")


def _last_used(entry: Path) -> float:
    with suppress(OSError):
        return (entry / "manifest.json").stat().st_mtime
    return 0.0


def _folder_bytes(folder: Path) -> int:
    total = 0
    with suppress(OSError):
        for file in os.scandir(folder):
            total += file.stat().st_size
    return total
