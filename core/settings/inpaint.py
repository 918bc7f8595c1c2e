"""Which part of a picture is filled, by which run, and how long it is looked for."""

from __future__ import annotations

from typing import Literal

from core.settings.base import Settings, setting


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
    label: str = setting(
        "", "Class", "What is on the picture, where the run draws by class; empty tries every class.", kind="label"
    )
    steps: int = setting(
        100, "Steps", "How often each attempt is improved.", unit="steps", group="Search", ge=1, le=10_000
    )
    attempts: int = setting(
        4,
        "Attempts",
        "From how many latents the search goes on, the best of many drawn, for each class; the best is taken.",
        unit="latents",
        group="Search",
        ge=1,
        le=64,
    )
    prior: float = setting(
        0.003,
        "Prior",
        "How much it counts that the discriminator takes the whole for real, beside fitting what is seen.",
        group="Search",
        advanced=True,
        ge=0.0,
        le=10.0,
    )
    window_px: int = setting(
        7,
        "Neighbourhood",
        "Pixels count the more, the more of the square of this side around them is hole.",
        unit="px",
        group="Search",
        advanced=True,
        ge=1,
        le=63,
    )
    far: float = setting(
        1.0,
        "Far pixels",
        "What pixels count that have no hole near: 0 looks at the rim alone, 1 at nearly all alike.",
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
        "Poisson carries the colours at the rim into what is filled; paste leaves it as it was drawn.",
        group="Search",
    )
    epoch: int = setting(
        0,
        "Age",
        "After how many epochs of its training the run draws; 0 takes the model it has kept.",
        unit="epochs",
        group="Search",
        advanced=True,
        ge=0,
        le=1_000_000,
    )
