"""What an earlier version wrote opens, gives what it gave, and goes on.

The data are the embedded `digits` and `shapes`: a resumed run asks for the fingerprint it began with, so the way in
which they are read must not change without a migration either.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from in_process import BACKEND, do
from PIL import Image

from core.context import Context
from core.data.decode import decode
from core.events import Log
from core.inference.trained import trained_model
from core.jobs import Job, installed_backends
from core.media.picture_files import read_recipe
from core.models.shared.saved import load_model
from core.runs.recipe import job_of
from core.runs.run import Workspace
from desktop_app.preferences import Preferences

DATA = Path(__file__).parent / "data"
EXPECTED = json.loads((DATA / "expected.json").read_text())
RUNS = sorted(path.name for path in (DATA / "runs").iterdir())
CLASSIFIERS = [name for name in RUNS if name.startswith(("cnn", "vit"))]
STOPPED = [name for name in RUNS if not name.endswith("done")]

RESUME = """
import sys
from pathlib import Path
from core.context import Context
from core.engine.engine import run_job
from core.runs.run import Run, Workspace

run = Run(Path(sys.argv[1]))
job = run.record().job.model_copy(update={"backend": sys.argv[2]})
ending = run_job(Context(job, Workspace(run.folder.parents[1]), run))
print(ending)
sys.exit(ending.state != "finished")
"""


@pytest.fixture
def workspace(tmp_path):
    shutil.copytree(DATA / "runs", tmp_path / "workspace" / "runs")
    return Workspace(tmp_path / "workspace")


@pytest.fixture(scope="module")
def logits():
    with np.load(DATA / "expected.npz") as found:
        return dict(found)


def says(model, pictures):
    return keras.ops.convert_to_numpy(model(pictures.astype("float32")))


def from_checkpoint(run):
    shutil.rmtree(run.model_folder, ignore_errors=True)
    return trained_model(run, Context(run.record().job, Workspace(run.folder.parents[1])))[0]


def digests(folder):
    return {path: hashlib.sha256(path.read_bytes()).digest() for path in folder.rglob("*") if path.is_file()}


def assert_at_its_end(run):
    record = run.record()
    assert record.status == "done"
    assert run.epochs_done() == record.job.settings["epochs"]


@pytest.mark.parametrize("name", RUNS)
def test_a_run_opens_with_its_job_and_its_data(workspace, name):
    record = workspace.find(name).record()
    assert record.status == ("done" if name.endswith("done") else "stopped")
    assert record.job.typed_settings().model_dump(mode="json") == record.job.settings
    assert record.dataset["fingerprint"] == EXPECTED["fingerprints"][name]


@pytest.mark.parametrize("name", ["cnn-done", "vit-done"])
def test_the_calibration_error_is_read_under_the_name_it_has_now(workspace, name):
    run = workspace.find(name)
    before = json.loads(run.record_path.read_text())["result"]["metrics"]
    metrics = run.record().result["metrics"]
    assert "test_ece" not in metrics
    assert metrics["ece"] == before["test_ece"]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_saved_model_gives_what_it_gave(workspace, logits, name):
    model, description = load_model(workspace.find(name).model_folder)
    assert description.settings["layout"] == "earlier"
    np.testing.assert_allclose(says(model, logits["pictures"]), logits[f"{name} model"], atol=1e-5)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_checkpoint_gives_what_it_gave(workspace, logits, name):
    model = from_checkpoint(workspace.find(name))
    np.testing.assert_allclose(says(model, logits["pictures"]), logits[f"{name} checkpoint"], atol=1e-5)


def test_opening_rewrites_nothing(workspace):
    before = digests(workspace.folder)
    for name in RUNS:
        workspace.find(name).record()
    for name in CLASSIFIERS:
        load_model(workspace.find(name).model_folder)
        run = workspace.find(name)
        trained_model(run, Context(run.record().job, workspace))
    assert digests(workspace.folder) == before


@pytest.mark.parametrize("name", STOPPED)
def test_a_stopped_run_goes_on_to_its_end(workspace, name):
    run = workspace.find(name)
    before = run.history_path.read_text() if run.history_path.exists() else ""
    ending, events = do(workspace, None, run=run)
    assert ending.state == "finished", ending
    said = [event.message for event in events if isinstance(event, Log)]
    assert sum(message.startswith("Resuming after") for message in said) == 1
    assert sum("optimizer's state" in message for message in said) == name.startswith("vit")
    assert run.history_path.read_text().startswith(before)
    assert_at_its_end(run)


@pytest.mark.parametrize("backend", [backend for backend in installed_backends() if backend != BACKEND])
def test_a_stopped_run_goes_on_on_another_backend(workspace, backend):
    run = workspace.find("cnn-stopped")
    command = [sys.executable, "-c", RESUME, str(run.folder), backend]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert_at_its_end(run)


@pytest.mark.parametrize("name", EXPECTED["metrics"])
def test_a_run_scores_what_it_scored(workspace, name):
    ending, _ = do(workspace, "evaluate", {"run": name})
    assert ending.state == "finished", ending
    for metric, value in EXPECTED["metrics"][name].items():
        assert ending.result["metrics"][metric] == pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize("name", ["cnn-done", "vit-done"])
def test_a_run_classifies(workspace, logits, tmp_path, name):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number, picture in enumerate(logits["pictures"]):
        Image.fromarray(picture[..., 0]).save(pictures / f"{number}.png")
    ending, _ = do(workspace, "classify", {"run": name, "paths": (str(pictures),)})
    best = [row["label"] for row in ending.result["results"]]
    assert best == [str(digit) for digit in logits[f"{name} model"].argmax(axis=1)]


def test_a_sheet_brings_back_what_made_it_and_is_drawn_again(workspace, tmp_path):
    job = job_of(read_recipe(DATA / "drawn.png"), workspace)
    again = tmp_path / "again.png"
    ending, _ = do(workspace, job.task, {**job.settings, "out": str(again)}, seed=job.seed)
    assert ending.state == "finished", ending
    assert np.abs(decode(again).astype(int) - decode(DATA / "drawn.png")).max() <= 1


def test_a_model_writes_what_it_wrote(workspace):
    settings = {"model": "text-stopped", "prompts": (EXPECTED["prompt"],), "max_tokens": 12, "temperature": 0.0}
    ending, _ = do(workspace, "text", settings)
    assert ending.result["texts"] == [EXPECTED["text"]]


def test_a_job_file_opens():
    (job,) = Job.load(DATA / "job.json")
    assert (job.model, job.seed) == ("vit", 5)
    assert job.typed_settings().model_dump(mode="json") == job.settings


def test_the_windows_choices_are_kept(tmp_path):
    path = Path(shutil.copy(DATA / "window.json", tmp_path))
    preferences = Preferences(path)
    assert preferences.get("language", "system") == "zh_CN"
    assert preferences.get("settings", {}) == {"epochs": 7}
    preferences.save()
    assert json.loads(path.read_text()) == {**json.loads((DATA / "window.json").read_text()), "format": 1}
