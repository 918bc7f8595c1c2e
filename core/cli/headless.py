"""Runs jobs for the command line: one in this process, or a list, each in a process of its own. Prints no result."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from core.cli.console import ConsoleListener
from core.cli.output import complain
from core.context import Context
from core.engine.engine import make_run, run_job, serve
from core.errors import UserError
from core.events import ENDINGS, Status
from core.jobs import Job
from core.runs.run import Run, Workspace

logger = logging.getLogger(__name__)

ONE_PRESS_S = 0.5  # a key held down, or pressed twice in haste, is one wish to stop


class StoppedError(Exception):
    """The user interrupted the job; holds what there is to say of it."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__("stopped")
        self.result = result


def run_here(job: Job, workspace: Workspace, found: Run | None = None) -> dict[str, Any]:
    """Runs the job in this process, its progress on stderr.

    Args:
        job: any job.
        workspace: where its run is made, and what it uses is looked for.
        found: the run that a training goes on with; None makes a new one.

    Returns:
        What the task returned.

    Raises:
        UserError: it failed.
        StoppedError: the user interrupted it.
    """
    cache: dict[str, Any] = {}
    with ConsoleListener() as listener:
        if job.row.writes_run and found is None:
            found, job = make_run(job, workspace, listener, cache)
        context = Context(job, workspace, found, listener, cache)
        try:
            with _interrupts_call(context.cancel):
                ending = run_job(context)
        except KeyboardInterrupt:  # the second: what the last checkpoint holds can still be gone on with
            ending = Status("cancelled")
    return _result_of(ending, found)


def _result_of(ending: Status, run: Run | None) -> dict[str, Any]:
    if ending.state == "cancelled":
        raise StoppedError({"status": "stopped", **({"run": run.id} if run else {})})
    if ending.state == "failed":
        raise UserError(ending.message, hint=ending.hint, **ending.values)
    return ending.result


def run_list(jobs: list[Job], workspace: Workspace) -> list[dict[str, Any]]:
    """Runs each job in an engine process of its own: they may differ in backend, and one crash ends one job.

    Args:
        jobs: any jobs; what fails is reported on stderr, and the next begins.
        workspace: as in `run_here`.

    Returns:
        For each job its "status" ("finished" or "failed"), its "run" where it trains, what the task returned, and the
        "error" where it failed or where the task told of one.

    Raises:
        StoppedError: the user interrupted one; holds those before it too.
    """
    rows = []
    for job in jobs:
        rows.append(_run_listed(job, workspace))
        if rows[-1]["status"] == "cancelled":
            raise StoppedError({"status": "stopped", "runs": rows})
    return rows


def _run_listed(job: Job, workspace: Workspace) -> dict[str, Any]:
    """Returns the row of one job. Whatever goes wrong ends this job alone."""
    found = None
    error: UserError | None = None
    ending = Status("failed")
    try:
        with ConsoleListener() as listener:
            if job.row.writes_run:
                found, job = make_run(job, workspace, listener)
            ending = _run_elsewhere(job, workspace, found, listener)
        if ending.state == "failed":
            error = UserError(ending.message, hint=ending.hint, **ending.values)
    except KeyboardInterrupt:  # before the job began, or the second
        ending = Status("cancelled")
    except UserError as refusal:
        error = refusal
    except Exception as crash:  # noqa: BLE001 (the outermost for this job: the others must not wait for a person)
        error = explain_crash(crash)
    row = {"status": ending.state, **({"run": found.id} if found else {}), **ending.result}
    if error is not None:
        row["error"] = str(error)
    if row.get("error"):  # it may have come to its end and still have lost something: a report that can't be written
        complain(row["error"])
        row["status"] = "failed"
    return row


def explain_crash(error: Exception) -> UserError:
    """Returns a sentence for what no one foresaw; the trace goes into the process's log."""
    logger.error("".join(traceback.format_exception(error)))
    return UserError(
        "The command failed: {kind}: {reason}.",
        hint="This is a mistake of the program: please report it with the command you gave.",
        kind=type(error).__name__,
        reason=error,
    )


def _run_elsewhere(job: Job, workspace: Workspace, run: Run | None, listener: ConsoleListener) -> Status:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs, str(workspace.folder), 0))
    process.start()
    theirs.close()
    try:
        ours.send(("run", job.model_dump(mode="json"), str(run.folder) if run else ""))
        with _interrupts_call(lambda: ours.send(("cancel", job.id))):
            while True:
                for _, event in ours.recv():
                    listener(event)
                    if isinstance(event, Status) and event.state in ENDINGS:
                        ours.send(("end",))
                        return event
    except (EOFError, OSError):
        process.join()
        if run is not None:
            run.update(status="failed", message="The engine crashed.")
        return Status(
            "failed",
            "The engine of the job '{name}' crashed (exit code {code}).",
            "Resume the run: what it had saved is kept.",
            {"name": job.name or job.model or job.task, "code": process.exitcode},
        )
    finally:
        ours.close()  # an engine without a listener writes a checkpoint and exits
        process.join()


@contextmanager
def _interrupts_call(stop: Callable[[], object]) -> Iterator[None]:
    """The first Ctrl-C (or a termination signal) asks the job to stop and keep its work; a later one is final."""
    first_s = 0.0

    def cancel(number: int, frame: object) -> None:
        nonlocal first_s
        if not first_s:
            first_s = time.monotonic()
            stop()
        elif number == signal.SIGINT and time.monotonic() - first_s > ONE_PRESS_S:
            raise KeyboardInterrupt

    former = {number: signal.signal(number, cancel) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
