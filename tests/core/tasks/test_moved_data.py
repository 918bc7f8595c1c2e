"""A run whose data lie elsewhere by now goes on where they are proved to be the same, and is left alone otherwise."""

import shutil

import numpy as np
import pytest
from in_process import BACKEND
from PIL import Image

from core.context import Context
from core.engine.engine import run_job
from core.events import Metric
from core.files.sealed import unseal_versioned
from core.jobs import Job
from core.runs.own_data import ELSEWHERE
from core.runs.run import Run, Workspace

PICTURES = {"model": "cnn", "settings": {"size": "tiny", "epochs": 3, "batch_size": 16}}
TEXTS = {
    "model": "gpt2",
    "settings": {"size": "tiny", "layers": 1, "width": 32, "context": 32, "epochs": 3, "vocabulary": 300},
}


def make_data(kind, folder):
    rng = np.random.default_rng(0)
    if kind is TEXTS:
        folder.write_text("".join(f"The {number} cats sat on {number + 3} mats.\n" for number in range(200)))
        return folder
    for name in "ab":
        (folder / name).mkdir(parents=True)
        for number in range(30):
            Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(folder / name / f"{number}.png")
    return folder


def go_on(run, workspace, data=None, *, stop=False):
    """Trains a run, on data that are said to lie there; returns the ending."""

    def listen(event):
        if stop and isinstance(event, Metric) and event.per == "epoch":
            context.cancel()

    job = run.record().job
    if data is not None:
        job = job.model_copy(update={"settings": {**job.settings, "data": str(data)}})
    context = Context(job, workspace, run, listen)
    return run_job(context)


@pytest.fixture(scope="module", params=[PICTURES, TEXTS], ids=["pictures", "texts"])
def stopped(request, tmp_path_factory):
    """A run that was stopped after an epoch, its data, and what it would have become."""
    folder = tmp_path_factory.mktemp("moved")
    data = make_data(request.param, folder / "data.txt")
    workspace = Workspace(folder / "workspace")
    settings = {**request.param["settings"], "data": str(data)}
    job = Job(task="train", model=request.param["model"], settings=settings, backend=BACKEND, device="cpu")
    run = workspace.create_run(job)[0]
    assert go_on(run, workspace, stop=True).state == "cancelled"
    straight = Run(shutil.copytree(run.folder, workspace.runs_folder / "straight"))
    assert go_on(straight, workspace).state == "finished"
    return workspace, run, data, straight, request.param


@pytest.fixture
def case(stopped, tmp_path):
    """The same with a copy of the run, and with the data at another place alone, while the test lasts."""
    workspace, run, data, straight, kind = stopped
    mine = Run(shutil.copytree(run.folder, workspace.runs_folder / tmp_path.name))
    moved = data.rename(tmp_path / "elsewhere.txt")
    yield workspace, mine, data, moved, straight, kind
    moved.rename(data)


def weights(run):
    name = "weights.safetensors" if (run.model_folder / "weights.safetensors").is_file() else "model.safetensors"
    return unseal_versioned(run.model_folder)[1][name]


def test_it_goes_on_with_its_data_at_another_place_to_the_same_end(case):
    workspace, run, _, moved, straight, _ = case
    ending = go_on(run, workspace, moved)
    assert ending.state == "finished", ending
    assert weights(run) == weights(straight)
    assert ending.result["metrics"] == straight.record().result["metrics"]
    assert run.record().job.settings["data"] == str(moved)  # it is found there from now on
    assert run.record().dataset["source"] == str(moved)


def test_without_saying_where_they_are_it_is_refused_and_left_as_it_was(case):
    workspace, run, data, _, _, _ = case
    before = run.record()
    ending = go_on(run, workspace)
    assert (ending.state, ending.message in ELSEWHERE) == ("failed", True)
    assert str(data) in str(ending.values)
    assert run.record() == before
    assert before.status == "stopped"


@pytest.mark.parametrize("checkpoints", [True, False])
def test_other_data_are_refused_and_it_is_left_as_it_was(case, tmp_path, checkpoints):
    workspace, run, _, _, _, kind = case
    other = make_data(kind, tmp_path / "other.txt")
    if kind is TEXTS:
        other.write_text(other.read_text() + "One more line.\n")
    else:
        (other / "a" / "0.png").rename(other / "b" / "new.png")  # the same pictures, of another class
    if not checkpoints:
        shutil.rmtree(run.checkpoints)
    before = run.record()
    ending = go_on(run, workspace, other)
    assert (ending.state, ending.message in ELSEWHERE) == ("failed", True), ending
    assert "begin" in ending.message or "began" in ending.message
    assert run.record() == before
