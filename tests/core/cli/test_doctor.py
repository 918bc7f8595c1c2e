import sys
from pathlib import Path
from types import SimpleNamespace

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


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ImportError(), "ImportError"),
        (ImportError("\n\n"), "ImportError"),
        (OSError(2, "No such file"), "FileNotFoundError: [Errno 2] No such file"),
        (ImportError("DLL load failed\nmore"), "ImportError: DLL load failed"),
        (SystemExit(1), "SystemExit: 1"),
    ],
)
def test_a_broken_backend_is_told_even_where_its_error_says_nothing(monkeypatch, error, said):
    def broken(*_):
        raise error

    sent = []
    monkeypatch.setattr("core.engine.backend.prepare", broken)
    doctor._report_devices(SimpleNamespace(send=sent.append), "jax")
    assert sent == [{"devices": [], "error": said}]
