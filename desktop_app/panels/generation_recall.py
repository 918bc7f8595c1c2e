"""Finds out what made a dropped picture. Reads files that may come from anywhere: call it off the window's thread."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from core import catalog
from core.errors import UserError
from core.jobs import Job
from core.runs.run import Run, Workspace
from desktop_app.store import has_model
from desktop_app.uses import does

# By name: the libraries for pictures are loaded when the first one is dropped.
READ = "core.media.picture_files:read_recipe"
JOB_OF = "core.runs.recipe:job_of"


def carries_recipe(path: Path) -> bool:
    """Whether a file is a picture that tells what made it, be it damaged."""
    try:
        return path.suffix.casefold() == ".png" and catalog.load(READ)(path) is not None
    except UserError:
        return True


def recall(path: Path, workspace: Workspace, tasks: Collection[str]) -> Job | UserError:
    """Returns the job that makes a picture again, or why there is none.

    Args:
        path: any file.
        workspace: where its run is looked for.
        tasks: those that a page here does.
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
        return _why_not(job, tasks) or job
    except UserError as error:
        return error


def _why_not(job: Job, tasks: Collection[str]) -> UserError | None:
    """Returns why no page here can do the job, or None."""
    if job.task not in tasks:
        return UserError("No page here does again what '{task}' has made.", task=job.row.title)
    if "run" not in job.settings:
        return None
    run = Run(Path(str(job.settings["run"])))
    if not does(run.record().job.model, job.task):
        return UserError("The run '{run}', which the picture names, draws no pictures.", run=run.id)
    if not has_model(run):
        return UserError(
            "The run '{run}' that made the picture has no model and no checkpoint any more.",
            hint="Resume or repeat its training, or bring its folder back whole.",
            run=run.id,
        )
    return None
