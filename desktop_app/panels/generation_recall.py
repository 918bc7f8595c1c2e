"""Finds out what made a dropped picture. Reads files that may come from anywhere: call it off the window's thread."""

from __future__ import annotations

from pathlib import Path

from core import catalog
from core.errors import UserError
from core.jobs import Job
from core.runs import Workspace

READ = "core.picture_files:read_recipe"  # by name: the libraries for pictures are loaded when the first one is dropped
JOB_OF = "core.recipe:job_of"


def carries_recipe(path: Path) -> bool:
    """Whether a file is a picture that tells what made it, be it damaged."""
    try:
        return path.suffix.casefold() == ".png" and catalog.load(READ)(path) is not None
    except UserError:
        return True


def recall(path: Path, workspace: Workspace) -> Job | UserError:
    """Returns the job that makes a picture again, or why there is none.

    Args:
        path: any file.
        workspace: where its run is looked for.
    """
    try:
        recipe = catalog.load(READ)(path)
        if recipe is None:
            return UserError(
                "'{name}' does not tell how it was made.",
                hint="Drop a PNG as it was saved here: other programs leave out what it carries.",
                name=path.name,
            )
        job: Job = catalog.load(JOB_OF)(recipe, workspace)
    except UserError as error:
        return error
    return job
