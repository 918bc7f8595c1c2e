"""Data sets in zip archives, read in place and never unpacked. An archive may come from anywhere: it is not trusted."""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
from pathlib import Path

from core.context import Context
from core.data.decode import DecodeError
from core.data.index import Index
from core.data.printable import printable
from core.data.progress import Progressing
from core.data.sources.layout import arrange
from core.errors import UserError
from core.files.atomic import path_of
from core.settings.dataset import DatasetSettings

MAX_MEMBERS = 2_000_000
MAX_TOTAL_BYTES = 200 * 2**30
MAX_MEMBER_BYTES = 2**30
MAX_RATIO = 100
SMALL_MEMBER_BYTES = 32 * 2**20  # below these a high ratio is harmless: an empty bitmap packs 1000 to 1
SMALL_TOTAL_BYTES = 256 * 2**20


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
    infos = archive.infolist()
    named = zip(member_names(infos), infos, strict=True)
    members = sorted(((name, info) for name, info in named if not info.is_dir()), key=lambda pair: pair[0])
    layout = arrange(settings.data, [name for name, _ in members])
    kept = [members[place] for place in layout.kept]
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
        skipped=layout.skipped,
        inside=layout.inside,
        problem=layout.problem,
    )


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


def member_names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """Returns each member's path, "/" between its parts, in the encoding that it was most likely written in.

    Where an archive does not say UTF-8, zipfile takes names for the code page of old IBM PCs.
    """
    undeclared = [not info.flag_bits & 0x800 and not info.filename.isascii() for info in infos]
    encoding = _guess_encoding([info.filename for info, unsaid in zip(infos, undeclared, strict=True) if unsaid])
    return [
        (info.filename.encode("cp437").decode(encoding) if unsaid and encoding else info.filename).replace("\\", "/")
        for info, unsaid in zip(infos, undeclared, strict=True)
    ]


def _check(path: Path, archive: zipfile.ZipFile, context: Context) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise _refusal(path, "it has {count} files, more than {limit}", count=len(members), limit=MAX_MEMBERS)
    progress = Progressing(context, "scan", len(members), "files")
    total = 0
    for name, info in zip(member_names(members), members, strict=True):
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
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refusal(path, "'{member}' in it is a link or a device, not a file", member=member)
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


def _guess_encoding(names: list[str]) -> str:
    """Returns the encoding that fits all of the names as zipfile gave them; empty where none does."""
    for encoding in ("utf-8", "gb18030"):
        try:
            texts = [name.encode("cp437").decode(encoding) for name in names]
        except UnicodeError:
            continue
        # Nearly any bytes are valid in the Chinese encoding: believe it only where common characters come out.
        if encoding == "utf-8" or all(char.isascii() or "\u4e00" <= char <= "\u9fff" for char in "".join(texts)):
            return encoding
    return ""
