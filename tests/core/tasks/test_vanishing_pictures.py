"""Pictures that vanish while a set that no cache holds is trained on: a sentence on every backend, and resumable."""

import numpy as np
import pytest
from in_process import BACKEND, do
from PIL import Image

from core.data import cache, reading
from core.errors import UserError
from core.events import Progress
from core.jobs import Job
from core.runs.run import Workspace


@pytest.fixture
def pictures(tmp_path):
    rng = np.random.default_rng(0)
    for label, low in (("a", 0), ("b", 128)):
        (tmp_path / "set" / label).mkdir(parents=True)
        for number in range(60):
            picture = rng.integers(low, low + 128, (8, 8), np.uint8)
            Image.fromarray(picture).save(tmp_path / "set" / label / f"{number}.png")
    return tmp_path / "set"


@pytest.mark.parametrize("phase", ["train", "validate", "evaluate"])
def test_a_training_ends_in_a_sentence_and_goes_on_once_they_are_back(tmp_path, pictures, monkeypatch, phase):
    monkeypatch.setattr(cache, "MAX_BYTES", 0)
    monkeypatch.setattr(reading, "MEMORY_BYTES", 0)
    workspace = Workspace(tmp_path / "workspace")
    settings = {"data": str(pictures), "size": "tiny", "epochs": 2, "batch_size": 8}
    run, _ = workspace.create_run(Job(task="train", model="cnn", settings=settings, backend=BACKEND))

    def hide(event, context):
        if isinstance(event, Progress) and event.phase == phase and pictures.is_dir():
            pictures.rename(tmp_path / "away")

    ending, _ = do(workspace, "train", run=run, act=hide)
    assert ending.state == "failed"
    said = str(UserError(ending.message, hint=ending.hint, **ending.values))
    assert "can no longer be read. It is not there. Put it back as it was" in said
    assert run.record().status == "failed"
    (tmp_path / "away").rename(pictures)
    ending, _ = do(workspace, "train", run=run)
    assert ending.state == "finished", ending
    assert ending.result["epochs"] == 2
