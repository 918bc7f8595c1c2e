"""The command that looks at data: `check`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from core import catalog
from core.cli.headless import run_here
from core.cli.jobs import absolute_data, make_job
from core.cli.options import JobOptions
from core.cli.output import Line, output
from core.cli.workspace import open_workspace
from core.context import Context
from core.errors import counted
from core.jobs import Job
from core.runs.run import Workspace
from core.text.check import holds_texts

EMBEDDED = ", ".join(name for name, row in catalog.DATASETS.items() if not row.recognise)
DATA_HELP = f"Folder, zip, idx folder, .txt file or an embedded name: {EMBEDDED}."
MODEL_HELP = "What is to be trained on it: a GAN needs no classes, gpt2 reads texts."
TEXT_MODEL = "gpt2"  # whose texts are meant where no model is named


def check(
    data: Annotated[str, typer.Argument(metavar="DATA", help=DATA_HELP)],
    model: Annotated[str, typer.Option(help=MODEL_HELP)] = "",
    *,
    shared: JobOptions,
) -> None:
    """Examine pictures or texts: counts, classes, unreadable files, duplicates, leaks, imbalance."""
    place = open_workspace(shared)
    if _are_texts(data, model, place):
        values = {"data": absolute_data(data, model or TEXT_MODEL)}
        result = run_here(make_job("check_text", values, shared, model=model), place)
        output(result, shared, *checked_text(result))
        return
    job = make_job("check", {"data": absolute_data(data)}, shared, model=model)
    result = run_here(job, place)
    output(result, shared, *checked(result))


def checked(result: dict[str, Any]) -> list[Line]:
    """Returns what people read of a check: a table and lines."""
    table = Table("class", "pictures")
    for name, count in result["classes"].items():
        table.add_row(name, str(count))
    return [table, *_lines(result)]


def _are_texts(data: str, model: str, place: Workspace) -> bool:
    """Whether texts are meant: those of a model that is named, else what lies there."""
    if model:
        return catalog.kind_of(model).samples == "texts"
    return holds_texts(data, Context(Job(task="check_text"), place))


def checked_text(result: dict[str, Any]) -> list[Line]:
    """Returns what people read of a check of texts."""
    counts = (
        counted(result["samples"], "readable text", "readable texts"),
        f"{result['characters']:,} characters",
        counted(len(result["unreadable"]), "unreadable file", "unreadable files"),
        counted(result["duplicate_groups"], "group of duplicates", "groups of duplicates"),
    )
    return [f"{', '.join(counts)}.", *_endings(result, f", in {result['documents']}s")]


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
    if result["groups"] is not None:
        lines.append(f"{counted(result['groups'], 'group', 'groups')} of pictures that stay in one split.")
    return [*lines, *_endings(result)]


def _endings(result: dict[str, Any], unit: str = "") -> list[str]:
    """Returns what is told of pictures and texts alike: splits, unreadable files, warnings."""
    lines = []
    if result["splits"]:
        splits = ", ".join(f"{count:,} {name}" for name, count in result["splits"].items())
        given = f" (given: {', '.join(result['given'])})" if result["given"] else ""
        lines.append(f"Splits: {splits}{unit}{given}.")
    lines += [f"Unreadable: {row['path']}: {row['reason']}" for row in result["unreadable"]]
    return lines + list(result.get("warnings", []))
