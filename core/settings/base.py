"""The Settings base class: one frozen model that form, tool tip, range check, command line and JSON all read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator
from pydantic.fields import FieldInfo

from core.errors import UserError, closest
from core.settings.allowed import choices, what_is_wrong


class Settings(BaseModel):
    """Base of every Settings class. Each field is made with `setting()`.

    `SIZES` names groups of defaults: {"tiny": {"filters": 8, ...}}. Where a class has a field `size`, the
    values of the chosen size stand in for every field that is not given, so a stored job holds them all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    SIZES: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    @model_validator(mode="before")
    @classmethod
    def _fill_in_size(cls, values: Any) -> Any:
        if not (isinstance(values, Mapping) and cls.SIZES):
            return values
        size = values.get("size", cls.model_fields["size"].default)
        return {**(cls.SIZES.get(size, {}) if isinstance(size, str) else {}), **values}

    @classmethod
    def parse(cls, values: Mapping[str, Any], owner: str = "") -> Self:
        """Checks values from outside; text is converted where the field is a number or a switch.

        Args:
            values: name -> value.
            owner: the model or task whose settings they are, which `pixelwright settings` lists; "" where nobody knows.

        Raises:
            UserError: names the setting, what it may be and what it was.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise cls._explain(error, values, owner) from error

    @classmethod
    def _explain(cls, error: ValidationError, values: Mapping[str, Any], owner: str) -> UserError:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        if first["type"] == "extra_forbidden":
            guess = closest(name, cls.model_fields)
            listed, asked = "`pixelwright settings {owner}` lists those there are.", "Choose one of: {known}."
            if guess:
                listed = "Did you mean '{guess}'? `pixelwright settings {owner}` lists them all."
                asked = "Did you mean '{guess}'? Choose one of: {known}."
            return UserError(
                "There is no setting '{name}'.",
                hint=listed if owner else asked,
                name=name,
                guess=guess,
                owner=owner,
                known=", ".join(cls.model_fields),
            )
        if not name:
            return UserError("{reason}.", reason=first["msg"].removeprefix("Value error, ").rstrip("."))
        schema = cls.model_json_schema()["properties"][name]
        guess = closest(str(values.get(name, "")), choices(schema))
        return UserError(
            "The setting '{name}' does not fit: {reason}. Received: {value}.",
            hint="Did you mean '{guess}'? {help}" if guess else "{help}",
            name=name,
            reason=what_is_wrong(first, schema),
            value=values.get(name, ""),
            guess=guess,
            help=cls.model_fields[name].description or "",
        )


def setting(
    default: Any,
    title: str,
    help: str,  # noqa: A002 (the name the form, the tool tip and the command line all use)
    *,
    unit: str = "",
    group: str = "",
    advanced: bool = False,
    kind: str = "",
    **bounds: Any,
) -> Any:
    """Declares one field of a Settings class.

    Args:
        default: the value it has where none is given; `...` where one must be given.
        title: str, what the form writes before it; sentence case, no colon.
        help: str, one sentence for the tool tip and `--help`.
        unit: str, "px", "s", "epochs", ... or empty.
        group: str, heading under which the form puts it.
        advanced: bool, whether the form hides it behind "More".
        kind: str, a hint to the form where the type does not suffice: "data", "folder", "file", "run", "judge",
            "truncation".
        bounds: pydantic's ge, gt, le, lt, multiple_of, min_length, max_length.
    """
    extra: dict[str, JsonValue] = {"unit": unit, "group": group, "advanced": advanced, "kind": kind}
    return Field(default, title=title, description=help, json_schema_extra=extra, **bounds)


def describe(field: FieldInfo) -> dict[str, Any]:
    """Returns what `setting()` was given beside pydantic's own: unit, group, advanced, kind."""
    extra = field.json_schema_extra
    return dict(extra) if isinstance(extra, dict) else {}
