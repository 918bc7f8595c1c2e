"""What made a picture, as its file records it, and the job that makes it again. Knows no file format."""

from __future__ import annotations

import json
from typing import Any, Literal, NoReturn, Self

from pydantic import BaseModel, ConfigDict, Field

from core import __version__, catalog
from core.errors import UserError
from core.files.migrations import Migration, migrate, newest
from core.jobs import Job, default_backend, installed_backends
from core.runs.run import Run, Workspace
from core.settings.base import Settings, describe

MIGRATIONS: tuple[Migration, ...] = ()  # the settings lie under "job"; a file from anywhere holds anything there
FORMAT = newest(MIGRATIONS)
Value = str | int | float | bool | None
# Settings that name a place on the computer of whoever made it.
PATH_KINDS = ("backbone", "data", "file", "folder", "paths", "run")
WITHOUT_RUN = ("stylize",)  # tasks that make pictures with no run's model


class RecipeJob(BaseModel):
    """The part of a job that says what a picture looks like: no place, no device, no path.

    Args:
        task: str, a key of `catalog.TASKS`.
        settings: dict, the task's settings without those that name a place.
        backend: "tensorflow", "jax" or "torch".
        seed: int, 0 to 2**31 - 1.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)

    task: str = Field(max_length=40)
    settings: dict[str, Value | list[Value]] = Field(max_length=200)
    backend: Literal["tensorflow", "jax", "torch"]
    seed: int = Field(ge=0, lt=2**31)


class Recipe(BaseModel):
    """What a saved picture carries.

    Args:
        format: int, version of this layout.
        job: what was asked for.
        run: str, id of the run whose model made it; "" for the tasks of `WITHOUT_RUN`, as are its name and model.
        name: str, what the run was called.
        model: str, a key of `catalog.MODELS`.
        epoch: int, epochs done by the weights that made it; 0 where it isn't known.
        version: str, of the program.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)

    format: int = FORMAT
    job: RecipeJob
    run: str = Field(max_length=200)
    name: str = Field(max_length=1000)
    model: str = Field(max_length=100)
    epoch: int = Field(0, ge=0, le=10**9)
    version: str = Field(__version__, max_length=40)

    @classmethod
    def of(cls, job: Job, run: Run | None = None, epoch: int = 0) -> Self:
        """Makes the recipe of a picture that a job makes.

        Args:
            job: a job of a task whose settings have the field `run`, or of one of `WITHOUT_RUN`.
            run: the run that field names.
            epoch: int, epochs done by the weights that are used.
        """
        settings = job.typed_settings()
        values = {
            name: value for name, value in settings.model_dump(mode="json").items() if not _is_place(settings, name)
        }
        made = RecipeJob(task=job.task, settings=values, backend=job.backend, seed=job.seed)
        if run is None:
            return cls(job=made, run="", name="", model="", epoch=epoch)
        record = run.record()
        return cls(job=made, run=run.id, name=record.name, model=record.job.model, epoch=epoch)

    def text(self) -> str:
        """Returns the recipe as JSON, in ASCII."""
        return json.dumps(self.model_dump(mode="json"), separators=(",", ":"))

    @classmethod
    def parse(cls, text: str, origin: str) -> Self:
        """Reads a recipe that may come from anywhere.

        Args:
            text: what a file holds, of bounded length.
            origin: str, what the file is called, for the message.

        Raises:
            UserError: it is no recipe, or from a newer version of the program.
        """
        try:
            values = json.loads(text, parse_constant=_refuse)
            return cls.model_validate(migrate(values, MIGRATIONS, origin))
        except (ValueError, RecursionError) as error:
            raise damaged(origin) from error


def damaged(origin: str) -> UserError:
    """Returns the error for a file whose recipe can't be used."""
    return UserError(
        "The record in '{origin}' of how it was made is damaged.",
        hint="Use the picture as it was saved: other programs may change what it carries.",
        origin=origin,
    )


def job_of(recipe: Recipe, workspace: Workspace) -> Job:
    """Returns the job that makes a picture again; nothing is run and no place that the recipe names is looked at.

    The run is looked for by its id, then by its name, among those of the workspace. Settings that name a place (an
    output, say) are left out: the user chooses them. A backend that is not installed here gives way to one that is.

    Args:
        recipe: from `core.media.picture_files.read_recipe`.
        workspace: where runs are looked for.

    Raises:
        UserError: the run is not there, the program has no such task, or a setting does not fit.
    """
    row = catalog.TASKS.get(recipe.job.task)
    kind: type[Settings] | None = catalog.load(row.settings) if row is not None and row.settings else None
    if kind is None or not ("run" in kind.model_fields or recipe.job.task in WITHOUT_RUN):
        raise UserError(
            "The picture was made by '{task}', which this version of Pixelwright can't do again.",
            hint="Update the program.",
            task=recipe.job.task,
        )
    settings: dict[str, Any] = {
        name: value
        for name, value in recipe.job.settings.items()
        if name not in kind.model_fields or not _is_place(kind, name)
    }
    if "run" in kind.model_fields:
        settings["run"] = str(_find_run(recipe, workspace).folder)
    if "epoch" in kind.model_fields and recipe.epoch:
        settings["epoch"] = recipe.epoch  # the newest weights then; by now there may be newer ones
    missing = {
        name: ""
        for name, field in kind.model_fields.items()
        if field.is_required() and name not in settings and _is_place(kind, name)
    }
    checked = kind.parse({**settings, **missing}, recipe.job.task).model_dump(mode="json")
    return Job(
        task=recipe.job.task,
        settings={name: value for name, value in checked.items() if name not in missing},
        backend=recipe.job.backend if recipe.job.backend in installed_backends() else default_backend(),
        seed=recipe.job.seed,
    )


def _find_run(recipe: Recipe, workspace: Workspace) -> Run:
    """Returns the run of that id, else the newest of that name and model.

    Not `Workspace.find`: that one opens folders, and a foreign file must not choose which.
    """
    runs = workspace.runs()
    for run in runs:
        if run.id == recipe.run:
            return run
    for run in runs:
        record = run.record()
        if record.name == recipe.name and record.job.model == recipe.model:
            return run
    raise UserError(
        "The run '{name}' ({run}) that made the picture is not in this workspace.",
        hint="Copy its folder into '{folder}', or open the workspace that holds it.",
        name=recipe.name,
        run=recipe.run,
        folder=workspace.runs_folder,
    )


def _is_place(settings: Settings | type[Settings], name: str) -> bool:
    kind = settings if isinstance(settings, type) else type(settings)
    return describe(kind.model_fields[name])["kind"] in PATH_KINDS


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"JSON has no {constant}")
