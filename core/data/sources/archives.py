"""Data sets in zip archives, read in place and never unpacked. An archive may come from anywhere: it is not trusted."""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.context import Context
from core.data.dataset import Skipped
from core.data.decode import DecodeError
from core.data.index import Index
from core.data.printable import printable
from core.data.progress import Progressing
from core.data.sources.idx_files import ANY, IdxFile, are_idx, index_files, left_out
from core.data.sources.layout import arrange
from core.data.sources.member_names import read_names
from core.errors import UserError
from core.events import Log
from core.files.atomic import path_of
from core.settings.dataset import DatasetSettings

MAX_MEMBERS = 2_000_000
MAX_TOTAL_BYTES = 200 * 2**30
MAX_MEMBER_BYTES = 2**30
MAX_RATIO = 100
SMALL_MEMBER_BYTES = 32 * 2**20  # below these a high ratio is harmless: an empty bitmap packs 1000 to 1
SMALL_TOTAL_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Members:
    """What an archive holds.

    Args:
        files: (path, entry) of each, "/" between the path's parts.
        folders: paths of all folders, empty ones too.
        skipped: links and devices.
        remarks: what was guessed.
    """

    files: list[tuple[str, zipfile.ZipInfo]]
    folders: list[str]
    skipped: tuple[Skipped, ...]
    remarks: tuple[Log, ...]


def recognise(path: Path) -> bool:
    """Whether the path is a file that is, or calls itself, a zip archive."""
    return path.is_file() and (path.suffix.casefold() == ".zip" or zipfile.is_zipfile(path))


def index(settings: DatasetSettings, seed: int, context: Context) -> Index:
    """Returns the index of a zip archive of class folders, or of train, validation and test folders of them.

    Raises:
        UserError: it is no archive, is protected by a password, or holds what no honest archive holds.
    """
    path = path_of(settings.data).absolute()
    archive = open_archive(path, context)
    members = list_members(archive, settings.data, earlier=settings.layout == "earlier")
    if are_idx([name for name, _ in members.files]):
        files = [
            IdxFile(name, info.file_size, info.CRC, partial(archive.open, info))  # type: ignore[arg-type]
            for name, info in members.files
            if ANY.fullmatch(name.rpartition("/")[2])
        ]
        others = left_out(settings.data, [name for name, _ in members.files])
        return index_files(settings.data, files, context, members.skipped + others, members.remarks)
    layout = arrange([name for name, _ in members.files], members.folders, settings)
    kept = [members.files[place] for place in layout.kept]
    digest = hashlib.blake2b(digest_size=16)
    for name, info in kept:
        digest.update(f"{name}\0{info.file_size}\0{info.CRC}\n".encode("utf-8", "surrogateescape"))

    def read(place: int) -> bytes:
        try:
            return archive.read(kept[place][1])
        except Exception as error:
            raise DecodeError.because("It is damaged inside the archive, or packed in a way not supported.") from error

    return Index(
        source=settings.data,
        identity=digest.hexdigest(),
        names=[printable(f"{settings.data}/{name}") for name, _ in kept],
        targets=layout.targets,
        given=layout.given,
        read=read,
        skipped=members.skipped + layout.skipped,
        inside=layout.inside,
        problem=layout.problem,
        no_classes=layout.no_classes,
        remarks=(*members.remarks, *layout.remarks),
    )


def list_members(archive: zipfile.ZipFile, source: str, *, earlier: bool = False) -> Members:
    """Returns what an archive that has been looked at holds, sorted by name.

    Args:
        archive: from `open_archive`.
        source: str, what the user named.
        earlier: bool, whether names are guessed as older versions did.
    """
    infos = archive.infolist()
    names, guessed = read_names(infos, earlier=earlier)
    files: list[tuple[str, zipfile.ZipInfo]] = []
    folders: set[str] = set()
    skipped = []
    for name, info in zip(names, infos, strict=True):
        if info.is_dir() or name.endswith("/"):
            folders.add(name.rstrip("/"))
        elif stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            skipped.append(Skipped(printable(f"{source}/{name}"), "It is a link or a device inside the archive."))
        else:
            files.append((name, info))
            folders.update(name[:end] for end, sign in enumerate(name) if sign == "/")
    remarks = []
    if guessed:
        example = next(name for name in names if not name.isascii())
        message = (
            "The names in the archive don't say how they are written: they are read as {encoding}, such as '{name}'. "
            "If that is wrong, unpack it yourself and choose the folder."
        )
        remarks.append(Log(message, "warning", {"encoding": guessed, "name": printable(example)}))
    files.sort(key=lambda pair: pair[0])
    return Members(files, sorted(folders - {""}), tuple(skipped), tuple(remarks))


def open_archive(path: Path, context: Context) -> zipfile.ZipFile:
    """Opens an archive and looks at every member's entry before anything is unpacked.

    Raises:
        UserError: as `index` says.
    """
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise UserError(
            "'{path}' cannot be opened ({reason}).",
            hint="Check that the file is there and that you may read it.",
            path=path,
            reason=error.strerror or error,
        ) from error
    except Exception as error:
        raise UserError(
            "'{path}' is no zip archive, or it is damaged.",
            hint="Make the archive again, or unpack it yourself and choose the folder.",
            path=path,
        ) from error
    try:
        _check(path, archive, context)
    except BaseException:
        archive.close()
        raise
    return archive


def _check(path: Path, archive: zipfile.ZipFile, context: Context) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise _refusal(path, "it has {count} files, more than {limit}", count=len(members), limit=MAX_MEMBERS)
    progress = Progressing(context, "scan", len(members), "files")
    total = 0
    for name, info in zip(read_names(members)[0], members, strict=True):
        progress.advance()
        _check_member(path, name, info)
        total += info.file_size
    packed = max(path.stat().st_size, 1)
    if total > MAX_TOTAL_BYTES or (total > SMALL_TOTAL_BYTES and total / packed > MAX_RATIO):
        raise _refusal(path, "it would unpack to {size} MB from {packed} MB", size=total >> 20, packed=packed >> 20)
    progress.end()


def _check_member(path: Path, name: str, info: zipfile.ZipInfo) -> None:
    parts = name.split("/")
    member = printable(name)
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in parts or "\0" in info.orig_filename:
        raise _refusal(path, "the name '{member}' leads out of it", member=member)
    if info.flag_bits & 0x1:
        raise UserError(
            "'{path}' is protected by a password.",
            hint="Unpack it yourself and choose the folder, or make the archive again without a password.",
            path=path,
        )
    ratio = info.file_size / max(info.compress_size, 1)
    if info.file_size > MAX_MEMBER_BYTES or (info.file_size > SMALL_MEMBER_BYTES and ratio > MAX_RATIO):
        raise _refusal(path, "'{member}' in it would unpack to {size} MB", member=member, size=info.file_size >> 20)


def _refusal(path: Path, reason: str, **values: object) -> UserError:
    return UserError(
        "The archive '{path}' is not safe to read: " + reason + ".",
        hint="Use it only if you trust where it comes from: unpack it yourself and choose the folder.",
        path=path,
        **values,
    )
