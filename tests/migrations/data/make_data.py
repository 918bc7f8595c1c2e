"""Makes `data/`: small files as one version of the program writes them, and what that version makes of them.

To be run with the version whose files are wanted: `PYTHONPATH=CHECKOUT python make_data.py FOLDER`.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from core.backend import prepare
from core.models.saved import load_model
from core.picture_files import read_recipe
from core.tasks.trained import trained_model

from core.context import Context
from core.engine import make_run, run_job
from core.events import Metric
from core.jobs import Job
from core.runs import Workspace
from desktop_app.preferences import Preferences

SHARES = {"test_share": 0.1, "validation_share": 0.05}
PICTURES = {"data": "digits", "size": "tiny", "checkpoint_s": 86400, **SHARES}
CNN = {**PICTURES, "filters": 4, "dense": 16}
VIT = {**PICTURES, "layers": 1, "width": 16, "epochs": 3}
TEXT = {"vocabulary": 300, "layers": 1, "width": 16, "heads": 2, "context": 64}
GAN = {
    "conditional": False,
    "latent": 8,
    "filters": 4,
    "judge": "cnn-done",
    "measure_count": 50,
    "snapshots": 1,
    "epochs": 3,
}
RUNS = {  # name -> model, settings, the step it is stopped after
    "cnn-done": ("cnn", {**CNN, "epochs": 2}, 0),
    "cnn-stopped": ("cnn", {**CNN, "epochs": 3}, 40),
    "vit-done": ("vit", {**VIT, "epochs": 2}, 0),
    "vit-token": ("vit", VIT, 40),
    "vit-mean": ("vit", {**VIT, "readout": "mean"}, 40),
    "vit-token-anywhere": ("vit", {**VIT, "position": False}, 40),
    "vit-mean-anywhere": ("vit", {**VIT, "position": False, "readout": "mean"}, 40),
    "gan-stopped": ("dcgan", {**PICTURES, **GAN}, 30),
    "text-stopped": ("gpt2", {"data": "shapes", "size": "tiny", "epochs": 1, "checkpoint_s": 86400, **TEXT}, 150),
}
PROMPT = "a large red"
PREFERENCES = {"language": "zh_CN", "theme": "dark", "panel": "training", "model": "vit", "settings": {"epochs": 7}}


def do(workspace, task, settings, model="", name="", stop_after=0):
    job = Job(task=task, model=model, settings=settings, backend="tensorflow", seed=5, name=name)
    context = None

    def listener(event):
        if stop_after and isinstance(event, Metric) and event.step >= stop_after:
            context.cancel()

    run, job = make_run(job, workspace) if task == "train" else (None, job)
    context = Context(job, workspace, run, listener)
    ending = run_job(context)
    assert ending.state == ("cancelled" if stop_after else "finished"), ending
    return run, ending.result


def train(workspace):
    for name, (model, settings, stop_after) in RUNS.items():
        run, _ = do(workspace, "train", settings, model, name, stop_after)
        run.folder.rename(run.folder.with_name(name))


def expect(workspace, folder, pictures):
    """Writes down what this version makes of the runs: from the model that is kept, and from the newest checkpoint."""
    logits = {}
    for name, (model, _, _) in RUNS.items():
        run = workspace.find(name)
        context = Context(run.record().job, workspace)
        if model in ("cnn", "vit"):
            network, _ = load_model(run.model_folder)
            logits[f"{name} model"] = np.asarray(network(pictures))
            aside = run.model_folder.rename(run.folder / "aside")
            logits[f"{name} checkpoint"] = np.asarray(trained_model(run, context)[0](pictures))
            aside.rename(run.model_folder)
    np.savez_compressed(folder / "expected.npz", pictures=pictures.astype(np.uint8), **logits)
    _, told = do(
        workspace, "text", {"model": "text-stopped", "prompts": (PROMPT,), "max_tokens": 12, "temperature": 0.0}
    )
    _, drawn = do(workspace, "generate", {"run": "gan-stopped", "count": 10, "out": str(folder / "drawn.png")})
    assert read_recipe(folder / "drawn.png")
    scored = {name: do(workspace, "evaluate", {"run": name})[1]["metrics"] for name in ("cnn-done", "vit-done")}
    expected = {"prompt": PROMPT, "text": told["texts"][0], "metrics": scored, "drawn": len(drawn["files"])}
    expected["fingerprints"] = {name: workspace.find(name).record().dataset["fingerprint"] for name in RUNS}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


def slim(runs):
    """Leaves out what is not opened: older checkpoints, samples, logs, the file for use elsewhere."""
    for run in runs.iterdir():
        for checkpoint in sorted((run / "checkpoints").iterdir())[:-1]:
            shutil.rmtree(checkpoint)
        for path in (run / "samples", run / "snapshots", run / "judge", run / "own_judge"):
            shutil.rmtree(path, ignore_errors=True)
        for path in (run / "log.txt", run / "run.lock", run / "report.html", run / "model" / "model.keras"):
            path.unlink(missing_ok=True)


def main(folder):
    prepare("tensorflow", "cpu", 0)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as temporary:
        workspace = Workspace(Path(temporary))
        train(workspace)
        slim(workspace.runs_folder)
        pictures = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1)).astype("float32")
        expect(workspace, folder, pictures)
        slim(workspace.runs_folder)
        shutil.copytree(workspace.runs_folder, folder / "runs")
    Job(task="train", model="vit", settings=VIT, backend="tensorflow", seed=5).complete().save(folder / "job.json")
    preferences = Preferences(folder / "window.json")
    for name, value in PREFERENCES.items():
        preferences.set(name, value)
    preferences.save()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
