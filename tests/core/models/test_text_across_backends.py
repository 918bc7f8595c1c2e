"""A language model saved on one backend writes the same on the others. Each backend needs a process of its own."""

import json
import subprocess
import sys

import pytest

from core.jobs import installed_backends

SCRIPT = """
import json, sys
from pathlib import Path
from core.engine.backend import prepare
backend, folder = sys.argv[1:]
prepare(backend, "cpu", 0)
from core.context import Context
from core.engine.engine import run_job
from core.jobs import Job
from core.runs.run import Run, Workspace
workspace = Workspace(Path(folder))
if not workspace.runs():
    settings = {"size": "tiny", "layers": 1, "width": 32, "count": 200, "epochs": 3, "lr": 0.01}
    run, job = workspace.create_run(Job(task="train", model="gpt2", settings=settings, backend=backend, seed=1))
    ending = run_job(Context(job, workspace, run))
    assert ending.state == "finished", ending.trace
run = workspace.runs()[0]
def do(task, **settings):
    ending = run_job(Context(Job(task=task, settings=settings, backend=backend), workspace))
    assert ending.state == "finished", ending.trace
    return ending.result
prompts = ["", "there is", "one can see a small", "the picture shows"]
written = do("text", model=str(run.folder), prompts=prompts, temperature=0.0, max_tokens=24)
score = do("evaluate", run=run.id)
print(json.dumps({"tokens": written["tokens"], "perplexity": score["metrics"]["perplexity"]}))
"""


@pytest.mark.slow
def test_a_trained_model_writes_the_same_on_every_backend(tmp_path):
    backends = installed_backends()
    if len(backends) < 2:
        pytest.skip("only one backend is installed")
    found = []
    for backend in backends:
        done = subprocess.run([sys.executable, "-c", SCRIPT, backend, str(tmp_path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        found.append(json.loads(done.stdout.splitlines()[-1]))
    first, *others = found
    assert len({tuple(row) for row in first["tokens"]}) > 1
    for other in others:
        assert other["tokens"] == first["tokens"]
        assert other["perplexity"] == pytest.approx(first["perplexity"], rel=1e-4)
