"""Texts on the command line as a user meets it: a process, its exit status, its last line of JSON."""

import json
import subprocess
import sys

import keras_backend  # noqa: F401
import pytest

from core.cli.main import main

QUICK = ("--size", "tiny", "--epochs", "2", "--set", "layers=1", "--set", "width=32", "--set", "vocabulary=300")


def pixelwright(*words, status=0):
    command = [sys.executable, "-m", "desktop_app", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=280)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout.splitlines()[-1]) if "--json" in words else done.stdout + done.stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place") / "texts"
    folder.mkdir()
    (folder / "story.txt").write_text("".join(f"The {number % 7} cats saw {number} mice.\n" for number in range(900)))
    (folder / "old.txt").write_bytes("Voilà l'été.\n".encode("latin-1") * 30)
    (folder / "picture.txt").write_bytes(b"\x89PNG\x00")
    return folder.parent  # the workspace beside the texts, not among them: a run holds a .txt too


@pytest.fixture(scope="module")
def trained(place):
    words = ("--data", place / "texts", *QUICK, "--name", "cats", "--workspace", place / "workspace", "--json")
    return pixelwright("train", "gpt2", *words)


def test_train_returns_what_scripts_rely_on(trained):
    assert set(trained) >= {"run", "metrics", "epochs", "samples_per_s", "train_s"}
    assert trained["metrics"]["perplexity"] > 1
    assert trained["epochs"] == 2


@pytest.fixture
def here(place, capsys):
    """Runs a command in this process, which holds a backend already; returns its object of JSON."""

    def run(*words):
        status = main([*map(str, words), "--workspace", str(place / "workspace"), "--json"])
        stdout, stderr = capsys.readouterr()
        assert status == 0, stderr
        return json.loads(stdout.splitlines()[-1])

    return run


def test_evaluate_tells_the_perplexity(trained, here):
    result = here("evaluate", "cats")
    assert result["metrics"]["perplexity"] == pytest.approx(trained["metrics"]["perplexity"], rel=1e-4)


def test_text_writes_with_the_run(trained, here):
    result = here("text", "cats", "--prompt", "The", "--max-tokens", 5, "--temperature", 0)
    assert result["texts"][0].startswith("The")
    assert 1 <= len(result["tokens"][0]) <= 5


def test_a_gpt2_folder_is_gone_on_from(trained, here, place):
    base = place / "workspace" / "runs" / trained["run"] / "model"
    result = here("train", "gpt2", "--data", place / "texts" / "story.txt", "--gpt2", base, "--epochs", 1)
    assert result["parameters"] == trained["parameters"]
    assert result["metrics"]["perplexity"] < trained["metrics"]["perplexity"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--data", "nowhere.txt"), "no file, folder or embedded text 'nowhere.txt'"),
        (("--data", "shapes", "--set", "crop=0.2"), "no setting 'crop'"),
        (("--data", "shapes", "--set", "heads=3"), "heads must divide width"),
    ],
)
def test_mistakes_are_one_sentence(place, words, reason):
    told = pixelwright("train", "gpt2", *words, "--workspace", place / "other", status=1)
    assert reason in told
    assert not (place / "other").exists()
