"""The command that runs a job file, whatever its jobs do: `run`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.commands.classification import classified
from core.cli.commands.data import checked, checked_text
from core.cli.commands.editing import inpainted, stylized
from core.cli.commands.evaluation import evaluated
from core.cli.commands.pictures import drawn
from core.cli.commands.text import written
from core.cli.commands.training import trained
from core.cli.headless import run_here, run_list
from core.cli.jobs import place_job
from core.cli.options import Shared
from core.cli.output import Line, output
from core.cli.workspace import open_workspace
from core.errors import UserError, counted
from core.jobs import Job

# Of a task with a command of its own: what that prints for people. Of any other, a job prints the result as JSON.
SHOWN: Mapping[str, Callable[[dict[str, Any]], list[Line]]] = {
    "train": trained,
    "evaluate": evaluated,
    "classify": classified,
    "generate": drawn,
    "interpolate": drawn,
    "inpaint": inpainted,
    "stylize": stylized,
    "text": written,
    "check": checked,
    "check_text": checked_text,
}


def run(
    job_file: Annotated[Path, typer.Argument(metavar="JOB.json", help="A job, or a list of jobs.")],
    *,
    shared: Shared,
) -> None:
    """Run a job file, the same as the window writes."""
    jobs = [place_job(job) for job in Job.load(job_file)]
    if not jobs:
        raise UserError("'{path}' holds no job.", hint="Write one with --save-job.", path=job_file)
    if len(jobs) == 1:
        result = run_here(jobs[0], open_workspace(shared))
        output(result, shared, *_shown(jobs[0], result))
        return
    results = run_list(jobs, open_workspace(shared))
    failed = sum(1 for row in results if row["status"] != "finished")
    told = [
        line for job, row in zip(jobs, results, strict=True) if row["status"] == "finished" for line in _shown(job, row)
    ]
    count = counted(len(results) - failed, "job", "jobs")
    output({"runs": results}, shared, *told, f"{count} done, {failed} failed.")
    if failed:
        raise typer.Exit(1)


def _shown(job: Job, result: dict[str, Any]) -> list[Line]:
    show = SHOWN.get(job.task)
    return [json.dumps(result)] if show is None else show(result)
