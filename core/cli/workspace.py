"""Finds the workspace and the run that the user named."""

from __future__ import annotations

from typing import Literal

from core import catalog
from core.cli.options import Shared
from core.cli.output import complain
from core.errors import UserError
from core.jobs import installed_backends
from core.runs.no_such_class import no_such_class
from core.runs.run import Run, Workspace, default_workspace


def open_workspace(shared: Shared) -> Workspace:
    """Returns the workspace that the user named, or the usual one; it need not be there yet."""
    return Workspace(shared.workspace or default_workspace())


def existing_workspace(shared: Shared) -> Workspace:
    """Returns the workspace for a command that makes nothing new; before the first training there may be none yet.

    Raises:
        UserError: one was named, and is not there.
    """
    workspace = open_workspace(shared)
    if shared.workspace is not None and not workspace.folder.is_dir():
        raise UserError(
            "There is no workspace '{folder}'.",
            hint="Name a folder that holds runs/, or leave --workspace out.",
            folder=workspace.folder,
        )
    return workspace


def find_run(workspace: Workspace, text: str, task: str) -> Run:
    """Returns the run that the user named; where several fit, says which one is taken.

    Args:
        workspace: where runs lie.
        text: what the user wrote.
        task: a key of `catalog.TASKS`, what the run is wanted for.

    Raises:
        UserError: there is no such run, or it is of no use for the task.
    """
    found = workspace.find(text)
    count = len(workspace.fitting(text))
    if count > 1:
        complain(f"{count} runs fit '{text}': the newest is taken, {found.id}.")
    catalog.check_use(task, found.record().job.model, found.id)
    return found


def check_label(run: Run, label: str) -> None:
    """Looks whether a run can draw a class, as far as its record tells; an empty one stands for no choice.

    Raises:
        UserError: it has learnt others.
    """
    known = run.record().dataset.get("classes", [])
    if label and known and label not in known:
        raise no_such_class(label, known)


def backend_of(run: Run) -> str:
    """The backend the run was trained on, where it is installed here; weights move between them."""
    backend: Literal["tensorflow", "jax", "torch"] = run.record().job.backend
    return backend if backend in installed_backends() else ""
