"""The command that writes with a GPT-2: `text`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.cli.headless import run_here
from core.cli.jobs import make_job
from core.cli.options import ModelOptions
from core.cli.output import Line, output
from core.cli.workspace import backend_of, existing_workspace
from core.runs.find_text_model import find_text_model


def text(
    model: Annotated[str, typer.Argument(metavar="RUN-OR-FOLDER", help="A trained run, or the folder of a GPT-2.")],
    prompt: Annotated[list[str] | None, typer.Option(help="What the text begins with; may be given again.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="How many tokens are written at most.")] = None,
    temperature: Annotated[float | None, typer.Option(help="0 always takes the most probable token.")] = None,
    top_k: Annotated[int | None, typer.Option(help="Only so many tokens may come next; 0 sets no bound.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Only tokens of this share of the probability.")] = None,
    beams: Annotated[int | None, typer.Option(help="Above 1, beam search.")] = None,
    count: Annotated[int | None, typer.Option(help="How many texts for each prompt.")] = None,
    stop: Annotated[list[str] | None, typer.Option(help="A word that ends the text; may be given again.")] = None,
    *,
    shared: ModelOptions,
) -> None:
    """Write text with a GPT-2."""
    place = existing_workspace(shared)
    folder, run = find_text_model(model, place)
    values: dict[str, Any] = {
        "model": str((run.folder if run else folder).absolute()),
        "prompts": prompt,
        "max_tokens": max_tokens,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "beams": beams,
        "count": count,
        "stop": stop,
    }
    result = run_here(make_job("text", values, shared, usual=backend_of(run) if run else ""), place)
    output(result, shared, *written(result))


def written(result: dict[str, Any]) -> list[Line]:
    """Returns what people read of texts that were written, line by line."""
    speed = f"{result['tokens_per_s']:.1f} tokens/s, the first after {result['first_token_s']:.2f} s"
    lines = [line for text in result["texts"] for line in (text, "")]
    return [*lines, f"{speed}; compiled for {result['compile_s']:.1f} s."]
