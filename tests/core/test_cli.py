"""The command line inside this process: what needs no backend."""

import json
import zipfile

import pytest
from PIL import Image

from core import cli


@pytest.fixture
def call(tmp_path, capsys, monkeypatch):
    """Runs a command in a workspace of its own, where no backend can be loaded; returns status, stdout and stderr."""

    def refuse(*_):
        raise AssertionError("a backend was asked for")

    monkeypatch.setattr("core.backend.prepare", refuse)
    monkeypatch.setenv("PIXELWRIGHT_WORKSPACE", str(tmp_path / "workspace"))

    def run(*words):
        status = cli.main([str(word) for word in words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def _pictures(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)
    return folder


def _hostile_zip(folder):
    folder.mkdir()
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        archive.writestr("../a/1.png", b"")
    return folder / "set.zip"


def _empty(folder):
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_empty, "No pictures found"),
        (lambda folder: _pictures(folder, "1.png", "2.png"), "lie in no class folders"),
        (lambda folder: _pictures(folder, "cats/1.png", "cats/2.png"), "only one class"),
        (_hostile_zip, "not safe to read"),
        (lambda folder: folder, "There is no file, folder"),
        (lambda _: "shapes-clips", "not single pictures"),
    ],
)
def test_a_mistake_in_the_data_is_told_before_a_backend_is_loaded_or_a_run_made(call, tmp_path, make, said):
    data = make(tmp_path / "data")
    status, _, stderr = call("train", "cnn", "--data", data)
    assert (status, said in stderr) == (1, True), stderr
    (tmp_path / "job.json").write_text(json.dumps({"task": "train", "model": "cnn", "settings": {"data": str(data)}}))
    status, _, stderr = call("run", tmp_path / "job.json")
    assert (status, said in stderr) == (1, True), stderr
    assert not (tmp_path / "workspace" / "runs").exists()
