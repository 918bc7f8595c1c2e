"""The commands that change pictures a user has: `stylize` and `inpaint`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.headless import run_here
from core.cli.jobs import make_job, wants_overwrite
from core.cli.options import ModelOptions
from core.cli.output import Line, output
from core.cli.workspace import backend_of, check_label, existing_workspace, find_run
from core.errors import UserError
from core.files.atomic import path_exists, path_of
from core.media.picture_files import check_pictures
from core.runs.run import Workspace

Out = Annotated[Path, typer.Option(metavar="FILE.png", help="Where the picture is written.")]


def stylize(
    content: Annotated[str, typer.Option(metavar="A", help="The picture that is repainted.")],
    style: Annotated[str, typer.Option(metavar="B", help="The picture whose style is taken.")],
    backbone: Annotated[str, typer.Option(metavar="RUN-OR-FILE", help="A run of a CNN, or a .keras file of one.")],
    out: Out,
    strength: Annotated[float | None, typer.Option(min=0, help="How much the style counts; 1 is usual.")] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Optimisation steps: how many times the picture is improved.")
    ] = None,
    size: Annotated[int | None, typer.Option(min=1, help="Longer side of the picture, px.")] = None,
    *,
    shared: ModelOptions,
) -> None:
    """Paint a picture in the style of another."""
    place = existing_workspace(shared)
    _check_out(out, [content, style], shared)
    network, usual = _backbone(backbone, place)
    values = {
        "strength": strength,
        "steps": steps,
        "size_px": size,
        "content": str(path_of(content).absolute()),
        "style": str(path_of(style).absolute()),
        "backbone": network,
        "out": str(path_of(out).absolute()),
    }
    result = run_here(make_job("stylize", values, shared, usual=usual), place)
    output(result, shared, *stylized(result))


def stylized(result: dict[str, Any]) -> list[Line]:
    """Returns what people read of a style transfer, line by line."""
    return [f"Loss: {result['loss_first']:.4f}, at the end {result['loss_last']:.4f}.", *result["files"]]


def inpaint(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id, name or folder of a run that draws.")],
    picture: Annotated[str, typer.Argument(metavar="PICTURE", help="The picture with the hole.")],
    mask: Annotated[str, typer.Option(metavar="FILE", help="A picture that is white where it is to be filled.")],
    out: Out,
    label: Annotated[str, typer.Option(metavar="L", help="What is on it; empty tries every class.")] = "",
    *,
    shared: ModelOptions,
) -> None:
    """Fill a hole in a picture with what a trained run would draw there."""
    place = existing_workspace(shared)
    _check_out(out, [picture, mask], shared)
    found = find_run(place, run, "inpaint")
    check_label(found, label)
    values = {
        "run": str(found.folder),
        "label": label or None,
        "picture": str(path_of(picture).absolute()),
        "mask": str(path_of(mask).absolute()),
        "out": str(path_of(out).absolute()),
    }
    result = run_here(make_job("inpaint", values, shared, usual=backend_of(found)), place)
    output(result, shared, *inpainted(result))


def inpainted(result: dict[str, Any]) -> list[Line]:
    """Returns what people read of a filled hole, line by line."""
    return [*([f"Filled as: {result['label']}"] if result["label"] else []), *result["files"]]


def _check_out(out: Path, inputs: list[str], shared: ModelOptions) -> None:
    """Looks whether the one picture may be written there, and whether what is read may be pictures.

    Raises:
        UserError: it may not, or one of the inputs is a folder or not there.
    """
    if out.suffix.casefold() != ".png":
        raise UserError(
            "'{path}' is not written, since its name does not end in {suffix}.",
            hint="Name a file that does.",
            path=out,
            suffix=".png",
        )
    check_pictures(out, inputs, overwrite=wants_overwrite(shared))
    for path in map(path_of, inputs):
        if not path_exists(path):
            raise UserError("There is no picture '{path}'.", hint="Check how it is spelt.", path=path)
        if path.is_dir():
            raise UserError("'{path}' is a folder, not a picture.", hint="Name a picture in it.", path=path)


def _backbone(text: str, workspace: Workspace) -> tuple[str, str]:
    """Returns what the job keeps of RUN-OR-FILE, and the backend that is taken where none is named."""
    path = path_of(text)
    if path.suffix == ".keras":
        if not path.is_file():
            raise UserError("There is no file '{path}'.", hint="Name a run, or a .keras file.", path=path)
        return str(path.absolute()), ""
    if path.is_file() and not workspace.fitting(text):
        raise UserError("'{path}' is no .keras file.", hint="Name a run, or a .keras file.", path=path)
    run = find_run(workspace, text, "stylize")
    return str(run.folder), backend_of(run)
