"""The command that classifies pictures: `classify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from core.cli.headless import run_here
from core.cli.jobs import make_job
from core.cli.options import ModelOptions, RunName
from core.cli.output import Line, output
from core.cli.workspace import backend_of, existing_workspace, find_run
from core.errors import UserError
from core.files.predictions import check_predictions, write_csv


def classify(
    run: RunName,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Pictures and folders.")],
    top: Annotated[int | None, typer.Option(min=1, help="How many classes to list; 5 is usual.")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="OUT", help="Also write a table.")] = None,
    *,
    shared: ModelOptions,
) -> None:
    """Classify pictures."""
    place = existing_workspace(shared)
    found = find_run(place, run, "classify")
    if csv is not None:
        check_predictions(csv, paths)
    values = {"run": str(found.folder), "paths": paths, "top": top}
    result = run_here(make_job("classify", values, shared, usual=backend_of(found)), place)
    if not result["results"]:
        raise _nothing(result["skipped"][0])
    if csv is not None:
        try:
            write_csv(csv, result["results"])
        except UserError as error:
            result["error"] = str(error)
    output(result, shared, *classified(result))


def classified(result: dict[str, Any]) -> list[Line]:
    """Returns what people read of a classification: a table and lines."""
    table = Table("picture", "class", "probability")
    for row in result["results"]:
        table.add_row(row["path"], row["label"], f"{row['probability']:.1%}")
    return [table, *(f"Skipped: {row['path']}: {row['reason']}" for row in result["skipped"])]


def _nothing(skipped: dict[str, Any]) -> UserError:
    return UserError(
        "No picture could be classified. {path}: {reason}",
        hint="Name pictures or folders of them.",
        path=skipped["path"],
        reason=skipped["reason"],
    )
