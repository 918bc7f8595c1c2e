"""What holds for `--set` of every command that makes a job."""

import inspect
import sys

import pytest

from core import catalog
from core.cli.headless import StoppedError
from core.cli.main import COMMANDS
from core.cli.options import JobOptions

# What each must be given.
WORDS = {
    "check": ("digits",),
    "train": ("cnn", "--data", "digits"),
    "evaluate": ("CNN",),
    "classify": ("CNN", "a.png"),
    "generate": ("GAN", "--out", "a.png"),
    "interpolate": ("GAN", "--out", "a.png"),
    "inpaint": ("GAN", "photo.png", "--mask", "photo.png", "--out", "a.png"),
    "stylize": ("--content", "photo.png", "--style", "photo.png", "--backbone", "CNN", "--out", "a.png"),
    "text": ("TEXT",),
}
NAMED = {"run", "paths", "data", "out", "picture", "mask", "content", "style", "backbone", "model"}


def test_every_command_that_takes_set_is_here():
    assert set(WORDS) == {command.__name__ for command in COMMANDS if _takes_set(command)}


def _takes_set(command):
    *_, shared = inspect.signature(command, eval_str=True).parameters.values()
    return issubclass(shared.annotation, JobOptions)


@pytest.mark.parametrize("command", WORDS)
def test_what_is_set_holds_where_its_option_is_not_given(
    call, run_id, gan_id, text_id, make_pictures, tmp_path, monkeypatch, command
):
    jobs = []

    def keep(job, *_):
        jobs.append(job)
        raise StoppedError({})

    (function,) = (one for one in COMMANDS if one.__name__ == command)
    monkeypatch.setattr(sys.modules[function.__module__], "run_here", keep)
    monkeypatch.chdir(make_pictures(tmp_path, "photo.png"))
    words = [{"CNN": run_id, "GAN": gan_id, "TEXT": text_id}.get(word, word) for word in WORDS[command]]
    given = NAMED - ({"data"} if command == "evaluate" else set())
    for name in _settings(command).model_fields.keys() - given:
        assert call(command, *words, "--set", f"{name}=that")[0] == 130, name
        assert jobs[-1].settings[name] == "that"


def _settings(command):
    row = catalog.TASKS[command]
    return catalog.load(row.settings or catalog.MODELS["cnn"].settings)
