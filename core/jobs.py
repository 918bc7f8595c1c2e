"""A Job: everything needed to do one thing again, as a JSON file that window and command line share."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core import catalog
from core.errors import UserError
from core.files.atomic import json_content, read_json
from core.files.migrations import Migration, migrate, newest
from core.files.results import check_result, replacing_result
from core.settings.allowed import what_is_wrong
from core.settings.base import Settings
from core.settings.intensity import PICTURE


def _keep_earlier_layout(values: dict[str, Any]) -> dict[str, Any]:
    """Makes the next format of one in which fewer names of folders were known.

    A job whose settings are written out goes on reading its data so, and its run can be resumed; others get what is
    usual today.
    """
    settings = values.get("settings")
    if not isinstance(settings, dict) or "group_by" not in settings or "layout" in settings:
        return values
    return {**values, "settings": {**settings, "layout": "earlier"}}


def _keep_reading(values: dict[str, Any]) -> dict[str, Any]:
    """Makes the next format of one in which each picture of more than 8 bits was scaled by itself.

    A job whose settings are written out goes on reading so, and its run can be resumed; others get today's defaults.
    """
    settings = values.get("settings")
    if not isinstance(settings, dict) or "fit" not in settings or "intensity" in settings:
        return values
    return {**values, "settings": {**settings, "intensity": PICTURE}}


def _keep_how_texts_were_read(values: dict[str, Any]) -> dict[str, Any]:
    """Makes the next format of one in which fewer encodings were guessed.

    A job whose settings are written out goes on reading its texts so, and its run can be resumed.
    """
    settings = values.get("settings")
    if not isinstance(settings, dict) or settings.get("encoding") != "auto":
        return values
    return {**values, "settings": {**settings, "encoding": "earlier"}}


# The settings lie under "settings", to be changed by "model" or "task".
MIGRATIONS: tuple[Migration, ...] = (_keep_earlier_layout, _keep_reading, _keep_how_texts_were_read)
FORMAT = newest(MIGRATIONS)
DEVICE = re.compile(r"auto|cpu|gpu(:\d+)?")


class Job(BaseModel):
    """Task name, Settings, backend, device and random seed.

    Args:
        format: int, version of this layout.
        id: str, unique, made by itself.
        task: str, a key of `catalog.TASKS`.
        model: str, a key of `catalog.MODELS` where the task is "train" or "describe"; for "preview" and "check" the
            model whose training the data is looked at for, or empty.
        settings: dict, the values of the Settings class that task or model names.
        backend: "tensorflow", "jax" or "torch".
        device: "auto", "cpu" or "gpu:N".
        seed: int, 0 to 2**31 - 1; the source of all randomness.
        name: str, what the user calls the run.
        run: str, id of the run that a training writes into; empty until it is queued.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    id: str = Field(default_factory=lambda: uuid4().hex[:12])
    task: str
    model: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)
    backend: Literal["tensorflow", "jax", "torch"] = Field(default_factory=lambda: default_backend())
    device: str = "auto"
    seed: int = Field(0, ge=0, lt=2**31)
    name: str = ""
    run: str = ""

    @field_validator("device")
    @classmethod
    def _device(cls, value: str) -> str:
        if not DEVICE.fullmatch(value):
            raise ValueError(f"there is no device '{value}'; choose auto, cpu or gpu:N")
        return value

    @property
    def row(self) -> catalog.Task:
        """The task's row in the catalog."""
        row: catalog.Task = catalog.find(catalog.TASKS, self.task, "task")
        return row

    @property
    def function(self) -> str:
        """The task function's name, "module:name"."""
        if self.task == "train":
            return str(catalog.find(catalog.MODELS, self.model, "model").train)
        return self.row.function

    def typed_settings(self) -> Settings:
        """Returns the settings, checked, as the class that task or model names.

        Raises:
            UserError: a setting is unknown or out of range.
        """
        name = self.row.settings or catalog.find(catalog.MODELS, self.model, "model").settings
        owner = self.task if self.row.settings else self.model
        settings: Settings = catalog.load(name).parse(self.settings, owner)
        return settings

    def complete(self) -> Self:
        """Returns the job with every setting written out, so that a later version's defaults don't change it."""
        return self.model_copy(update={"settings": self.typed_settings().model_dump(mode="json")})

    def save(self, path: Path) -> None:
        """Writes the job file.

        Raises:
            UserError: some other file is there that is no job file, or it can't be written.
        """
        with replacing_result(path, is_job_file, overwrite=False) as file:
            file.write(json_content(self.model_dump(mode="json")))

    @classmethod
    def parse(cls, values: dict[str, Any], origin: str = "the job") -> Self:
        """Reads a job from JSON values of this format or an older one.

        Raises:
            UserError: it is no job, or from a newer version of the program.
        """
        try:
            return cls.model_validate(migrate(values, MIGRATIONS, origin))
        except ValueError as error:
            field, reason = cls._explain(error) if isinstance(error, ValidationError) else ("format", str(error))
            raise UserError(
                "'{origin}' is not a valid job: {field}: {reason}.",
                hint="Write one with `pixelwright train MODEL --data DATA --save-job FILE`, or mend that field.",
                origin=origin,
                field=field,
                reason=reason,
            ) from error

    @classmethod
    def _explain(cls, error: ValidationError) -> tuple[str, str]:
        """Returns the field that is wrong, and what is wrong with it."""
        first = error.errors(include_url=False)[0]
        if not first["loc"]:
            return "job", f"it takes a JSON object, not {json.dumps(first['input'], default=str)}"
        field = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            return field, f"there is no such field; there are {', '.join(cls.model_fields)}"
        reason = what_is_wrong(first, cls.model_json_schema()["properties"][field])
        received = (
            "" if first["type"] in ("missing", "value_error") else f", not {json.dumps(first['input'], default=str)}"
        )
        return field, f"{reason}{received}"

    @classmethod
    def load(cls, path: Path) -> list[Self]:
        """Reads a job file: one job or a list of jobs.

        Raises:
            UserError: it can't be read or holds no job.
        """
        values = read_json(path)
        rows = values if isinstance(values, list) else [values]
        return [cls.parse(row, origin=str(path)) for row in rows]


def check_job_file(path: Path, inputs: Iterable[str]) -> None:
    """Looks whether a job file may be written there.

    Args:
        path: the file.
        inputs: the data that the job names.

    Raises:
        UserError: as in `core.files.results.check_result`, for .json.
    """
    check_result(path, ".json", is_job_file, inputs)


def is_job_file(path: Path) -> bool:
    """Whether the file holds a job or jobs, or nothing.

    Raises:
        OSError: it can't be read.
    """
    content = path.read_bytes()
    try:
        values = json.loads(content) if content else {}
    except (ValueError, RecursionError):
        return False
    rows = values if isinstance(values, list) else [values]
    known = bool(rows) and all(isinstance(row, dict) and row.get("task") in catalog.TASKS for row in rows)
    return known or not content


def installed_backends() -> list[str]:
    """Returns the backends whose package is installed, in the catalog's order, without importing them."""
    return [name for name in catalog.BACKENDS if importlib.util.find_spec(name) is not None]


def default_backend() -> Literal["tensorflow", "jax", "torch"]:
    """Returns the first installed backend."""
    return (installed_backends() or ["tensorflow"])[0]  # type: ignore[return-value]
