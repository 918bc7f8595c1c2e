"""Which part of a picture is filled, by which run, and how long it is looked for."""

from __future__ import annotations

from typing import Literal

from core.settings.base import Settings, setting
from core.settings.picture_file import overwrite_setting


class InpaintSettings(Settings):
    """Filling a hole in a picture with what a trained GAN would draw there."""

    run: str = setting(..., "Run", "The trained run that draws.", kind="run")
    picture: str = setting(
        ..., "Picture", "The picture with the hole; read as the run's training read its own.", kind="file"
    )
    mask: str = setting(
        ..., "Mask", "A picture that is white where it is to be filled; stretched to the picture's size.", kind="file"
    )
    out: str = setting("", "File", "A .png to write the picture into; empty only shows it.", group="File", kind="file")
    overwrite: bool = overwrite_setting()
    label: str = setting(
        "", "Class", "What is on the picture, where the run draws by class; empty tries every class.", kind="label"
    )
    steps: int = setting(
        100, "Steps", "Optimisation steps of each attempt.", unit="steps", group="Search", ge=1, le=10_000
    )
    attempts: int = setting(
        4,
        "Attempts",
        "How many latents are optimised for each class, starting from the best of many random ones; "
        "the best one is used.",
        unit="latents",
        group="Search",
        ge=1,
        le=64,
    )
    prior: float = setting(
        0.003,
        "Prior",
        "Weight of the prior loss (the discriminator should take the whole for real) beside the "
        "context loss (the visible part should fit).",
        group="Search",
        advanced=True,
        ge=0.0,
        le=10.0,
    )
    window_px: int = setting(
        7,
        "Neighbourhood",
        "Side of the window around a pixel that sets its weight: the more of it is hole, the more the pixel counts.",
        unit="px",
        group="Search",
        advanced=True,
        ge=1,
        le=63,
    )
    far: float = setting(
        1.0,
        "Far pixels",
        "Weight of pixels far from the hole: 0 compares the rim alone, 1 nearly all pixels equally.",
        group="Search",
        advanced=True,
        ge=0.0,
        le=1.0,
    )
    lr: float = setting(
        0.05, "Learning rate", "How far a latent moves in one step.", group="Search", advanced=True, gt=0.0, le=1.0
    )
    blend: Literal["poisson", "paste"] = setting(
        "poisson",
        "Blend",
        "Poisson blending fits the colours of the filled part to its rim; paste leaves them as they were drawn.",
        group="Search",
    )
    epoch: int = setting(
        0,
        "Age",
        "Draws with the generator as it was after so many epochs; 0 uses the model that the run has kept.",
        unit="epochs",
        group="Search",
        advanced=True,
        ge=0,
        le=1_000_000,
    )
