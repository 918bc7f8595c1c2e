import pytest
from PIL import Image

from core.cli import main as cli
from core.jobs import Job
from core.runs.run import Workspace


@pytest.fixture
def call(tmp_path, capsys, monkeypatch):
    """Runs a command in a workspace of its own, where no backend can be loaded; returns status, stdout and stderr."""

    def refuse(*_):
        raise AssertionError("a backend was asked for")

    monkeypatch.setattr("core.engine.backend.prepare", refuse)
    monkeypatch.setenv("PIXELWRIGHT_WORKSPACE", str(tmp_path / "workspace"))

    def run(*words):
        status = cli.main([str(word) for word in words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def make_pictures():
    """Writes small grey pictures into a folder; returns the folder."""

    def make(folder, *names):
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8)).save(path)
        return folder

    return make


@pytest.fixture
def run_id(tmp_path):
    """A run that was stopped."""
    made, _ = Workspace(tmp_path / "workspace").create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    made.update(status="stopped")
    return made.id


@pytest.fixture
def gan_id(tmp_path):
    """A run of a GAN that was stopped."""
    job = Job(task="train", model="dcgan", settings={"data": "digits"})
    made, _ = Workspace(tmp_path / "workspace").create_run(job)
    made.update(status="stopped", dataset={"classes": ["1", "2", "eight"]})
    return made.id


@pytest.fixture
def text_id(tmp_path):
    """A run of a language model that was stopped."""
    job = Job(task="train", model="gpt2", settings={"data": "shapes"})
    made, _ = Workspace(tmp_path / "workspace").create_run(job)
    made.update(status="stopped")
    return made.id
