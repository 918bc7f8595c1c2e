"""Runs jobs: `run_job` in this process, `serve` as the main function of an engine process.

Neither knows Qt. Keras is imported only inside `run_job`, by name, once the backend is chosen.
"""

from __future__ import annotations

import logging
import os
import queue
import re
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

from core import catalog
from core.context import Context
from core.data.open_index import forget_indexes
from core.engine.checks import check_job
from core.errors import CancelledError, RefusedError, UserError
from core.events import ENDINGS, Event, Log, Progress, Status, text_of
from core.jobs import Job
from core.runs.own_data import check_own_data
from core.runs.run import RESUMABLE, Run, RunRecord, Workspace

logger = logging.getLogger(__name__)

SEND_INTERVAL_S = 0.03  # events travel in bundles: a message each would cost the window 1,000 wake-ups a second
ORPHAN_GRACE_S = 60.0  # how long an engine without a window may take for its last checkpoint
OUT_OF_MEMORY = re.compile(r"RESOURCE_EXHAUSTED|ResourceExhausted|OutOfMemory|[Oo]ut of memory|\bOOM\b")
RUN_STATUS = {"finished": "done", "cancelled": "stopped", "failed": "failed"}


def make_run(
    job: Job,
    workspace: Workspace,
    listener: Callable[[Event], None] = lambda event: None,
    cache: dict[str, Any] | None = None,
) -> tuple[Run, Job]:
    """Makes the run of a training once its data has been looked at, so that a mistake there leaves no run behind.

    Args:
        job: a training job.
        workspace: where the run is made.
        listener: gets the progress of that.
        cache: given to the job's context as well, it spares the job a second look.

    Returns:
        The run, and the job that names it and spells out every setting.

    Raises:
        UserError: nothing can be trained on the data, a setting does not fit, or the workspace can't be written.
    """
    check_job(job.typed_settings(), Context(job, workspace, listener=listener, cache=cache))
    return workspace.create_run(job)


