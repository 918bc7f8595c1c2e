"""The commands that draw pictures with a trained run: `generate` and `interpolate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.headless import run_here
from core.cli.jobs import make_job, read_pairs, wants_overwrite
from core.cli.options import ModelOptions, RunName
from core.cli.output import Line, complain, output
from core.cli.workspace import backend_of, check_label, existing_workspace, find_run
from core.errors import counted
from core.files.atomic import path_of
from core.media.picture_files import check_pictures
from core.settings.interpolate import Method

Label = Annotated[str, typer.Option(metavar="L", help="Class to draw, where the run has learnt classes.")]
Out = Annotated[
    Path,
    typer.Option(metavar="FILE", help="A .png holds the pictures side by side, a .gif or .mp4 shows them in turn."),
]
METHOD_HELP = (
    "spherical, linear: from one to the other, spherical keeping to what the run has learnt. "
    "arithmetic: from --from to the same plus --to, minus --minus. "
    "walk: wanders from --from and comes back; --to isn't used."
)
OutFilm = Annotated[Path, typer.Option("--out", metavar="FILE", help="A .png strip, or a .gif or .mp4 film.")]


def generate(
    run: RunName,
    out: Out,
    count: Annotated[int | None, typer.Option(metavar="N", help="How many pictures.")] = None,
    label: Label = "",
    *,
    shared: ModelOptions,
) -> None:
    """Draw new pictures with a trained run."""
    _draw("generate", run, out, {"count": count, "label": label or None}, shared)


def interpolate(
    run: RunName,
    out: OutFilm,
    start: Annotated[int | None, typer.Option("--from", metavar="SEED", help="Of the first picture.")] = None,
    end: Annotated[
        int | None, typer.Option("--to", metavar="SEED", help="Of the last picture, or of what arithmetic adds.")
    ] = None,
    minus: Annotated[int | None, typer.Option(metavar="SEED", help="Of what arithmetic takes away.")] = None,
    steps: Annotated[int | None, typer.Option(help="Pictures on the way, both ends among them.")] = None,
    method: Annotated[Method | None, typer.Option(help=METHOD_HELP)] = None,
    label: Label = "",
    to_label: Annotated[str, typer.Option(metavar="L", help="Class that it turns into on the way.")] = "",
    *,
    shared: ModelOptions,
) -> None:
    """Draw the pictures on a way from one latent to another, as a strip or a film."""
    given = {
        "from_seed": start,
        "to_seed": end,
        "less_seed": minus,
        "steps": steps,
        "method": method,
        "label": label or None,
        "to_label": to_label or None,
    }
    chosen = method or str(read_pairs(shared.settings).get("method", "spherical"))
    if end is not None and chosen == "walk":
        _report_unused("--to", chosen)
    if minus is not None and chosen != "arithmetic":
        _report_unused("--minus", chosen)
    _draw("interpolate", run, out, given, shared)


def _report_unused(option: str, method: str) -> None:
    complain(f"{option} is left out: --method {method} does not use it.")


def _draw(task: str, text: str, out: Path, given: dict[str, Any], shared: ModelOptions) -> None:
    """Runs a task that draws with a run and writes one file.

    Args:
        task: a key of `catalog.TASKS`.
        text: the run, as the user named it.
        out: the file.
        given: name -> value of the task's settings; None where none was given.
        shared: the options that the command shares with others.

    Raises:
        UserError: before anything is loaded, the run is not there or draws nothing, or the file can't be written.
    """
    place = existing_workspace(shared)
    found = find_run(place, text, task)
    for name in ("label", "to_label"):
        check_label(found, given.get(name) or "")
    path = path_of(out).absolute()
    check_pictures(path, overwrite=wants_overwrite(shared))
    values = {**given, "run": str(found.folder), "out": str(path)}
    result = run_here(make_job(task, values, shared, usual=backend_of(found)), place)
    output(result, shared, *drawn(result))


def drawn(result: dict[str, Any]) -> list[Line]:
    """Returns what people read of pictures that were drawn, line by line."""
    count = counted(result["count"], "picture", "pictures")
    return [f"Wrote {count}: {file}" for file in result["files"]]
