"""Finds the model that a user means by a word: a run of this workspace, or a folder. Opens neither."""

from __future__ import annotations

from pathlib import Path

from core import catalog
from core.errors import UserError
from core.files.atomic import path_exists, path_of
from core.runs.run import Run, Workspace


def find_text_model(place: str, workspace: Workspace) -> tuple[Path, Run | None]:
    """Returns the model's folder, and the run that it belongs to where it does.

    Args:
        place: a run's id, name or folder, or any other path.
        workspace: where runs lie.

    Raises:
        UserError: there is nothing of that name, or the run has no model that writes.
    """
    runs = workspace.fitting(place)
    if not runs:
        folder = path_of(place)
        if path_exists(folder):
            return folder, None
        guess = workspace.closest(place)
        raise UserError(
            "There is no run and no folder '{place}'.",
            hint="Did you mean '{guess}'?"
            if guess
            else "Name a trained run or the folder of a GPT-2; nothing is fetched from the network.",
            place=place,
            guess=guess,
        )
    catalog.check_use("text", runs[0].record().job.model, runs[0].id)
    return runs[0].model_folder, runs[0]
