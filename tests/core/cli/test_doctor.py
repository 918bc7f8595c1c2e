import sys
from pathlib import Path

import pytest

from core import catalog
from core.cli import doctor


def test_each_backend_is_told_before_the_next_is_looked_at(tmp_path, monkeypatch):
    order = []

    def look(name):
        order.append(name)
        return {"devices": ["cpu:0"], "error": ""} if name == "jax" else {"devices": [], "error": "crashed"}

    monkeypatch.setattr(doctor, "installed_backends", lambda: ["tensorflow", "jax"])
    monkeypatch.setattr(doctor, "_import_elsewhere", look)
    found = doctor.examine(tmp_path / "new", order.append)
    assert order[0].startswith("Pixelwright ")
    assert str(tmp_path / "new") in order[1]
    assert order[2] == "tensorflow"
    assert order[3] == "TensorFlow: crashed (pip install tensorflow)"
    assert order[4] == "jax"
    assert order[5].startswith("JAX ")
    assert order[5].endswith(": cpu:0")
    assert order[6] == 'PyTorch: not installed (pip install "pixelwright[torch]")'
    assert found["devices"] == ["jax: cpu:0"]
    assert list(found["backends"]) == list(catalog.BACKENDS)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc takes no new folder, whoever asks")
def test_a_workspace_that_cannot_be_made_is_told_in_one_line(monkeypatch):
    lines = []
    monkeypatch.setattr(doctor, "installed_backends", list)
    found = doctor.examine(Path("/proc/ws"), lines.append)
    assert found["workspace"]["writable"] is False
    assert lines[1] == "Workspace: /proc/ws (cannot be written: name another with --workspace)"


def test_a_workspace_that_is_not_there_yet_can_be_made(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "installed_backends", list)
    assert doctor.examine(tmp_path / "a" / "b")["workspace"]["writable"] is True
    assert list(tmp_path.iterdir()) == []