def run_job(context: Context, *, orphaned: threading.Event | None = None) -> Status:
    """Does the context's job to its end. Reports exactly one ending, as the last event, whatever happens.

    Args:
        context: holds the job, its run where it trains, and the listener.
        orphaned: set once the window is gone: the run is then "interrupted", not "stopped".

    Returns:
        The ending.
    """
    held = False  # a run that another process trains is not ours to write into
    before: RunRecord | None = None
    refused = False
    with ExitStack() as stack:
        try:
            row = context.job.row
            if context.run is not None:
                stack.enter_context(context.run.locked())
                held = True
                stack.enter_context(_log_file(context.run))
                before = context.run.record()
                context.run.update(status="running", message="")
            context.report(Status("running"))
            result = _call_task(context, keras=row.keras)
            ending = Status("finished", result=result)
        except CancelledError:
            ending = Status("cancelled")
        except UserError as error:
            # Where nothing else stands behind it, the sentence says all there is to know.
            trace = traceback.format_exc() if error.__cause__ is not None else ""
            ending = Status("failed", error.message, error.hint, error.values, trace=trace)
            refused = isinstance(error, RefusedError)
            logger.warning("%s", text_of(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001 (the outermost: any failure becomes a message)
            ending = _explain(error)
            logger.error(ending.trace)
        forget_indexes(context)
        if context.run is not None and before is not None and refused and before.status in RESUMABLE:
            with suppress(UserError):  # on a full disk the next start finds it cut off
                context.run.update(status=before.status, message=before.message)
        elif context.run is not None and held:
            gone = ending.state == "cancelled" and orphaned is not None and orphaned.is_set()
            ending = _write_ending(context.run, ending, "interrupted" if gone else RUN_STATUS[ending.state])
    context.report(ending)
    return ending


def _call_task(context: Context, *, keras: bool) -> dict[str, Any]:
    job = context.job
    context.check()  # it may have been cancelled while it waited in the queue
    settings = job.typed_settings()
    if job.row.writes_run and context.run is not None and context.run.record().dataset:  # it has begun before
        check_own_data(context.run, str(job.settings.get("data", "")))
    check_job(settings, context)  # a mistake there need not wait for the backend
    if keras:
        context.report(Progress("import", detail=catalog.BACKENDS[job.backend]))
        catalog.load("core.engine.backend:prepare")(job.backend, job.device, job.seed)
        context.check()
    return dict(catalog.load(job.function)(settings, context))


def _explain(error: BaseException) -> Status:
    """Turns a crash into a sentence; running out of memory gets its own."""
    trace = "".join(traceback.format_exception(error))
    text = f"{type(error).__name__}: {text_of(error)}"
    if isinstance(error, MemoryError) or OUT_OF_MEMORY.search(text):
        return Status(
            "failed",
            "The device ran out of memory.",
            "Lower the batch size or the picture side, then start again: what was saved is kept.",
            trace=trace,
        )
    first_line = (text_of(error).strip().splitlines() or [""])[0][:300]
    return Status(
        "failed",
        "The job failed: {kind}: {reason}",
        "The log has the details; everything saved before is kept.",
        {"kind": type(error).__name__, "reason": first_line},
        trace=trace,
    )


def _write_ending(run: Run, ending: Status, status: str) -> Status:
    message = str(UserError(ending.message, hint=ending.hint, **ending.values)) if ending.message else ""
    try:
        run.update(
            status=status,
            message=message,
            ended=datetime.now().isoformat(timespec="seconds"),
            **({"result": ending.result} if ending.state == "finished" else {}),
        )
    except UserError as error:
        if ending.state == "finished":
            return Status("failed", error.message, error.hint, error.values)
    return ending


@contextmanager
def _log_file(run: Run) -> Iterator[None]:
    """Copies the process's log into the run's log.txt."""
    try:
        handler = logging.FileHandler(run.log_path, encoding="utf-8")
    except OSError:
        yield
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    # A full disk is reported once, where a checkpoint is written, not by every line of the log.
    handler.handleError = lambda record: None  # type: ignore[method-assign]
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        with suppress(OSError):
            handler.close()


# ---------------------------------------------------------------------------------------------------------
# The engine process. Messages in: ("run", job JSON values, run folder or ""), ("cancel", job id),
# ("pause", job id), ("resume", job id), ("end",). Messages out: lists of (job id, Event).


def serve(connection: Connection, workspace: str, threads: int) -> None:
    """Main function of an engine process: does one job after another until it is asked to end or its pipe closes.

    Args:
        connection: two-way pipe to the window.
        workspace: the workspace's folder.
        threads: how many threads the numeric libraries may use; 0 leaves it to them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal goes to the window, which passes it on
    lower_priority()
    if threads > 0:
        for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(variable, str(threads))
    # Nothing to stderr: a frozen window has none. Lines go to the run's log.txt, a failure's trace into its Status.
    logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
    logging.captureWarnings(capture=True)  # of libraries: they go where the log goes
    Engine(connection, Workspace(Path(workspace))).run()


class Engine:
    """One engine process: the main thread works, one thread listens, one sends. None of them ends by what it is given.

    Args:
        connection: two-way pipe to the window.
        workspace: where runs lie.
    """

    def __init__(self, connection: Connection, workspace: Workspace) -> None:
        self._connection = connection
        self._workspace = workspace
        self._jobs: queue.SimpleQueue[Context | None] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[tuple[str, Event] | None] = queue.SimpleQueue()
        self._contexts: dict[str, Context] = {}
        self._orphaned = threading.Event()
        self._cache: dict[str, Any] = {}

    def run(self) -> None:
        """Works until the window says "end" or is gone."""
        sender = threading.Thread(target=self._send, name="send", daemon=True)
        sender.start()
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        while (context := self._jobs.get()) is not None:
            try:
                run_job(context, orphaned=self._orphaned)
            except BaseException as error:  # noqa: BLE001 (what could not even be told must end the job all the same)
                self._events.put((context.job.id, _explain(error)))
            self._contexts.pop(context.job.id, None)
        self._events.put(None)
        sender.join(timeout=5)

    def _listen(self) -> None:
        try:
            while self._obey(self._receive()):
                pass
        except (EOFError, OSError):
            self._orphaned.set()
            threading.Thread(target=_exit_at_last, daemon=True).start()
        for context in list(self._contexts.values()):
            context.cancel()
        self._jobs.put(None)

    def _receive(self) -> Any:
        """Returns the next message; None where it can't be read.

        Raises:
            EOFError, OSError: the window is gone.
        """
        try:
            return self._connection.recv()
        except (EOFError, OSError):
            raise
        except Exception:  # what is unpickled may raise anything
            logger.exception("A message can't be read.")
            return None

    def _obey(self, message: Any) -> bool:
        """Does what the window asks; returns False once it asks for the end."""
        match message:
            case ("end",):
                return False
            case ("run", values, str(run_folder)):
                self._accept(values, run_folder)
            case (("cancel" | "pause" | "resume") as verb, str(job_id)):
                if context := self._contexts.get(job_id):
                    getattr(context, verb)()
            case _:
                logger.warning("A message is not understood.")
        return True

    def _accept(self, values: Any, run_folder: str) -> None:
        """Queues the job; one that can't be done ends at once."""
        run = Run(Path(run_folder)) if run_folder else None
        try:
            job = Job.parse(values)
        except Exception as error:  # noqa: BLE001 (whatever is wrong with it, its ending is waited for)
            refusal = error if isinstance(error, UserError) else None
            ending = Status("failed", refusal.message, refusal.hint, refusal.values) if refusal else _explain(error)
            if run is not None:
                with suppress(UserError), run.locked():
                    ending = _write_ending(run, ending, "failed")
            self._events.put((str(values.get("id", "")) if isinstance(values, dict) else "", ending))
            return

        def listener(event: Event) -> None:
            self._events.put((job.id, event))

        context = Context(job, self._workspace, run, listener, self._cache)
        self._contexts[job.id] = context
        self._jobs.put(context)

    def _send(self) -> None:
        open_ended = True
        while open_ended:
            bundle = []
            item = self._events.get()
            while item is not None:
                bundle.append(item)
                if isinstance(item[1], Status) and item[1].state in ENDINGS:
                    break  # an ending leaves at once
                try:
                    item = self._events.get(timeout=SEND_INTERVAL_S if len(bundle) == 1 else 0)
                except queue.Empty:
                    break
            open_ended = item is not None
            with suppress(OSError, ValueError):  # the window is gone; _listen has noticed
                self._connection.send_bytes(_packed(bundle))


def _packed(bundle: list[tuple[str, Event]]) -> bytes:
    """Returns the bundle as `Connection.recv` reads it; in place of an event that can't be sent, one that says so."""
    try:
        return bytes(ForkingPickler.dumps(bundle))
    except Exception:  # noqa: BLE001 (what is pickled may raise anything)
        return bytes(ForkingPickler.dumps([(job_id, _sendable(event)) for job_id, event in bundle]))


def _sendable(event: Event) -> Event:
    try:
        ForkingPickler.dumps(event)
    except Exception as error:
        logger.exception("An event can't be sent.")
        values = {"kind": type(event).__name__, "reason": text_of(error)[:300]}
        if isinstance(event, Status) and event.state in ENDINGS:
            hint = "What the job has written is kept; its log has the details."
            return Status("failed", "The job has ended, but its result can't be passed on ({reason}).", hint, values)
        return Log("An event of the job can't be passed on ({kind}: {reason}): it is left out.", "warning", values)
    return event


def _exit_at_last() -> None:
    time.sleep(ORPHAN_GRACE_S)
    os._exit(1)


def lower_priority() -> None:
    """Lets the window and the user's other programs go first."""
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(10)
    elif sys.platform == "win32":
        import ctypes

        below_normal = 0x4000
        ctypes.windll.kernel32.SetPriorityClass(ctypes.windll.kernel32.GetCurrentProcess(), below_normal)
