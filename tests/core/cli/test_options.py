import inspect
from typing import Annotated

import pytest
import typer

from core.cli.main import COMMANDS
from core.cli.options import JobOptions, ModelOptions, Shared, with_options

SHARED = {"--workspace", "--json"}
OF_A_MODEL = {"--backend", "--device", "--seed", "--set"}
RUN_NO_MODEL = {"doctor", "check", "run", "runs", "settings"}


@pytest.fixture
def paint():
    """Runs a command of four options of its own kind with words; returns what it was given."""
    given = []

    def paint(colour: str, width: Annotated[int, typer.Option(help="How wide.")] = 1, *, shared: ModelOptions) -> None:
        """Paint."""
        given.extend([colour, width, shared])

    app = typer.Typer()
    app.command()(with_options(paint))

    def run(*words):
        app(args=list(words), standalone_mode=False)
        return given

    return run


def test_a_command_is_given_its_own_words_and_the_shared_ones(paint, tmp_path):
    words = ("--set", "a=1", "--set", "b=2", "--seed", "3", "--workspace", str(tmp_path), "--json")
    colour, width, shared = paint("red", "--width", "4", "--device", "cpu", *words)
    assert (colour, width) == ("red", 4)
    expected = {"settings": ["a=1", "b=2"], "seed": 3, "workspace": tmp_path, "as_json": True}
    assert shared == ModelOptions(device="cpu", **expected)


def test_what_is_not_given_has_its_usual_value(paint):
    assert paint("red") == ["red", 1, ModelOptions()]


def test_what_every_command_takes_stands_last_in_its_help():
    def command(*, shared: JobOptions) -> None:
        """Do."""

    assert list(inspect.signature(with_options(command)).parameters) == ["seed", "settings", "workspace", "as_json"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_every_command_takes_what_scripts_rely_on(call, command):
    *_, last = inspect.signature(command, eval_str=True).parameters.values()
    assert issubclass(last.annotation, Shared)
    status, stdout, _ = call(command.__name__, "--help")
    named = {word for word in stdout.split() if word.startswith("--")}
    assert (status, named >= SHARED) == (0, True)
    if command.__name__ == "resume":  # seed and settings are the run's
        assert named >= {"--backend", "--device"}
    elif command.__name__ not in RUN_NO_MODEL:
        assert named >= OF_A_MODEL
