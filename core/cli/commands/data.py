"""The command that looks at data: `check`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from core.cli.headless import run_here
from core.cli.jobs import absolute_data, make_job
from core.cli.options import JobOptions
from core.cli.output import output
from core.cli.workspace import open_workspace
from core.errors import counted

DATA_HELP = "Folder, zip, idx folder, or an embedded name: digits, shapes, shapes-clips."


def check(
    data: Annotated[str, typer.Argument(metavar="DATA", help=DATA_HELP)],
    model: Annotated[str, typer.Option(help="What is to be trained on it: a GAN needs no classes.")] = "",
    *,
    shared: JobOptions,
) -> None:
    """Examine a data set: counts, classes, unreadable files, duplicates, leaks, imbalance."""
    job = make_job("check", {"data": absolute_data(data)}, shared, model=model)
    result = run_here(job, open_workspace(shared))
    output(result, shared, *checked(result))


def checked(result: dict[str, Any]) -> list[object]:
    """Returns what people read of a check: a table and lines."""
    table = Table("class", "pictures")
    for name, count in result["classes"].items():
        table.add_row(name, str(count))
    return [table, *_lines(result)]


def _lines(result: dict[str, Any]) -> list[str]:
    """Returns what stands below the table of classes."""
    counts = (
        counted(result["samples"], "readable picture", "readable pictures"),
        counted(len(result["unreadable"]), "unreadable file", "unreadable files"),
        counted(result["duplicate_groups"], "group of duplicates", "groups of duplicates"),
    )
    lines = [f"{', '.join(counts)}."]
    if not result["classes"] and result["counts"]:
        lines.append(f"{', '.join(f'{count:,} {name}' for name, count in result['counts'].items())}.")
    if result["splits"]:
        splits = ", ".join(f"{count:,} {name}" for name, count in result["splits"].items())
        given = f" (given: {', '.join(result['given'])})" if result["given"] else ""
        lines.append(f"Splits: {splits}{given}.")
    if result["groups"] is not None:
        lines.append(f"{counted(result['groups'], 'group', 'groups')} of pictures that stay in one split.")
    lines += [f"Unreadable: {row['path']}: {row['reason']}" for row in result["unreadable"]]
    return lines + list(result.get("warnings", []))
