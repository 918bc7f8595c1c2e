"""The commands that train: `train` and `resume`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from core import catalog
from core.cli.headless import run_here
from core.cli.jobs import absolute_data, check_place, make_job
from core.cli.options import Backend, ModelOptions, RunName, Shared
from core.cli.output import Line, caveat_lines, metric_lines, output
from core.cli.workspace import existing_workspace, find_run, open_workspace
from core.errors import UserError
from core.jobs import Job, check_job_file

MODEL_HELP = "A key of the catalog: " + ", ".join(catalog.MODELS) + "."
MOVED_HELP = "Where the run's data are now, if they were moved; they must be the same."
EMBEDDED = ", ".join(catalog.embedded("pictures"))
DATA_HELP = f"Folder, zip or idx folder of pictures; for gpt2 a .txt or a folder of them; or: {EMBEDDED}."


def train(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=MODEL_HELP)],
    data: Annotated[str, typer.Option(metavar="DATA", help=DATA_HELP)],
    name: Annotated[str, typer.Option(help="What to call the run.")] = "",
    epochs: Annotated[int | None, typer.Option(min=1, help="How many times to go through the data.")] = None,
    size: Annotated[str, typer.Option(help="A named setting of the model: tiny, fast or strong.")] = "",
    gpt2: Annotated[Path | None, typer.Option(metavar="FOLDER", help="A GPT-2 to go on from, for gpt2.")] = None,
    save_job: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the job file; train nothing.")] = None,
    *,
    shared: ModelOptions,
) -> None:
    """Train a model and score it on pictures it has never seen."""
    catalog.find(catalog.MODELS, model, "model")
    values = {
        "data": absolute_data(data, model),
        "epochs": epochs,
        "size": size or None,
        "gpt2": None if gpt2 is None else str(gpt2.expanduser().absolute()),
    }
    job = make_job("train", values, shared, model=model, name=name)
    if save_job is not None:
        check_job_file(save_job, [data])
        job.complete().save(save_job)
        output({"job": str(save_job)}, shared, f"Wrote {save_job}.")
        return
    result = run_here(job, open_workspace(shared))
    output(result, shared, *trained(result))


def resume(
    run: RunName,
    backend: Backend = "",
    device: Annotated[str, typer.Option(help="auto, cpu or gpu:N; empty takes the run's.")] = "",
    data: Annotated[str, typer.Option(metavar="DATA", help=MOVED_HELP)] = "",
    *,
    shared: Shared,
) -> None:
    """Go on with a run that was stopped or cut off."""
    place = existing_workspace(shared)
    place.mark_interrupted()
    found = find_run(place, run, "train")
    if found.in_use():
        raise UserError(
            "The run '{run}' is being trained by another window or command.",
            hint="Wait for it to end, or stop it there.",
            run=found.id,
        )
    if not found.resumable():
        raise UserError("The run '{run}' is already done.", hint="Train a new one, with more epochs.", run=found.id)
    check_place(backend, device)
    changes = {name: value for name, value in {"backend": backend, "device": device}.items() if value}
    job = Job.parse({**found.record().job.model_dump(mode="json"), "run": found.id, **changes}, origin="the command")
    if data:
        job = job.model_copy(update={"settings": {**job.settings, "data": absolute_data(data, job.model)}})
    result = run_here(job, place, found)
    output(result, shared, *trained(result))


def trained(result: dict[str, Any]) -> list[Line]:
    """Returns what people read of a training, line by line."""
    judge = [f"Feature extractor: {result['judge']}"] if result.get("judge") else []
    score = (*metric_lines(result.get("metrics", {})), *caveat_lines(result))
    return [*score, *judge, f"Run: {result.get('run', '')}"]
