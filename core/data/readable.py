"""Finds out whether pictures can be read at all, decoding as few of them as that takes."""

from __future__ import annotations

import numpy as np

from core.context import Context
from core.data.dataset import Skipped
from core.data.decode import DecodeError, decode
from core.data.index import Index
from core.data.progress import Progressing
from core.errors import UserError
from core.kinds.kind import Wanted


def check_readable(index: Index, wanted: Wanted, context: Context) -> None:
    """Looks for a picture that can be read in as many classes as are wanted; most often the first ones can.

    Raises:
        UserError: too few classes have one.
        CancelledError: the user has asked the job to stop.
    """
    if index.read is None or index.target is None:
        return
    strata = index.target.strata()
    waiting = [np.flatnonzero(strata == stratum).tolist() for stratum in np.unique(strata)]
    needed = max(1, min(wanted.fewest, len(waiting)))
    readable: list[int] = []
    bad: list[Skipped] = []
    progress = Progressing(context, "scan", 0, "pictures")
    while waiting:  # one of each class, then another one of those without any
        left = []
        for places in waiting:
            place = places.pop(0)
            progress.advance()
            try:
                source = index.read(place)
                if not isinstance(source, np.ndarray):
                    decode(source, enough_px=1)
            except DecodeError as error:
                bad.append(Skipped(index.names[place], error.reason))
                if places:
                    left.append(places)
            else:
                readable.append(place)
                if len(readable) == needed:
                    return
        waiting = left
    if not readable:
        raise none_readable(index.source, tuple(bad))
    index.target.take(np.array(readable)).present(index.source, wanted.fewest)


def none_readable(source: str, skipped: tuple[Skipped, ...]) -> UserError:
    """Returns the error for a data set of which no picture can be read."""
    if len(skipped) == 1:
        return UserError(
            "The only picture in '{path}', '{name}', can't be read.",
            hint="{reason}",
            path=source,
            name=skipped[0].path,
            reason=skipped[0].reason,
        )
    return UserError(
        "None of the {count} pictures in '{path}' can be read.",
        hint="The first is '{name}': {reason}",
        count=len(skipped),
        path=source,
        name=skipped[0].path,
        reason=skipped[0].reason,
    )
