"""Finds the feature extractor that a user means by a word: a run of this workspace, or a file. Opens neither."""

from __future__ import annotations

from pathlib import Path

from core import catalog
from core.errors import UserError
from core.files.atomic import path_exists, path_of
from core.runs.run import Run, Workspace


def find_extractor(named: str, workspace: Workspace) -> Path | Run | None:
    """Returns the classifier's run or the file of InceptionV3 weights; None where none is named.

    Args:
        named: a run's id, name or folder, or the path of a .h5 file; may be empty.
        workspace: where runs lie.

    Raises:
        UserError: there is no such run or file, or the run is no classifier's.
    """
    named = named.strip()
    if not named:
        return None
    if named.casefold().endswith((".h5", ".hdf5")):
        path = path_of(named)
        if not path_exists(path):
            raise UserError(
                "There is no file '{path}'.",
                hint="Name a file of InceptionV3 weights, or leave the feature extractor empty.",
                path=path,
            )
        return path
    run = workspace.find(named)
    if not catalog.does(run.record().job.model, "classify"):
        raise UserError(
            "The run '{run}' is no classifier: it can't be the feature extractor.",
            hint="Name a classifier's run, or leave the feature extractor empty: one is trained on the same data.",
            run=run.id,
        )
    return run
