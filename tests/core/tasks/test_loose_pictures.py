"""A GAN learns from a folder of pictures that lie in no class folders, and can't be taken for a classifier."""

import keras
import numpy as np
import pytest
from PIL import Image

from core.context import Context
from core.engine.engine import make_run, run_job
from core.errors import UserError
from core.evaluation import own_extractor
from core.events import Log
from core.jobs import Job
from core.runs.run import Workspace

BACKEND = keras.backend.backend()
SETTINGS = {"size": "tiny", "filters": 8, "epochs": 1, "measure_epochs": 0, "snapshots": 0, "batch_size": 16}


@pytest.fixture
def pictures(tmp_path):
    """Sixty bars of different lengths, 8 px a side."""
    folder = tmp_path / "bars"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(60):
        picture = random.integers(0, 60, (8, 8), dtype=np.uint8)
        picture[random.integers(8), : random.integers(3, 9)] = 230
        Image.fromarray(picture).save(folder / f"{number}.png")
    return folder


def test_pictures_in_no_class_folders(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(own_extractor, "PIXELS", 600 * 32 * 32)
    monkeypatch.setattr(own_extractor, "FEWEST_SAMPLES", 600)
    workspace = Workspace(tmp_path / "workspace")
    with pytest.raises(UserError, match="no class folders"):
        make_run(Job(task="train", model="cnn", settings={"data": str(pictures)}, backend=BACKEND), workspace)
    settings = {**SETTINGS, "data": str(pictures)}
    run, job = make_run(Job(task="train", model="dcgan", settings=settings, backend=BACKEND), workspace)
    events = []
    ending = run_job(Context(job, workspace, run, listener=events.append))
    assert ending.state == "finished", ending.trace
    said = [event.message for event in events if isinstance(event, Log) and event.level == "warning"]
    assert any("the last epoch is kept" in message for message in said)
    assert any("few for a GAN" in message for message in said)
    assert ending.result["collapse"]["kinds"] > 1  # told beside the pictures learnt from: twelve held back are too few
    assert ending.result["classes"] == ["bars"]
    assert "agreement" not in ending.result["metrics"]
    assert ending.result["metrics"]["fid"] > 0

    described = run_job(Context(Job(task="describe", model="dcgan", settings=settings, backend=BACKEND), workspace))
    assert described.result["parameters"] == ending.result["parameters"]

    wrong = Job(task="classify", settings={"run": run.id, "paths": [str(pictures)]}, backend=BACKEND)
    ending = run_job(Context(wrong, workspace))
    assert ending.state == "failed"
    assert ending.message.startswith("The run '{run}' can't classify")
