"""Finds out what DATA is: an embedded name or a path. Knows the table of formats, and none of them itself."""

from __future__ import annotations

from core import catalog
from core.context import Context
from core.data.index import Index
from core.errors import UserError
from core.settings.dataset import DatasetSettings


def open_index(settings: DatasetSettings, seed: int, context: Context) -> Index:
    """Indexes what `settings.data` names; decodes nothing.

    Raises:
        UserError: there is no such thing, or it is no data set.
        CancelledError: the user has asked the job to stop.
    """
    row = catalog.DATASETS.get(settings.data)
    if row is None or row.recognise:
        raise UserError(
            "'{path}' is no data set.",
            hint="Give a folder of class folders, a zip of one, a folder of idx files, or one of: {embedded}.",
            path=settings.data,
            embedded=", ".join(name for name, row in catalog.DATASETS.items() if not row.recognise),
        )
    index: Index = catalog.load(row.index)(settings, seed, context)
    return index
