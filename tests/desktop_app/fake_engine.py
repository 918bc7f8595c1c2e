"""Main functions of engine processes that misbehave on purpose, or talk much."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
from PIL import Image

from core.events import Images, Metric, Progress, Status
from core.runs.own_data import ELSEWHERE


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


def homeless(connection, workspace, threads) -> None:
    """Finds the data of a job gone unless they are at "found"."""
    while True:
        verb, *rest = connection.recv()
        if verb == "end":
            return
        if verb == "run":
            job, data = rest[0]["id"], rest[0]["settings"]["data"]
            gone = Status("failed", ELSEWHERE[0], values={"run": "one", "data": data})
            connection.send([(job, Status("running")), (job, Status("finished") if data == "/found" else gone)])


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


def drawing(connection, workspace, threads) -> None:
    """Trains a GAN for four epochs, of which the first and the last are measured, and draws a sheet in each."""
    verb, job, folder = connection.recv()
    assert verb == "run"
    job = job["id"]
    samples = Path(folder) / "samples"
    samples.mkdir(exist_ok=True)
    connection.send([(job, Status("running"))])
    for epoch in range(1, 5):
        numbers = {"generator_loss": 1 / epoch, "discriminator_loss": 0.5, "real_right": 0.8, "fake_right": 0.6}
        numbers |= {"generator_gradient": 2.0, "discriminator_gradient": 3.0}
        taken = {"fid": 40.0 / epoch, "fid_floor": 1.5} if epoch in (1, 4) else {"fid": np.nan, "fid_floor": np.nan}
        sheet = np.full((30, 24, 1), 40 * epoch, np.uint8)
        path = samples / f"{epoch:06d}.png"
        Image.fromarray(sheet[..., 0]).save(path)
        connection.send(
            [
                (job, Metric(9 * epoch - 4, epoch - 0.5, {**numbers, "generator_loss": 9.0})),
                (job, Images("samples", (sheet,), ({"epoch": epoch, "path": str(path)},))),
                (job, Metric(9 * epoch, float(epoch), {**numbers, **taken, "lr": 1e-4}, "epoch")),
            ]
        )
        time.sleep(0.2)
    metrics = {"fid": 10.0, "floor": 1.5, "kid": 0.1, "count": 200, "agreement": 0.9}
    result = {"metrics": metrics, "judge": "CNN of this data, 97.5 % right", "epochs": 4}
    connection.send([(job, Status("finished", result=result))])
