"""The command that lists what `--set` takes: `settings`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from pydantic_core import PydanticUndefined

from core import catalog
from core.cli.options import Shared
from core.cli.output import output
from core.settings.allowed import allowed
from core.settings.base import Settings, describe

# Models, and the tasks with settings of their own: the commands', and those that a job file may hold besides.
ROWS = {**catalog.MODELS, **{name: row for name, row in catalog.TASKS.items() if row.settings}}


def settings(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What is set: " + ", ".join(ROWS) + ".")],
    *,
    shared: Shared,
) -> None:
    """List what --set takes, for a model that is trained or for another command."""
    found = _settings(catalog.load(catalog.find(ROWS, name, "model or command").settings))
    output({"settings": found}, shared, *map(_line, found))


def _settings(kind: type[Settings]) -> list[dict[str, Any]]:
    schemas = kind.model_json_schema()["properties"]
    return [
        {
            "name": key,
            "default": None if field.default is PydanticUndefined else field.default,
            "sizes": {size: values[key] for size, values in kind.SIZES.items() if key in values},
            "takes": allowed(schemas[key]),
            "unit": describe(field)["unit"],
            "help": field.description or "",
        }
        for key, field in kind.model_fields.items()
    ]


def _line(row: dict[str, Any]) -> str:
    usual = "" if row["default"] in (None, "", ()) else f"={row['default']}"
    sizes = "".join(f" {size}={value}" for size, value in row["sizes"].items())
    unit = f", in {row['unit']}" if row["unit"] and row["unit"] not in row["takes"] else ""
    return f"{row['name']}{usual}\n    {row['help']} It takes {row['takes']}{unit}.{sizes and f' By size:{sizes}.'}"
