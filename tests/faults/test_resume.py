"""A training that is killed goes on as if nothing had happened: real processes, real kills."""

import random
import shutil
import subprocess
import sys
import time
from copy import copy

import keras_backend  # noqa: F401
import numpy as np
import pytest
from in_process import do

from core.data.decode import decode
from core.events import Log
from core.files.sealed import unseal_versioned
from core.jobs import Job, default_backend, installed_backends
from core.runs.run import Run, Workspace

CHILD = """
import sys
from pathlib import Path
from core.context import Context
from core.engine.engine import run_job
from core.events import Log
from core.runs.run import Run, Workspace

run = Run(Path(sys.argv[1]))
workspace = Workspace(Path(sys.argv[2]))
def listen(event):
    if isinstance(event, Log):
        print(event.level, event.message, event.values, flush=True)
ending = run_job(Context(run.record().job, workspace, run, listen))
print(ending.state, ending.trace, flush=True)
sys.exit(ending.state != "finished")
"""


class Training:
    """One run, trained by processes that may be killed."""

    def __init__(self, folder, backend, epochs, model="cnn", **settings):
        self.workspace = Workspace(folder)
        chance = {} if model == "dcgan" else {"dropout": 0.3}
        settings = {"size": "tiny", "epochs": epochs, "checkpoint_s": 1.0, **chance, **settings}
        self.run, _ = self.workspace.create_run(
            Job(task="train", model=model, settings=settings, backend=backend, device="cpu", seed=1)
        )

    def copied(self, folder):
        """Returns the same training, with a run of its own that holds what this one's does."""
        other = copy(self)
        other.workspace = Workspace(shutil.copytree(self.workspace.folder, folder, dirs_exist_ok=True))
        other.run = Run(other.workspace.runs_folder / self.run.id)
        return other

    def start(self):
        command = [sys.executable, "-c", CHILD, str(self.run.folder), str(self.workspace.folder)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, timeout_s=280):
        process = self.start()
        out, err = process.communicate(timeout=timeout_s)
        assert process.returncode == 0, out + err[-3000:]
        return out

    def history(self):
        return self.run.history_path.read_bytes() if self.run.history_path.exists() else b""

    def kill_when(self, process, due, timeout_s=120):
        """Kills the process once `due()` holds; returns history.csv as it then was."""
        end = time.monotonic() + timeout_s
        while process.poll() is None and not due():
            assert time.monotonic() < end
            time.sleep(0.0005)
        process.kill()
        process.communicate()
        return self.history()

    def writing(self):
        folder = self.run.checkpoints
        return folder.is_dir() and any(path.name.startswith(".tmp-") for path in folder.iterdir())

    def newest(self):
        path = sorted(path for path in self.run.checkpoints.iterdir() if path.name[0] != ".")[-1]
        return path.name, unseal_versioned(path)[1]["variables.safetensors"]


def rows(history):
    return max(0, len(history.splitlines()) - 1)


