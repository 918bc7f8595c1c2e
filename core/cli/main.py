"""The command line: its commands. `command_jobs` makes their jobs, `headless` runs them, `command_line` prints."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from core import __version__, catalog
from core.cli.console import use_utf8
from core.cli.doctor import examine
from core.cli.edit import inpaint, stylize
from core.cli.headless import StoppedError, explain_crash, run_here, run_list
from core.cli.jobs import absolute_data, check_place, make_job, place_job, read_pairs
from core.cli.options import (
    AsJson,
    Backend,
    Device,
    Folder,
    Seed,
    Set,
    backend_of,
    existing_workspace,
    find_run,
    metric_lines,
    open_workspace,
    output,
    print_json,
)
from core.cli.output_files import check_job_file, check_table
from core.cli.pictures import generate, interpolate
from core.cli.settings import settings
from core.cli.text import text
from core.errors import UserError, counted, shortened
from core.files.atomic import check_writable
from core.files.predictions import write_csv
from core.jobs import Job, default_backend
from core.runs.run import Run

app = typer.Typer(
    name="pixelwright",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train, classify, generate and caption pictures, offline. Without a command, the window opens.",
)

BAD_USAGE, INTERRUPTED = 2, 130
REASON_LENGTH = 100
UsageError: Any = typer.BadParameter.__base__  # typer has no name of its own for it
DATA_HELP = "Folder, zip or idx folder of pictures; for gpt2 a .txt or a folder of them; or: digits, shapes."
CHECKED_HELP = "Folder, zip, idx folder, or an embedded name: digits, shapes, shapes-clips."


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: the words after the program's name; None takes the process's own.

    Returns:
        0 done, 1 a UserError, 2 bad usage, 130 interrupted.
    """
    use_utf8()
    words = list(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(level=logging.INFO, handlers=[_warnings_to_stderr()])
    try:
        status = app(args=words, prog_name="pixelwright", standalone_mode=False)
        if status == INTERRUPTED:  # what becomes of a Ctrl-C where no job catches it
            raise KeyboardInterrupt
    except UsageError as error:
        _fail(_bad_usage(error), as_json="--json" in words)
        return BAD_USAGE
    except UserError as error:
        _fail(error, as_json="--json" in words)
        return 1
    except (StoppedError, KeyboardInterrupt) as error:
        result = getattr(error, "result", {"status": "stopped"})
        hint = f" Go on with: pixelwright resume {result['run']}" if "run" in result else ""
        sys.stderr.write(f"Stopped.{hint}\n")
        if "--json" in words:
            print_json(result)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 (the outermost: a sentence, not a traceback)
        _fail(explain_crash(error), as_json="--json" in words)
        return 1
    return status if isinstance(status, int) else 0


# ------------------------------------------------------------------------------------------------ commands


def _show_version(wanted: bool) -> None:  # noqa: FBT001 (typer calls it)
    if wanted:
        sys.stdout.write(f"Pixelwright {__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[  # noqa: FBT002
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Tell the version.")
    ] = False,
) -> None:
    """Declares what may stand before a command."""


