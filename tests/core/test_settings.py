import json
from typing import ClassVar, Literal

import pytest

from core.errors import UserError
from core.settings.base import Settings, describe, setting


class Sample(Settings):
    SIZES: ClassVar = {"tiny": {"filters": 4}, "fast": {"filters": 32}}

    size: str = setting("tiny", "Size", "How large.")
    filters: int = setting(8, "Filters", "How many.", unit="filters", group="Model", ge=1, le=64)
    flip: bool = setting(False, "Flip", "Mirror pictures.")
    way: Literal["linear", "spherical"] | None = setting(None, "Way", "Which way.")


def test_size_fills_in_what_is_not_given():
    assert Sample.parse({}).filters == 4
    assert Sample.parse({"size": "fast"}).filters == 32
    assert Sample.parse({"size": "fast", "filters": 16}).filters == 16


def test_text_from_the_command_line_is_converted():
    parsed = Sample.parse({"filters": "12", "flip": "true"})
    assert parsed.filters == 12
    assert parsed.flip is True


def test_settings_survive_json():
    parsed = Sample.parse({"size": "fast", "filters": 3})
    assert Sample.parse(json.loads(parsed.model_dump_json())) == parsed


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"filters": 65}, ["filters", "64", "65", "How many."]),
        ({"filters": "many"}, ["'filters' does not fit: it takes a whole number from 1 to 64. Received: many."]),
        ({"size": ["tiny"]}, ["'size' does not fit: it takes text"]),
        ({"flip": "maybe"}, ["it takes true or false. Received: maybe."]),
        ({"filter": 3}, ["There is no setting 'filter'. Did you mean 'filters'? Choose one of: size, filters"]),
        ({"colours": 3}, ["There is no setting 'colours'. Choose one of: size, filters"]),
        ({"way": "Sperical"}, ["'way' does not fit: it takes one of", "Did you mean 'spherical'? Which way."]),
        ({"way": "x"}, ["Received: x. Which way."]),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_may_be(values, said):
    with pytest.raises(UserError) as error:
        Sample.parse(values)
    for word in said:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("filter", "Did you mean 'filters'? `pixelwright settings sample` lists them all."),
        ("colours", "`pixelwright settings sample` lists those there are."),
    ],
)
def test_a_setting_that_is_not_there_is_told_with_the_command_that_lists_them(name, hint):
    with pytest.raises(UserError) as error:
        Sample.parse({name: 3}, "sample")
    assert str(error.value) == f"There is no setting '{name}'. {hint}"


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Sample.parse({}).filters = 3


def test_describe_returns_unit_and_group():
    assert describe(Sample.model_fields["filters"])["unit"] == "filters"
    assert describe(Sample.model_fields["filters"])["group"] == "Model"
