"""Finds out what DATA is: an embedded name or a path. Knows the table of formats, and none of them itself."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from core import catalog
from core.context import Context
from core.data.groups import find_groups
from core.data.index import Index
from core.data.readable import check_readable
from core.data.sources.layout import ARCHIVE
from core.data.targets.classes import ClassTargets
from core.errors import UserError
from core.events import Log
from core.files.atomic import path_exists, path_of
from core.files.closest_path import closest_path
from core.kinds.kind import Wanted
from core.settings.dataset import DatasetSettings

INDEXES = "indexes of a job"
# What says how pictures are read and divided. All other settings are a part of what is indexed.
NOT_INDEXED = ("image_px", "colour", "fit", "background", "test_share", "validation_share")
NOTHING = Wanted("none", fewest=0)


def check_data(settings: DatasetSettings, context: Context) -> None:
    """Finds out whether anything can be trained on what the job names: before a backend is imported, or a run made.

    Of pictures no more are decoded than it takes to find some that can be read, which most often are the first. What
    was found is kept for the job's own `open_index`, so that a large folder is gone through once.

    Args:
        settings: the job's.
        context: the job's; its cache keeps the index.

    Raises:
        UserError: nothing can be trained on it.
        CancelledError: the user has asked the job to stop.
    """
    check_readable(trainable_index(settings, context), catalog.wanted(context.job.model), context)


def forget_indexes(context: Context) -> None:
    """To be called at a job's end: what `open_index` has kept may be large."""
    context.cache.pop(INDEXES, None)


def check_other_data(settings: DatasetSettings, context: Context) -> None:
    """Finds out whether there is anything to score in data that were not trained on, before a backend is imported.

    Args:
        settings: those of the training, with the other data.
        context: the job's.

    Raises:
        UserError: there is no such thing, or nothing in it can be read.
        CancelledError: the user has asked the job to stop.
    """
    settings = settings.model_copy(update={"group_by": "none"})
    index = open_index(settings, context.job.seed, context, NOTHING)
    if not len(index) and index.problem is not None:
        raise index.problem
    check_readable(index, NOTHING, context)


def trainable_index(settings: DatasetSettings, context: Context) -> Index:
    """Indexes what `settings.data` names, as `open_index` does, for a training of the job's model.

    Returns:
        The index; its `target` is what the model learns.

    Raises:
        UserError: nothing can be trained on it.
        CancelledError: the user has asked the job to stop.
    """
    index = open_index(settings, context.job.seed, context, catalog.wanted(context.job.model))
    if index.problem is not None:
        raise index.problem
    return index


def open_index(settings: DatasetSettings, seed: int, context: Context, wanted: Wanted) -> Index:
    """Indexes what `settings.data` names; decodes nothing. An embedded name wins over a file of that name.

    As long as a job lasts the same pictures are indexed once, so that a large folder is gone through once.

    Args:
        settings: which pictures.
        seed: int >= 0, of drawn pictures.
        context: gets the progress, and is asked whether to stop; its cache keeps the index.
        wanted: what the samples must carry; where they don't, the index has a `problem`.

    Raises:
        UserError: there is no such thing, it is no data set, or it has no groups to keep together where that is asked.
        CancelledError: the user has asked the job to stop.
    """
    indexes: dict[Hashable, Index]
    job_id, indexes = context.cache.get(INDEXES, ("", {}))
    if job_id != context.job.id:
        indexes = {}
        context.cache[INDEXES] = context.job.id, indexes
    parts = (getattr(settings, name) for name in DatasetSettings.model_fields if name not in NOT_INDEXED)
    key = (*parts, seed)
    if key not in indexes:
        indexes[key] = _indexed(settings, seed, context)
    if (key, wanted) not in indexes:
        indexes[key, wanted] = _wanted_of(indexes[key], settings, context, wanted)
    return indexes[key, wanted]


def _indexed(settings: DatasetSettings, seed: int, context: Context) -> Index:
    row = find_format(settings.data)
    index: Index = catalog.load(row.index)(settings, seed, context)
    if not row.recognise and path_exists(path_of(settings.data)):
        message = "'{name}' is the embedded data set, not the file or folder of that name: write './{name}' for that."
        index = replace(index, remarks=(Log(message, "warning", {"name": settings.data}), *index.remarks))
    return index


def _wanted_of(index: Index, settings: DatasetSettings, context: Context, wanted: Wanted) -> Index:
    """Returns the index with the targets that are wanted, and with groups where they are asked for."""
    index = _with_target(index, wanted)
    if settings.group_by == "none" or index.problem is not None:
        return index
    return replace(index, groups=find_groups(index, settings, context))


def _with_target(index: Index, wanted: Wanted) -> Index:
    """Returns the index with the targets that are wanted, or with the problem that it has none, or too few."""
    if not len(index):
        return index
    target = index.targets.get(wanted.target)
    try:
        if target is None:
            target = catalog.load(catalog.TARGETS[wanted.target])(index.source, len(index), wanted.fewest)
    except UserError as error:
        said = index.no_classes if wanted.target == ClassTargets.kind else None
        return replace(index, problem=index.problem or said or error)
    return replace(index, target=target, problem=index.problem or target.problem(index.source, wanted.fewest))


def find_format(data: str) -> catalog.Dataset:
    """Returns the row of the format that `data` is in. Looks at names only, so it is quick.

    Args:
        data: an embedded name or a path.

    Raises:
        UserError: as in `open_index`.
    """
    embedded = [name for name, row in catalog.DATASETS.items() if not row.recognise]
    if data in embedded:
        return catalog.DATASETS[data]
    path = path_of(data)
    names = ", ".join(embedded)
    what = "Give a folder of class folders, a zip of one, a folder of idx files, or one of: {names}."
    if not data.strip() or not path_exists(path):
        guess = closest_path(data, embedded)
        raise UserError(
            "There is no file, folder or embedded data set '{path}'.",
            hint="Did you mean '{guess}'?" if guess else what,
            path=data,
            names=names,
            guess=guess,
        )
    try:
        for row in catalog.DATASETS.values():
            if row.recognise and catalog.load(row.recognise)(path):
                return row
    except OSError as error:
        raise UserError(
            "'{path}' cannot be opened ({reason}).",
            hint="Check that you may read it.",
            path=data,
            reason=error.strerror or error,
        ) from error
    if ARCHIVE.fullmatch(path.suffix):
        raise UserError(
            "'{path}' is an archive of a kind that isn't read.",
            hint="Unpack it and choose the folder, or make a zip of it.",
            path=data,
        )
    raise UserError("'{path}' is no data set.", hint=what, path=data, names=names)
