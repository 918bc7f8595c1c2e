from __future__ import annotations

import os
import subprocess
import sys

import pytest

from desktop_app import display

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lacks displays")


def _start(**environment) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    kept.pop("QT_QPA_PLATFORM", None)
    return subprocess.run(
        [sys.executable, "-m", "desktop_app"],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_display_one_sentence_names_the_command_line():
    done = _start()
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no display" in done.stderr
    assert "pixelwright train cnn --data digits" in done.stderr


def test_a_display_that_does_not_answer_is_one_sentence():
    done = _start(DISPLAY=":4711")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_an_unknown_platform_is_one_sentence():
    done = _start(QT_QPA_PLATFORM="nonsense")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "nonsense" in done.stderr


def test_a_missing_library_names_its_package(monkeypatch):
    def fail(name):
        return f"{name}: cannot open shared object file" if "EGL" in str(name) else ""

    monkeypatch.setattr(display, "_load_failure", fail)
    monkeypatch.setenv("DISPLAY", ":0")
    assert "apt-get install libegl1" in display.problem([])


def test_a_missing_plugin_library_names_its_package(monkeypatch):
    def fail(name):
        gone = str(name) == "libxcb-cursor.so.0" or str(name).endswith("libqxcb.so")
        return "libxcb-cursor.so.0: cannot open shared object file" if gone else ""

    monkeypatch.setattr(display, "_load_failure", fail)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    assert "apt-get install libxcb-cursor0" in display.problem([])


def test_an_import_that_fails_names_the_package():
    error = ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
    assert "apt-get install libegl1" in display.explain_import(error)


def test_off_screen_needs_no_display(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert display.problem([]) == ""


def test_a_command_goes_to_the_command_line(monkeypatch):
    import desktop_app.__main__ as entry

    seen = []
    monkeypatch.setattr("core.cli.main.main", lambda arguments: seen.append(arguments) or 3)
    assert entry.main(["runs", "--json"]) == 3
    assert seen == [["runs", "--json"]]
