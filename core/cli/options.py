"""What every command shares: its options, how it finds a workspace and a run, and how it prints its result."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from core.errors import UserError
from core.jobs import installed_backends
from core.runs.run import Run, Workspace, default_workspace

PIPE_WIDTH = 10_000  # no row of a table is folded for a program that reads it
SET_HELP = "Any field of the settings, which `pixelwright settings` lists."
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line on stdout.")]
Folder = Annotated[Path | None, typer.Option("--workspace", metavar="DIR", help="Where runs and caches lie.")]
Backend = Annotated[str, typer.Option(help="tensorflow, jax or torch; empty takes the run's or the first installed.")]
Device = Annotated[str, typer.Option(help="auto, cpu or gpu:N.")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="The source of all randomness.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help=SET_HELP)]


def open_workspace(folder: Path | None) -> Workspace:
    """Returns the workspace that the user named, or the usual one; it need not be there yet."""
    return Workspace(folder or default_workspace())


def existing_workspace(folder: Path | None) -> Workspace:
    """Returns the workspace for a command that makes nothing new; before the first training there may be none yet.

    Raises:
        UserError: one was named, and is not there.
    """
    workspace = open_workspace(folder)
    if folder is not None and not workspace.folder.is_dir():
        raise UserError(
            "There is no workspace '{folder}'.",
            hint="Name a folder that holds runs/, or leave --workspace out.",
            folder=workspace.folder,
        )
    return workspace


def find_run(workspace: Workspace, text: str) -> Run:
    """Returns the run that the user named; where several fit, says which one is taken."""
    found = workspace.find(text)
    count = len(workspace.fitting(text))
    if count > 1:
        sys.stderr.write(f"{count} runs fit '{text}': the newest is taken, {found.id}.\n")
    return found


def backend_of(run: Run) -> str:
    """The backend the run was trained on, where it is installed here; weights move between them."""
    backend: Literal["tensorflow", "jax", "torch"] = run.record().job.backend
    return backend if backend in installed_backends() else ""


def output(result: dict[str, Any], as_json: bool, *lines: object) -> None:  # noqa: FBT001
    """Prints a result; one that holds an error is printed too, and ends the command with status 1.

    Args:
        result: what `--json` prints, on one line.
        as_json: bool, whether that is wanted.
        lines: what is printed else: text, or tables of rich.
    """
    if as_json:
        print_json(result)
    else:
        width = None if sys.stdout.isatty() else PIPE_WIDTH
        console = Console(highlight=False, soft_wrap=True, width=width)
        for line in lines:
            console.print(line, markup=False)
    if error := result.get("error"):
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(1)


def print_json(result: dict[str, Any]) -> None:
    """Prints the result as the last line on stdout."""
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()


def metric_lines(metrics: dict[str, Any]) -> list[str]:
    """Returns a line a number, for people."""
    return [
        f"{name}: {value:.2%}" if name.endswith("accuracy") else f"{name}: {value:.4f}"
        for name, value in metrics.items()
        if isinstance(value, float)
    ]
