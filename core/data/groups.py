"""Finds the groups of a data set: pictures of one person, one patient, one place, which must stay in one split."""

from __future__ import annotations

import re
from collections.abc import Hashable

import numpy as np

from core.context import Context
from core.data.index import Index
from core.data.progress import Progressing
from core.errors import UserError
from core.events import Log
from core.settings.dataset import DatasetSettings

LONGEST_NAME = 255  # of which a file system knows; an archive may claim more, and a pattern may take its time


def find_groups(index: Index, settings: DatasetSettings, context: Context) -> np.ndarray:
    """Groups pictures as `settings.group_by` asks. A picture that belongs to none is a group of its own.

    Returns:
        int64 (N,), equal where pictures belong together.

    Raises:
        UserError: the pictures are no files, no file belongs to a group, or all belong to the same.
        CancelledError: the user has asked the job to stop.
    """
    if index.inside is None:
        raise UserError(
            "The pictures of '{path}' are no files: there is nothing to group them by.",
            hint="Set group_by to none.",
            path=index.source,
        )
    pattern = re.compile(settings.group_pattern) if settings.group_by == "name" else None
    progress = Progressing(context, "scan", len(index), "files")
    numbers: dict[Hashable, int] = {}
    groups = np.empty(len(index), np.int64)
    alone = 0
    for place, path in enumerate(index.inside):
        key = _group_of(path, pattern)
        alone += key is None
        groups[place] = numbers.setdefault(place if key is None else key, len(numbers))
        progress.advance()
    if alone == len(index):
        raise _none_found(index, settings)
    if len(numbers) == 1:
        raise _one_found(index, settings)
    if alone:
        message = "{alone} of {count} pictures belong to no group: each is taken for one of its own."
        context.report(Log(message, "warning", {"alone": alone, "count": len(index)}))
    return groups


def _group_of(path: str, pattern: re.Pattern[str] | None) -> str | None:
    if pattern is None:
        folder, below, _ = path.partition("/")  # the first below the class folder, whatever lies deeper
        return folder if below else None
    match = pattern.search(path.rpartition("/")[2][:LONGEST_NAME])
    return match[1] if match else None


def _none_found(index: Index, settings: DatasetSettings) -> UserError:
    if settings.group_by == "folder":
        return UserError(
            "The pictures of '{path}' lie in no folders inside their class folders: there is nothing to group them by.",
            hint="Put those that belong together into a folder inside the class folder, or group them by name.",
            path=index.source,
        )
    return UserError(
        "The group pattern '{pattern}' fits no file name in '{path}', such as '{name}'.",
        hint="Correct group_pattern, or set group_by to none.",
        pattern=settings.group_pattern,
        path=index.source,
        name=_first_name(index),
    )


def _one_found(index: Index, settings: DatasetSettings) -> UserError:
    if settings.group_by == "folder":
        return UserError(
            "All pictures of '{path}' are one group, the folder '{name}': they can't be divided.",
            hint="Put those that belong together into a folder of their own, or set group_by to none.",
            path=index.source,
            name=index.inside[0].partition("/")[0] if index.inside else "",
        )
    return UserError(
        "The group pattern '{pattern}' puts all pictures of '{path}', such as '{name}', into one group: they can't be "
        "divided.",
        hint="Correct group_pattern, or set group_by to none.",
        pattern=settings.group_pattern,
        path=index.source,
        name=_first_name(index),
    )


def _first_name(index: Index) -> str:
    return str(index.names[0]).rpartition("/")[2]
