"""Runs a job in the process of the tests, as an engine would."""

from __future__ import annotations

import keras

from core.context import Context
from core.engine.engine import run_job
from core.jobs import Job

BACKEND = keras.backend.backend()


def do(workspace, task, settings=None, *, model="", run=None, act=lambda event, context: None, cache=None, seed=0):
    """Returns the job's ending and its events.

    Args:
        workspace: where its run lies.
        task, settings, model, seed: the job's; those of a run are taken from it.
        run: whose job is done.
        act: called with each event and the job's context, to stop it, say.
        cache: what is kept from job to job.
    """
    job = run.record().job if run else Job(task=task, model=model, settings=settings, backend=BACKEND, seed=seed)
    events = []

    def listener(event):
        events.append(event)
        act(event, context)

    context = Context(job, workspace, run, listener, cache)
    return run_job(context), events
