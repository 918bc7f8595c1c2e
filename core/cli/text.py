"""The command that writes with a GPT-2."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.cli.headless import run_here
from core.cli.jobs import make_job, read_pairs
from core.cli.options import AsJson, Backend, Device, Folder, Seed, Set, backend_of, existing_workspace, output
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
    settings: Set = None,
    backend: Backend = "",
    device: Device = "auto",
    seed: Seed = 0,
    workspace: Folder = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Write text with a GPT-2."""
    place = existing_workspace(workspace)
    folder, run = find_text_model(model, place)
    given: dict[str, Any] = {
        "prompts": prompt,
        "max_tokens": max_tokens,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "beams": beams,
        "count": count,
        "stop": stop,
    }
    values = {**read_pairs(settings), "model": str((run.folder if run else folder).absolute())}
    values |= {name: value for name, value in given.items() if value is not None}
    chosen = backend or (backend_of(run) if run else "")
    result = run_here(make_job("text", values, chosen, device, seed), place)
    speed = f"{result['tokens_per_s']:.1f} tokens/s, the first after {result['first_token_s']:.2f} s"
    lines = [line for written in result["texts"] for line in (written, "")]
    output(result, as_json, *lines, f"{speed}; compiled for {result['compile_s']:.1f} s.")
