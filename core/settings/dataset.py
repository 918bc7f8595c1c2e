"""Which pictures, at which size, and how they are divided. Every picture-model's training builds on this."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator, model_validator

from core.settings.base import Settings, setting
from core.settings.intensity import check_intensity
from core.settings.patterns import check_group_pattern


class DatasetSettings(Settings):
    """A dataset and its splits."""

    data: str = setting(
        "digits",
        "Data",
        "A folder of class folders, a zip of one, idx files, or: digits, shapes.",
        group="Data",
        kind="data",
    )
    image_px: int = setting(
        0,
        "Picture side",
        "Pictures are resized to this square; 0 takes their own size, at most 64.",
        unit="px",
        group="Data",
        ge=0,
        le=1024,
    )
    colour: Literal["auto", "rgb", "grey"] = setting(
        "auto", "Colour", "Whether the model sees colours; auto keeps grey pictures grey.", group="Data"
    )
    fit: Literal["crop", "pad", "stretch"] = setting(
        "crop",
        "Fit",
        "How a picture becomes a square: crop its middle, pad it with the background, or stretch it.",
        group="Data",
        advanced=True,
    )
    background: str = setting(
        "#ffffff",
        "Background",
        "Colour behind transparent pictures, as #rrggbb.",
        group="Data",
        advanced=True,
        kind="colour",
        pattern=r"^#[0-9a-fA-F]{6}$",
    )
    intensity: str = setting(
        "auto",
        "Intensity",
        "Of pictures of more than 8 bits, what becomes black and white: auto looks at them, full, or such as 0..4095.",
        group="Data",
        advanced=True,
        max_length=60,
    )
    test_share: float = setting(
        0.2,
        "Test share",
        "Share of all pictures held out for the test; a given test split wins.",
        group="Data",
        ge=0.0,
        le=0.9,
    )
    validation_share: float = setting(
        0.1,
        "Validation share",
        "Share of all pictures for validation while training; a given split wins.",
        group="Data",
        ge=0.0,
        le=0.9,
    )
    layout: Literal["auto", "classes", "earlier"] = setting(
        "auto",
        "Layout",
        "What folders mean: auto finds splits, such as train, dev or test_set, and classes; classes takes none for a "
        "split; earlier is for runs of older versions, which knew fewer names.",
        group="Data",
        advanced=True,
    )
    group_by: Literal["none", "folder", "name"] = setting(
        "none",
        "Group by",
        "Keeps what belongs together in one split: a folder inside the class folders, or names that share a part.",
        group="Data",
        advanced=True,
    )
    group_pattern: str = setting(
        "^([^_]+)_",
        "Group pattern",
        "For group by name: a regular expression, its brackets round the part of the name that a group shares.",
        group="Data",
        advanced=True,
        max_length=100,
    )
    side_px: int = setting(
        64,
        "Scene side",
        "Side of the drawn scenes, for shapes and shapes-clips only.",
        unit="px",
        group="Data",
        advanced=True,
        ge=16,
        le=512,
    )
    count: int = setting(
        5000,
        "Scenes",
        "How many scenes are drawn, for shapes and shapes-clips only.",
        unit="pictures",
        group="Data",
        advanced=True,
        ge=10,
        le=1_000_000,
    )

    directions: tuple[Literal["left", "right", "up", "down"], ...] = setting(
        ("left", "right"),
        "Directions",
        "In which directions things move, for shapes-clips only: left, right, up, down.",
        group="Data",
        advanced=True,
        min_length=2,
    )
    frames: int = setting(
        8,
        "Frames",
        "How many pictures each clip has, for shapes-clips only.",
        unit="frames",
        group="Data",
        advanced=True,
        ge=2,
        le=64,
    )

    @field_validator("group_pattern")
    @classmethod
    def _check_pattern(cls, value: str) -> str:
        check_group_pattern(value)
        return value

    @field_validator("intensity")
    @classmethod
    def _check_intensity(cls, value: str) -> str:
        check_intensity(value)
        return value

    @field_validator("directions", mode="before")
    @classmethod
    def _split_text(cls, value: Any) -> Any:
        """Takes "left,right" too, as a command line gives it."""
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("directions")
    @classmethod
    def _name_each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("each direction can be named once")
        return value

    @model_validator(mode="after")
    def _leave_some_to_train(self) -> DatasetSettings:
        if self.test_share + self.validation_share >= 1:
            raise ValueError("test_share and validation_share leave nothing to train on: lower one of them")
        return self
