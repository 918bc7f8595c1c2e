"""What to paint, in whose style, and with which network's eyes."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import field_validator

from core.settings.base import Settings, setting
from core.settings.picture_file import overwrite_setting

NAME = re.compile(r"[\w./-]{1,200}")


class StylizeSettings(Settings):
    """Style transfer: the content of one picture in the style of another."""

    content: str = setting(..., "Content", "The picture that is repainted.", group="Pictures", kind="file")
    style: str = setting(..., "Style", "The picture whose style is taken.", group="Pictures", kind="file")
    backbone: str = setting(
        ...,
        "Backbone",
        "The convolutional network whose features are compared: a run, or a .keras file, best one "
        "trained on many photos.",
        group="Pictures",
        kind="backbone",
    )
    out: str = setting(
        "", "File", "A .png to write the picture into; empty only shows it.", group="Pictures", kind="file"
    )
    overwrite: bool = overwrite_setting()
    strength: float = setting(
        1.0,
        "Strength",
        "Weight of the style against the content: 0.1 keeps most of the content, 10 leaves little of it.",
        group="Painting",
        ge=0.0,
        le=1000.0,
    )
    steps: int = setting(
        250,
        "Steps",
        "Optimisation steps: how many times the picture is improved.",
        unit="steps",
        group="Painting",
        ge=1,
        le=20_000,
    )
    size_px: int = setting(
        320,
        "Longer side",
        "The content is made this large, its proportions kept; twice as large takes four times as long.",
        unit="px",
        group="Painting",
        ge=32,
        le=2048,
    )
    style_px: int = setting(
        0,
        "Style's longer side",
        "The style picture is made this large: smaller makes finer strokes; 0 takes the content's.",
        unit="px",
        group="Painting",
        advanced=True,
        ge=0,
        le=2048,
    )
    start: Literal["content", "noise"] = setting(
        "content", "Start from", "The content keeps more of it; noise is freer.", group="Painting"
    )
    smoothness: float = setting(
        1.0,
        "Smoothness",
        "Weight of the total variation, the differences between neighbouring pixels: more makes less noise.",
        group="Painting",
        advanced=True,
        ge=0.0,
        le=1000.0,
    )
    lr: float = setting(
        0.02,
        "Learning rate",
        "How far a pixel moves in one step, black to white being 1.",
        group="Painting",
        advanced=True,
        gt=0.0,
        le=1.0,
    )
    shift_px: int = setting(
        8,
        "Shifts",
        "In each step the picture is shifted at random by up to this many pixels, which avoids grid artefacts.",
        unit="px",
        group="Painting",
        advanced=True,
        ge=0,
        le=64,
    )
    style_layers: tuple[str, ...] = setting(
        (),
        "Style layers",
        "Backbone layers whose Gram matrices describe the style; empty takes the first activation "
        "and the last of each resolution.",
        group="Backbone",
        advanced=True,
    )
    content_layers: tuple[str, ...] = setting(
        (),
        "Content layers",
        "Backbone layers whose activations describe the content; empty takes the last activation of "
        "the third resolution.",
        group="Backbone",
        advanced=True,
    )
    layer_weights: tuple[float, ...] = setting(
        (),
        "Layer weights",
        "Weight of each style layer, in their order; empty weights all equally.",
        group="Backbone",
        advanced=True,
    )
    value_range: Literal["auto", "0..1", "-1..1", "0..255", "imagenet", "caffe"] = setting(
        "auto",
        "Value range",
        "The pixel range that a .keras file expects; auto infers it from its batch norms. A run knows its own.",
        group="Backbone",
        advanced=True,
    )

    @field_validator("style_layers", "content_layers", "layer_weights", mode="before")
    @classmethod
    def _split_text(cls, value: Any) -> Any:
        """Takes "a,b" too, as a command line gives it."""
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("style_layers", "content_layers")
    @classmethod
    def _refuse_strange(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) > 32 or not all(NAME.fullmatch(name) for name in value):
            raise ValueError("it takes at most 32 names of layers")
        return value

    @field_validator("layer_weights")
    @classmethod
    def _refuse_negative(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(weight < 0 for weight in value) or (value and not any(value)):
            raise ValueError("the weights must be at least 0, and one of them above")
        return value
