"""Whether what a run was trained on is still where it was. Opens nothing."""

from __future__ import annotations

from core import catalog
from core.errors import RefusedError
from core.files.atomic import path_exists, path_of
from core.runs.run import Run


def check_own_data(run: Run, data: str = "") -> None:
    """Looks whether a run's data are there.

    Args:
        run: that was trained on them.
        data: str, where they are said to be; empty takes what the run says.

    Raises:
        RefusedError: they are not.
    """
    data = data or str(run.record().job.settings.get("data", ""))
    embedded = data in catalog.DATASETS and not catalog.DATASETS[data].recognise
    if not embedded and not path_exists(path_of(data)):
        raise _moved(run.id, data)


def _moved(run: str, data: str) -> RefusedError:
    return RefusedError(
        "The data of the run '{run}' are no longer at '{data}'.",
        hint="Put them back, or say where they are now with --data.",
        run=run,
        data=data,
    )


def other_data(run: str, source: str) -> RefusedError:
    """Returns the error for data that are said to be a run's, and are not.

    Args:
        run: str, its id.
        source: str, what the user named.
    """
    return RefusedError(
        "The data in '{data}' are not those that the run '{run}' began with.",
        hint="Name the same files in the same folders, none more and none less, or start a new run.",
        run=run,
        data=source,
    )


# By which the window knows these refusals: it can ask where the data are.
ELSEWHERE = (_moved("", "").message, other_data("", "").message)
