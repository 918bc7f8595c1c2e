"""Finds out what DATA is: an embedded name or a path. Knows the table of formats, and none of them itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core import catalog
from core.context import Context
from core.data.groups import find_groups
from core.data.index import Index
from core.data.sources.layout import printable
from core.errors import UserError
from core.files.atomic import path_exists, path_of
from core.settings.dataset import DatasetSettings

CHECKED = "checked index"


def check_data(settings: DatasetSettings, context: Context) -> None:
    """Finds out whether anything can be trained on what the job names: before a backend is imported, or a run made.

    What was found is kept for the job's own `open_index`, so that a large folder is gone through once.

    Args:
        settings: the job's.
        context: the job's; its cache keeps the index.

    Raises:
        UserError: nothing can be trained on it.
        CancelledError: the user has asked the job to stop.
    """
    context.cache[CHECKED] = (context.job.id, trainable_index(settings, context))


def trainable_index(settings: DatasetSettings, context: Context) -> Index:
    """Indexes what `settings.data` names, as `open_index` does, for a training of the job's model.

    Raises:
        UserError: nothing can be trained on it.
        CancelledError: the user has asked the job to stop.
    """
    index = open_index(settings, context.job.seed, context, catalog.fewest_classes(context.job.model))
    if index.problem is not None:
        raise index.problem
    return index


def open_index(settings: DatasetSettings, seed: int, context: Context, fewest_classes: int = 2) -> Index:
    """Indexes what `settings.data` names; decodes nothing. An embedded name wins over a file of that name.

    Args:
        settings: which pictures.
        seed: int >= 0, of drawn pictures.
        context: is told of the progress, and asked whether to stop.
        fewest_classes: int, 0 to 2, how many classes there must be for the index to have no `problem`. With 0 pictures
            that lie in no class folders become one class, which has the folder's name.

    Raises:
        UserError: there is no such thing, it is no data set, or it has no groups to keep together where that is asked.
        CancelledError: the user has asked the job to stop.
    """
    index: Index
    job_id, index = context.cache.pop(CHECKED, ("", None))
    if job_id == context.job.id:
        return index
    index = _without_classes(catalog.load(find_format(settings.data).index)(settings, seed, context), fewest_classes)
    if settings.group_by == "none" or index.problem is not None:
        return index
    return replace(index, groups=find_groups(index, settings, context))


def _without_classes(index: Index, fewest: int) -> Index:
    """Returns the index without the problem of having too few classes, where `fewest` are enough."""
    if len(index.classes) == 1 and fewest < 2:
        return replace(index, problem=None)
    if not index.classes and len(index) and fewest < 1:
        path = path_of(index.source).absolute()
        name = printable(path.stem if path.suffix.lower() == ".zip" else path.name) or index.source
        return replace(index, classes=(name,), labels=np.zeros(len(index), np.int32), problem=None)
    return index


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
    hint = "Give a folder of class folders, a zip of one, a folder of idx files, or one of: {names}."
    if not data.strip() or not path_exists(path):
        raise UserError("There is no file, folder or embedded data set '{path}'.", hint=hint, path=data, names=names)
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
    raise UserError("'{path}' is no data set.", hint=hint, path=data, names=names)
