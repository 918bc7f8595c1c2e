"""The command that lists what `--set` takes. `core.cli.main` lists it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from pydantic_core import PydanticUndefined

from core import catalog
from core.cli.options import AsJson, Folder, output
from core.settings.allowed import allowed
from core.settings.base import Settings, describe

COMMANDS = ("check", "classify", "evaluate", "generate", "inpaint", "interpolate", "stylize", "text")
NAMES = (*catalog.MODELS, *COMMANDS)


def settings(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What is set: " + ", ".join(NAMES) + ".")],
    workspace: Folder = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """List what --set takes, for a model that is trained or for another command."""
    rows = {key: row for key, row in {**catalog.TASKS, **catalog.MODELS}.items() if key in NAMES}
    found = _settings(catalog.load(catalog.find(rows, name, "model or command").settings))
    output({"settings": found}, as_json, *map(_line, found))


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