@app.command()
def doctor(workspace: Folder = None, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Tell which backends and devices there are, what is missing, and the command that adds it."""
    stream = sys.stderr if as_json else sys.stdout

    def tell(line: str) -> None:
        stream.write(f"{line}\n")
        stream.flush()

    output(examine(open_workspace(workspace).folder, tell), as_json)


@app.command()
def check(
    data: Annotated[str, typer.Argument(metavar="DATA", help=CHECKED_HELP)],
    model: Annotated[str, typer.Option(help="What is to be trained on it: a GAN needs no classes.")] = "",
    settings: Set = None,
    seed: Seed = 0,
    workspace: Folder = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Examine a data set: counts, classes, unreadable files, duplicates, leaks, imbalance."""
    values = {**read_pairs(settings), "data": absolute_data(data)}
    job = make_job("check", values, default_backend(), "auto", seed, model=model)
    result = run_here(job, open_workspace(workspace))
    table = Table("class", "pictures")
    for name, count in result["classes"].items():
        table.add_row(name, str(count))
    counts = (
        counted(result["samples"], "readable picture", "readable pictures"),
        counted(len(result["unreadable"]), "unreadable file", "unreadable files"),
        counted(result["duplicate_groups"], "group of duplicates", "groups of duplicates"),
    )
    lines = [f"{', '.join(counts)}."]
    if result["splits"]:
        splits = ", ".join(f"{count:,} {name}" for name, count in result["splits"].items())
        given = f" (given: {', '.join(result['given'])})" if result["given"] else ""
        lines.append(f"Splits: {splits}{given}.")
    if result["groups"] is not None:
        lines.append(f"{counted(result['groups'], 'group', 'groups')} of pictures that stay in one split.")
    lines += [f"Unreadable: {row['path']}: {row['reason']}" for row in result["unreadable"]]
    lines += result.get("warnings", [])
    output(result, as_json, table, *lines)


@app.command()
def train(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A key of the catalog: " + ", ".join(catalog.MODELS) + ".")
    ],
    data: Annotated[str, typer.Option(metavar="DATA", help=DATA_HELP)],
    name: Annotated[str, typer.Option(help="What to call the run.")] = "",
    epochs: Annotated[int | None, typer.Option(min=1, help="How many times to go through the data.")] = None,
    size: Annotated[str, typer.Option(help="A named setting of the model: tiny, fast or strong.")] = "",
    gpt2: Annotated[Path | None, typer.Option(metavar="FOLDER", help="A GPT-2 to go on from, for gpt2.")] = None,
    save_job: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the job file; train nothing.")] = None,
    settings: Set = None,
    backend: Backend = "",
    device: Device = "auto",
    seed: Seed = 0,
    workspace: Folder = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Train a model and score it on pictures it has never seen."""
    catalog.find(catalog.MODELS, model, "model")
    values = {**read_pairs(settings), "data": absolute_data(data, model)}
    folder = str(gpt2.expanduser().absolute()) if gpt2 is not None else ""
    values |= {key: value for key, value in {"epochs": epochs, "size": size, "gpt2": folder}.items() if value}
    job = make_job("train", values, backend, device, seed, model=model, name=name)
    if save_job is not None:
        check_job_file(save_job, [data])
        job.complete().save(save_job)
        output({"job": str(save_job)}, as_json, f"Wrote {save_job}.")
        return
    _show_training(run_here(job, open_workspace(workspace)), as_json)


@app.command()
def run(
    job_file: Annotated[Path, typer.Argument(metavar="JOB.json", help="A job, or a list of jobs.")],
    workspace: Folder = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Run a job file, the same as the window writes."""
    jobs = [place_job(job) for job in Job.load(job_file)]
    if not jobs:
        raise UserError("'{path}' holds no job.", hint="Write one with --save-job.", path=job_file)
    if len(jobs) == 1:
        _show_training(run_here(jobs[0], open_workspace(workspace)), as_json)
        return
    results = run_list(jobs, open_workspace(workspace))
    failed = sum(1 for row in results if row["status"] != "finished")
    output({"runs": results}, as_json, f"{counted(len(results) - failed, 'job', 'jobs')} done, {failed} failed.")
    if failed:
        raise typer.Exit(1)


@app.command()
def resume(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id, name or folder.")],
    backend: Backend = "",
    device: Annotated[str, typer.Option(help="auto, cpu or gpu:N; empty takes the run's.")] = "",
    workspace: Folder = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Go on with a run that was stopped or cut off."""
    place = existing_workspace(workspace)
    place.mark_interrupted()
    found = find_run(place, run)
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
    _show_training(run_here(job, place, found), as_json)


@app.command()
def runs(workspace: Folder = None, as_json: AsJson = False) -> None:  # noqa: FBT002
    """List the runs, newest first."""
    place = existing_workspace(workspace)
    place.mark_interrupted()
    rows = [_row(found) for found in place.runs()]
    table = Table(
        Column("id", no_wrap=True),
        Column("name", overflow="fold"),
        Column("status", no_wrap=True),
        Column("score", justify="right"),
        Column("epochs", justify="right"),
        Column("data", overflow="fold"),
        "created",
    )
    for row in rows:
        created = row["created"].replace("T", " ")[:16]
        data, epochs = Path(row["data"]).name, str(row["epochs"])
        table.add_row(row["run"], row["name"], row["status"], _score(row), epochs, data, created)
    reasons = [f"{row['run']}: {shortened(row['message'], REASON_LENGTH)}" for row in rows if row["message"]]
    damaged = [str(found.folder) for found in place.damaged_runs()]
    told = (table, *reasons, *(f"Damaged: {folder}" for folder in damaged))
    output({"runs": rows, "damaged": damaged}, as_json, *told)


@app.command()
def evaluate(
    run: Annotated[str, typer.Argument(metavar="RUN")],
    data: Annotated[str, typer.Option(help="Other data; empty takes the run's own test split.")] = "",
    settings: Set = None,
    backend: Backend = "",
    device: Device = "auto",
    seed: Seed = 0,
    workspace: Folder = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Score a run on pictures it has never seen, and write its report."""
    place = existing_workspace(workspace)
    found = find_run(place, run)
    values = {
        **read_pairs(settings),
        "run": str(found.folder),
        "data": data and absolute_data(data, found.record().job.model),
    }
    check_writable(found.folder)
    result = run_here(make_job("evaluate", values, backend or backend_of(found), device, seed), place)
    report = [f"Report: {result['report']}"] if result["report"] else []
    output(result, as_json, *metric_lines(result["metrics"]), *report)


@app.command()
def classify(
    run: Annotated[str, typer.Argument(metavar="RUN")],
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Pictures and folders.")],
    top: Annotated[int, typer.Option(min=1, help="How many classes to list for each picture.")] = 5,
    csv: Annotated[Path | None, typer.Option(metavar="OUT", help="Also write a table.")] = None,
    settings: Set = None,
    backend: Backend = "",
    device: Device = "auto",
    seed: Seed = 0,
    workspace: Folder = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Tell what is on pictures."""
    place = existing_workspace(workspace)
    found = find_run(place, run)
    if csv is not None:
        check_table(csv, paths)
    values = {**read_pairs(settings), "run": str(found.folder), "paths": paths, "top": top}
    result = run_here(make_job("classify", values, backend or backend_of(found), device, seed), place)
    if not result["results"]:
        first = result["skipped"][0]
        raise UserError(
            "No picture could be classified. {path}: {reason}",
            hint="Name pictures or folders of them.",
            path=first["path"],
            reason=first["reason"],
        )
    if csv is not None:
        try:
            write_csv(csv, result["results"])
        except UserError as error:
            result["error"] = str(error)
    table = Table("picture", "class", "probability")
    for row in result["results"]:
        table.add_row(row["path"], row["label"], f"{row['probability']:.1%}")
    output(result, as_json, table, *(f"Skipped: {row['path']}: {row['reason']}" for row in result["skipped"]))


app.command()(generate)
app.command()(interpolate)
app.command()(inpaint)
app.command()(stylize)
app.command()(text)
app.command()(settings)


# ------------------------------------------------------------------------------------------------- printing


def _bad_usage(error: Any) -> UserError:
    command = error.ctx.command_path if error.ctx else "pixelwright"
    problem = error.format_message().replace(": Value error, ", ": ")  # what pydantic puts before a reason
    return UserError(
        "{problem}",
        hint="`{command} --help` tells how it is used.",
        problem=problem if problem.endswith((".", "?", "!")) else f"{problem}.",
        command=command,
    )


def _fail(error: UserError, *, as_json: bool) -> None:
    sys.stderr.write(f"{error}\n")
    if as_json:
        print_json({"error": str(error)})


def _show_training(result: dict[str, Any], as_json: bool) -> None:  # noqa: FBT001
    judge = [f"Measured by: {result['judge']}"] if result.get("judge") else []
    output(result, as_json, *metric_lines(result.get("metrics", {})), *judge, f"Run: {result.get('run', '')}")


def _row(run: Run) -> dict[str, Any]:
    record = run.record()
    metrics = record.result.get("metrics", {})
    return {
        "run": run.id,
        "name": record.name,
        "status": record.status,
        "model": record.job.model,
        "data": str(record.job.settings.get("data", "")),
        "backend": record.job.backend,
        "epochs": record.result.get("epochs") or run.epochs_done(),
        "created": record.created,
        "message": record.message,
        "test_accuracy": metrics.get("test_accuracy"),
        "fid": metrics.get("fid"),
        "fid_floor": metrics.get("floor"),
        "fid_count": metrics.get("count"),
        "judge": record.result.get("judge"),
        "perplexity": metrics.get("perplexity"),
    }


def _score(row: dict[str, Any]) -> str:
    """Returns what came of a run, with the name of the figure: figures of another kind stand beside it."""
    if row["test_accuracy"] is not None:
        return f"accuracy {row['test_accuracy']:.2%}"
    if row["fid"] is not None:
        count = "" if row["fid_count"] is None else f"{row['fid_count']:,.0f} pictures"
        floor = "" if row["fid_floor"] is None else f"floor {row['fid_floor']:.2f}"
        beside = ", ".join(part for part in (count, floor) if part)
        return f"FID {row['fid']:.2f}" + (f" ({beside})" if beside else "")
    return "" if row["perplexity"] is None else f"perplexity {row['perplexity']:.2f}"


def _warnings_to_stderr() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.CRITICAL)  # failures are told in a sentence; the trace goes to the run's log.txt
    return handler
