"""The command that scores a trained run: `evaluate`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.cli.headless import run_here
from core.cli.jobs import absolute_data, make_job
from core.cli.options import ModelOptions, RunName
from core.cli.output import Line, caveat_lines, metric_lines, output
from core.cli.workspace import backend_of, existing_workspace, find_run
from core.files.atomic import check_writable


def evaluate(
    run: RunName,
    data: Annotated[str, typer.Option(help="Other data; empty takes the run's own test split.")] = "",
    *,
    shared: ModelOptions,
) -> None:
    """Score a run on pictures it has never seen, and write its report."""
    place = existing_workspace(shared)
    found = find_run(place, run, "evaluate")
    values = {"run": str(found.folder), "data": absolute_data(data, found.record().job.model) if data else None}
    check_writable(found.folder)
    result = run_here(make_job("evaluate", values, shared, usual=backend_of(found)), place)
    output(result, shared, *evaluated(result))


def evaluated(result: dict[str, Any]) -> list[Line]:
    """Returns what people read of an evaluation, line by line."""
    report = [f"Report: {result['report']}"] if result["report"] else []
    return [*metric_lines(result["metrics"]), *caveat_lines(result), *report]