def assert_equal(cut, whole):
    assert cut.history() == whole.history()
    epochs = [int(line.split(b",")[0]) for line in cut.history().splitlines()[1:]]
    assert epochs == list(range(len(epochs)))
    assert cut.newest() == whole.newest()


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A training of six epochs that was killed after three. Nobody changes its run: copy it."""
    training = Training(tmp_path_factory.mktemp("killed"), default_backend(), 6)
    training.kill_when(training.start(), lambda: rows(training.history()) >= 3)
    return training


def test_killed_halfway_and_resumed(killed, tmp_path):
    whole = Training(tmp_path / "whole", default_backend(), 6)
    whole.finish()
    cut, earlier = killed.copied(tmp_path / "cut"), killed.history()
    assert cut.workspace.mark_interrupted()[0].id == cut.run.id
    cut.finish()
    assert cut.history().startswith(earlier)
    assert_equal(cut, whole)
    assert cut.run.record().status == "done"


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("backend", installed_backends())
def test_twenty_five_kills(tmp_path, backend):
    """Half of them inside a checkpoint write. Ends bit-equal on each backend, on a CPU."""
    chance = random.Random(3)
    epochs = 40
    whole = Training(tmp_path / "whole", backend, epochs)
    whole.finish()
    cut = Training(tmp_path / "cut", backend, epochs)
    inside = 0
    for kill in range(25):
        before = cut.history()
        process = cut.start()
        goal = min(rows(before) + chance.randint(1, 2), epochs - 1)
        if kill % 2:
            after = cut.kill_when(process, lambda goal=goal: rows(cut.history()) >= goal and cut.writing())
            inside += any(path.name.startswith(".tmp-") for path in cut.run.checkpoints.iterdir())
        else:
            moment = time.monotonic() + chance.uniform(0.5, 12.0)
            after = cut.kill_when(
                process, lambda moment=moment, goal=goal: time.monotonic() > moment or rows(cut.history()) >= goal
            )
        assert after.startswith(before[: before.rfind(b"\n") + 1])
    assert inside >= 8
    cut.finish()
    assert_equal(cut, whole)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", installed_backends())
def test_killed_halfway_on_each_backend(tmp_path, backend):
    whole = Training(tmp_path / "whole", backend, 4)
    whole.finish()
    cut = Training(tmp_path / "cut", backend, 4)
    cut.kill_when(cut.start(), lambda: rows(cut.history()) >= 2)
    cut.finish()
    assert_equal(cut, whole)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", installed_backends())
def test_a_language_model_killed_halfway_on_each_backend(tmp_path, backend):
    texts = {"model": "gpt2", "data": "shapes", "count": 400}
    whole = Training(tmp_path / "whole", backend, 4, **texts)
    whole.finish()
    cut = Training(tmp_path / "cut", backend, 4, **texts)
    cut.kill_when(cut.start(), lambda: rows(cut.history()) >= 2)
    cut.finish()
    assert_equal(cut, whole)


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("backend", installed_backends())
def test_ten_kills_of_a_gan(tmp_path, backend):
    """Half of them inside a checkpoint write; others while its judge is trained, or while it draws and measures."""
    chance = random.Random(4)
    epochs = 12
    settings = {"model": "dcgan", "measure_epochs": 2, "snapshots": 4}
    whole = Training(tmp_path / "whole", backend, epochs, **settings)
    whole.finish(900)
    cut = Training(tmp_path / "cut", backend, epochs, **settings)
    for kill in range(10):
        before = cut.history()
        process = cut.start()
        goal = min(rows(before) + 1, epochs - 1)
        if kill % 2:
            after = cut.kill_when(process, lambda goal=goal: rows(cut.history()) >= goal and cut.writing())
        else:
            moment = time.monotonic() + chance.uniform(3.0, 40.0)
            after = cut.kill_when(
                process, lambda moment=moment, goal=goal: time.monotonic() > moment or rows(cut.history()) >= goal
            )
        assert after.startswith(before[: before.rfind(b"\n") + 1])
    cut.finish(900)
    assert_equal(cut, whole)
    for folder in ("samples", "snapshots"):
        names = sorted(path.name for path in (whole.run.folder / folder).iterdir())
        assert sorted(path.name for path in (cut.run.folder / folder).iterdir()) == names
    last = f"{epochs:06d}.png"
    assert np.array_equal(decode(cut.run.samples / last), decode(whole.run.samples / last))
    assert cut.run.record().result["metrics"] == whole.run.record().result["metrics"]


@pytest.mark.parametrize("file", ["variables.safetensors", "manifest.json"])
def test_a_damaged_checkpoint_is_told_and_costs_no_more_than_its_epoch(killed, tmp_path, file):
    training = killed.copied(tmp_path)
    newest = training.run.checkpoints / training.newest()[0]
    content = bytearray((newest / file).read_bytes())
    content[np.random.default_rng(0).integers(len(content))] ^= 1
    (newest / file).write_bytes(content)
    ending, events = do(training.workspace, "train", run=training.run)
    assert ending.state == "finished", ending.trace
    told = [event for event in events if isinstance(event, Log) and "is damaged" in event.message]
    assert newest.name in str(told[0].values)
    assert rows(training.history()) == 6
