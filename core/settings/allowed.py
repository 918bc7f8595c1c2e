"""Says in words what a field may hold, and what is wrong with what it was given. Knows pydantic, and no field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KINDS = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "object": "a JSON object"}


def what_is_wrong(error: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Returns why a value was refused, as the end of a sentence.

    Args:
        error: one of pydantic's `ValidationError.errors()`.
        schema: the field's part of `model_json_schema()["properties"]`.
    """
    if error["type"] == "missing":
        return "it is missing"
    if error["type"] == "value_error":
        return str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"it takes {allowed(schema)}"


def choices(schema: Mapping[str, Any]) -> list[str]:
    """Returns the words that a field lets one choose from; none where it takes anything else."""
    parts = [schema, *schema.get("anyOf", [])]
    return [value for part in parts for value in part.get("enum", []) if isinstance(value, str)]


def allowed(schema: Mapping[str, Any]) -> str:
    """Returns what a field may hold, such as "a whole number from 1 to 64" or "one of: tiny, fast"."""
    if "enum" in schema:
        return "one of: " + ", ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(allowed(part) for part in schema["anyOf"])
    kind = schema.get("type", "")
    if kind == "array":
        least = f", at least {schema['minItems']}" if "minItems" in schema else ""
        return f"a list of {allowed(schema.get('items', {})).removeprefix('one of: ')}{least}"
    if kind == "string":
        longest = f" of at most {schema['maxLength']} characters" if "maxLength" in schema else ""
        return f"text{longest}" + (f" that fits {schema['pattern']}" if "pattern" in schema else "")
    return KINDS.get(kind, "another kind of value") + _range(schema)


def _range(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f" from {least} to {most}"
    bounds = {
        "at least": least,
        "above": schema.get("exclusiveMinimum"),
        "at most": most,
        "below": schema.get("exclusiveMaximum"),
    }
    parts = [f"{word} {bound}" for word, bound in bounds.items() if bound is not None]
    return " " + " and ".join(parts) if parts else ""
