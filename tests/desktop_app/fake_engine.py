"""Main functions of engine processes that misbehave on purpose, or talk much."""

from __future__ import annotations

import os
import signal
import time

from core.events import Metric, Progress, Status


def _next_job(connection) -> str:
    while True:
        verb, *rest = connection.recv()
        if verb == "run":
            return rest[0]["id"]
        if verb == "end":
            raise SystemExit


def deaf(connection, workspace, threads) -> None:
    """Starts its job and never listens again."""
    job = _next_job(connection)
    connection.send([(job, Status("running"))])
    time.sleep(3600)


def suicidal(connection, workspace, threads) -> None:
    """Starts its job and is killed, as the system does when the memory runs out."""
    job = _next_job(connection)
    connection.send([(job, Status("running"))])
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGKILL)


def chatty(connection, workspace, threads) -> None:
    """Reports 1,000 events a second for three seconds, as a quick training does."""
    while True:
        job = _next_job(connection)
        connection.send([(job, Status("running"))])
        begin = time.monotonic()
        step = 0
        while (passed := time.monotonic() - begin) < 3:
            bundle = []
            while step < passed * 1000:
                step += 2
                bundle.append((job, Metric(step, step / 300, {"loss": 1 / (1 + step / 500), "accuracy": 0.5}, "batch")))
                bundle.append((job, Progress("train", step, 3000, "samples", rate=1000.0, eta_s=3 - passed)))
            connection.send(bundle)
            time.sleep(0.03)
        connection.send([(job, Status("finished", result={"steps": step}))])


def obedient(connection, workspace, threads) -> None:
    """Finishes each job at once and tells its own process id and backend."""
    while True:
        verb, *rest = connection.recv()
        if verb == "end":
            return
        if verb == "run":
            job = rest[0]
            connection.send(
                [
                    (job["id"], Status("running")),
                    (job["id"], Status("finished", result={"pid": os.getpid(), "backend": job["backend"]})),
                ]
            )


def slow_saver(connection, workspace, threads) -> None:
    """Says at Stop that it saves, takes two seconds for it, then ends."""
    job = _next_job(connection)
    connection.send([(job, Status("running"))])
    while connection.recv()[0] != "cancel":
        pass
    connection.send([(job, Progress("save"))])
    time.sleep(2)
    connection.send([(job, Status("cancelled", result={"saved": True}))])


def measuring(connection, workspace, threads) -> None:
    """Goes on with its job in the third epoch of nine steps, measures once, and finishes."""
    job = _next_job(connection)
    connection.send([(job, Status("running")), (job, Metric(19, 19 / 9, {"loss": 0.4}, "batch"))])
    time.sleep(1)
    connection.send([(job, Status("finished"))])
