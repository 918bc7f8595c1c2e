"""Makes jobs of what is written on a command line or in a job file. Runs none of them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import typer

from core import catalog
from core.cli.options import JobOptions, ModelOptions
from core.data.open_index import find_format
from core.errors import UserError
from core.files.atomic import path_of
from core.jobs import DEVICE, Job, default_backend
from core.text.corpus.files import EMBEDDED, check_source


def make_job(
    task: str, values: dict[str, Any], shared: JobOptions, *, usual: str = "", model: str = "", name: str = ""
) -> Job:
    """Makes a job of a command's words.

    Args:
        task: a key of `catalog.TASKS`.
        values: name -> value of the task's or model's settings, which win over `--set`; None where none was given.
        shared: the options that the command shares with others.
        usual: a key of `catalog.BACKENDS`, taken where the user named none; empty takes the first installed.
        model: a key of `catalog.MODELS` where the task trains.
        name: what the user calls the run.

    Raises:
        UserError: there is no such backend, device or setting, or a value does not fit.
    """
    backend, device = (shared.backend, shared.device) if isinstance(shared, ModelOptions) else ("", "auto")
    check_place(backend, device)
    given = {name: value for name, value in values.items() if value is not None}
    return Job.parse(
        {
            "task": task,
            "model": model,
            "settings": {**read_pairs(shared.settings), **given},
            "backend": backend or usual or default_backend(),
            "device": device,
            "seed": shared.seed,
            "name": name,
        },
        origin="the command",
    )


def check_place(backend: str, device: str) -> None:
    """Looks whether there may be such a backend and device; an empty name stands for another's choice.

    Raises:
        UserError: there can't be.
    """
    if backend:
        catalog.find(catalog.BACKENDS, backend, "backend")
    if device and not DEVICE.fullmatch(device):
        raise UserError(
            "There is no device '{device}'.",
            hint="Choose auto, cpu or gpu:N; `pixelwright doctor` lists the devices.",
            device=device,
        )


def place_job(job: Job) -> Job:
    """Returns a job from a file as a new one, its settings checked: the last's mistake shouldn't wait for the night.

    Raises:
        UserError: a setting does not fit.
    """
    settings = dict(job.settings)
    with suppress(UserError):  # data that isn't there fails its own job alone, when its turn comes
        settings.update({"data": absolute_data(str(settings["data"]), job.model)} if "data" in settings else {})
    return job.model_copy(update={"run": "", "settings": settings}).complete()


def read_pairs(settings: list[str] | None) -> dict[str, Any]:
    """Returns the settings that are written as "key=value"; what begins like JSON is read as JSON.

    Raises:
        typer.BadParameter: one is not written so.
    """
    values: dict[str, Any] = {}
    for pair in settings or []:
        key, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"--set takes KEY=VALUE. Received: {pair}")
        try:
            values[key.strip().replace("-", "_")] = json.loads(value) if value[:1] in ("[", "{") else value
        except (ValueError, RecursionError) as error:
            raise typer.BadParameter(f"--set takes a list as JSON, such as [1, 2]. Received: {value}") from error
    return values


def wants_overwrite(options: JobOptions) -> bool:
    """Whether `--set overwrite=true` stands among the options; anything else is left for its settings to judge."""
    return str(read_pairs(options.settings).get("overwrite", "")).casefold() in ("true", "t", "1", "yes", "y", "on")


def absolute_data(data: str, model: str = "") -> str:
    """Returns what the job keeps of DATA: a path that also holds from another folder, or an embedded name.

    Args:
        data: as the user wrote it.
        model: a key of `catalog.MODELS`; of texts for a model of texts, else of pictures.

    Raises:
        UserError: there is no such thing. Better now than when the backend has been imported.
    """
    if catalog.kind_of(model).samples == "texts":
        check_source(data)
        return data if data == EMBEDDED else str(path_of(data).absolute())
    return data if not find_format(data).recognise else str(path_of(data).absolute())
