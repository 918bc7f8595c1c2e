"""Runs of a GAN in a workspace, as a training leaves them, for tests of the window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.events import Images
from core.jobs import Job
from core.runs.recipe import Recipe
from core.runs.run import Run, Workspace

CLASSES = ["0", "1", "2"]


def make_gan_run(workspace: Workspace, *, name: str = "", classes: list[str] = CLASSES, ages=(1, 5, 10)) -> Run:
    """Makes the folder of a run that is done; it holds no weights, so that only a fake engine can use it."""
    run, _ = workspace.create_run(
        Job(task="train", model="dcgan", settings={"data": "digits"}, name=name, backend="tensorflow")
    )
    run.update(status="done", dataset={"classes": classes, "counts": {}}, result={"kept_epoch": 10, "epochs": 10})
    run.model_folder.mkdir()
    (run.model_folder / "model.json").write_text("{}")
    for age in ages:
        (run.snapshots / f"{age:06d}").mkdir(parents=True)
    return run


def drawn(job: Job, epoch: int = 10) -> Images:
    """What the engine reports of a sheet: picture k is k grey."""
    numbers = range(job.settings["first"], job.settings["first"] + job.settings["count"])
    labels = [job.settings["label"] or CLASSES[number % len(CLASSES)] for number in numbers]
    return Images(
        "drawn",
        tuple(np.full((4, 4, 1), number, np.uint8) for number in numbers),
        tuple(
            {"seed": job.seed, "number": number, "label": label, "epoch": epoch}
            for number, label in zip(numbers, labels, strict=True)
        ),
    )


def save_with_recipe(path: Path, job: Job, run: Run, epoch: int = 10) -> Path:
    """Writes a PNG as the task does."""
    texts = PngInfo()
    texts.add_text("pixelwright", Recipe.of(job, run, epoch).text())
    Image.new("L", (8, 8)).save(path, pnginfo=texts)
    return path


def way(job: Job, epoch: int = 10) -> Images:
    """What the engine reports of a way: picture k is k grey."""
    steps = job.settings["steps"]
    return Images(
        "interpolation",
        tuple(np.full((4, 4, 1), place, np.uint8) for place in range(steps)),
        tuple(
            {"place": place, "share": place / (steps - 1), "label": "1" if 2 * place < steps else "2", "epoch": epoch}
            for place in range(steps)
        ),
    )
