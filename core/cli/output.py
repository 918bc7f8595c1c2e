"""Prints what a command returns: lines for people, or one JSON object."""

from __future__ import annotations

import json
import sys
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from core.cli.options import Shared
from core.cli.visible import Visible, visible
from core.errors import fill

SHARES = ("accuracy", "agreement")  # how the names of metrics end that are told in percent
PIPE_WIDTH = 10_000  # no row of a table is folded for a program that reads it

Line = str | Table


def output(result: dict[str, Any], shared: Shared, *lines: Line) -> None:
    """Prints a result; one that holds an error is printed too, and ends the command with status 1.

    Args:
        result: what `--json` prints, on one line.
        shared: the command's options, which say whether that is wanted.
        lines: what is printed else: text, or tables of rich; they may hold names and messages from anywhere.
    """
    if shared.as_json:
        print_json(result)
    else:
        width = None if sys.stdout.isatty() else PIPE_WIDTH
        console = Console(highlight=False, soft_wrap=True, width=width)
        for line in lines:
            console.print(visible(line) if isinstance(line, str) else Visible(line), markup=False)
    if error := result.get("error"):
        complain(error)
        raise typer.Exit(1)


def complain(text: object) -> None:
    """Prints a line on stderr, which may hold names and messages from anywhere."""
    sys.stderr.write(f"{visible(text)}\n")


def print_json(result: dict[str, Any]) -> None:
    """Prints the result as the last line on stdout."""
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()


def metric_lines(metrics: dict[str, Any]) -> list[str]:
    """Returns a line a number, for people."""
    return [
        f"{name}: {value:.2%}{_interval(name, metrics)}" if name.endswith(SHARES) else f"{name}: {_figure(value)}"
        for name, value in metrics.items()
        if isinstance(value, float) and not name.endswith(("_low", "_high"))
    ]


def caveat_lines(result: dict[str, Any]) -> list[str]:
    """Returns what a score does not tell, a line each, for people."""
    return [fill(str(row["message"]), dict(row["values"])) for row in result.get("caveats", ())]


def _interval(name: str, metrics: dict[str, Any]) -> str:
    low, high = metrics.get(f"{name}_low"), metrics.get(f"{name}_high")
    return f" (95 % interval: {low:.2%} to {high:.2%})" if low is not None and high is not None else ""


def _figure(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 1e6 else f"{value:.1e}"  # the perplexity of a model that diverged is huge
