"""The options that commands share, each spelt once, and what hands them to a command. Knows no command."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

SET_HELP = "Any field of the settings, which `pixelwright settings` lists."
Folder = Annotated[Path | None, typer.Option("--workspace", metavar="DIR", help="Where runs and caches lie.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line on stdout.")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="The source of all randomness.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help=SET_HELP)]
Backend = Annotated[str, typer.Option(help="tensorflow, jax or torch; empty takes the run's or the first installed.")]
Device = Annotated[str, typer.Option(help="auto, cpu or gpu:N.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="Id, name or folder.")]


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What every command takes: the workspace's folder, and whether the result is printed as JSON."""

    workspace: Folder = None
    as_json: AsJson = False


@dataclass(frozen=True, kw_only=True)
class JobOptions(Shared):
    """What a command takes that makes a job: a seed, and any field of its settings."""

    seed: Seed = 0
    settings: Set = None


@dataclass(frozen=True, kw_only=True)
class ModelOptions(JobOptions):
    """What a command takes whose job runs a model: the backend and the device too."""

    backend: Backend = ""
    device: Device = "auto"


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Returns the command as typer reads it: with an option for each field of its last parameter.

    Args:
        command: a function whose last parameter is a `Shared`, or a class made from it.
    """
    *own, last = inspect.signature(command, eval_str=True).parameters.values()
    kind = last.annotation
    defaults = {field.name: field.default for field in fields(kind)}
    hints = get_type_hints(kind, include_extras=True)
    # The class's own fields before those it has from others, so `--help` ends with what every command takes.
    names = [name for part in kind.__mro__ for name in inspect.get_annotations(part)]

    @functools.wraps(command)
    def called(**words: Any) -> None:
        shared = kind(**{name: words.pop(name) for name in names})
        command(**words, **{last.name: shared})

    keyword = inspect.Parameter.KEYWORD_ONLY
    shared = [inspect.Parameter(name, keyword, default=defaults[name], annotation=hints[name]) for name in names]
    parameters = [*(parameter.replace(kind=keyword) for parameter in own), *shared]
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return called
