"""The command line's entry: assembles the commands, and makes an exit status of how one ends. Knows no job."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from core import __version__
from core.cli.commands.classification import classify
from core.cli.commands.data import check
from core.cli.commands.editing import inpaint, stylize
from core.cli.commands.evaluation import evaluate
from core.cli.commands.installation import doctor
from core.cli.commands.job_files import run
from core.cli.commands.pictures import generate, interpolate
from core.cli.commands.runs import runs
from core.cli.commands.settings import settings
from core.cli.commands.text import text
from core.cli.commands.training import resume, train
from core.cli.console import use_utf8
from core.cli.headless import StoppedError, explain_crash
from core.cli.options import with_options
from core.cli.output import complain, print_json
from core.cli.usage import explain_usage
from core.errors import UserError

BAD_USAGE, INTERRUPTED = 2, 130
UsageError: Any = typer.BadParameter.__base__  # typer has no name of its own for it

# In the order of `--help`: what is there, then training, then what a trained run is good for.
COMMANDS = (
    doctor,
    check,
    train,
    run,
    resume,
    runs,
    evaluate,
    classify,
    generate,
    interpolate,
    inpaint,
    stylize,
    text,
    settings,
)

app = typer.Typer(
    name="pixelwright",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train, classify, generate and caption pictures, offline. Without a command, the window opens.",
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 (typer calls it)
    if wanted:
        sys.stdout.write(f"Pixelwright {__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[  # noqa: FBT002
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Declares what may stand before a command."""


for command in COMMANDS:
    app.command()(with_options(command))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: the words after the program's name; None takes the process's own.

    Returns:
        0 done, 1 a UserError, 2 bad usage, 130 interrupted.
    """
    use_utf8()
    words = list(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(level=logging.INFO, handlers=[_warnings_to_stderr()])
    logging.captureWarnings(capture=True)  # of libraries: they go to the run's log.txt
    try:
        status = app(args=words, prog_name="pixelwright", standalone_mode=False)
        if status == INTERRUPTED:  # what becomes of a Ctrl-C where no job catches it
            raise KeyboardInterrupt
    except UsageError as error:
        _fail(explain_usage(error), as_json="--json" in words)
        return BAD_USAGE
    except UserError as error:
        _fail(error, as_json="--json" in words)
        return 1
    except (StoppedError, KeyboardInterrupt) as error:
        result = getattr(error, "result", {"status": "stopped"})
        hint = f" Go on with: pixelwright resume {result['run']}" if "run" in result else ""
        complain(f"Stopped.{hint}")
        if "--json" in words:
            print_json(result)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 (the outermost: a sentence, not a traceback)
        _fail(explain_crash(error), as_json="--json" in words)
        return 1
    return status if isinstance(status, int) else 0


def _fail(error: UserError, *, as_json: bool) -> None:
    complain(error)
    if as_json:
        print_json({"error": str(error)})


def _warnings_to_stderr() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.CRITICAL)  # failures are reported in a sentence; the trace goes to the run's log.txt
    return handler
