"""A way through a generator's latents: where it begins and ends, and how it gets there."""

from __future__ import annotations

from typing import Literal

from core.settings.base import setting
from core.settings.picture_file import PictureFileSettings
from core.settings.truncation import Truncation, truncation_setting

Method = Literal["linear", "spherical", "arithmetic", "walk"]
MOST = 2**31 - 1


class InterpolateSettings(PictureFileSettings):
    """Pictures along a way from one latent to another, by a trained run."""

    run: str = setting(..., "Run", "The trained run that draws.", kind="run")
    method: Method = setting(
        "spherical",
        "Way",
        "Spherical keeps to where the model has learnt; linear goes straight; arithmetic goes from a picture to the "
        "same less one thing plus another; walk wanders from the seed and comes back.",
        group="Way",
    )
    from_seed: int = setting(
        -1, "From", "Seed of the first picture; -1 takes the job's seed.", group="Way", ge=-1, le=MOST
    )
    to_seed: int = setting(
        -1,
        "To",
        "Seed of the last picture, with arithmetic of what is added; -1 takes the one after the first.",
        group="Way",
        ge=-1,
        le=MOST,
    )
    less_seed: int = setting(
        -1,
        "Less",
        "With arithmetic: seed of what is taken away; -1 takes the one after the added.",
        group="Way",
        ge=-1,
        le=MOST,
    )
    from_number: int = setting(
        0,
        "Place of the first",
        "Which picture of a sheet drawn from that seed it is, counted from 0.",
        group="Way",
        advanced=True,
        ge=0,
        le=1_000_000,
    )
    to_number: int = setting(
        0,
        "Place of the last",
        "The same for the last, or for what is added.",
        group="Way",
        advanced=True,
        ge=0,
        le=1_000_000,
    )
    less_number: int = setting(
        0, "Place of the less", "The same for what is taken away.", group="Way", advanced=True, ge=0, le=1_000_000
    )
    average: int = setting(
        1,
        "Average",
        "With arithmetic: how many pictures from each place on are averaged; 3 captures better what "
        "they have in common.",
        unit="pictures",
        group="Way",
        advanced=True,
        ge=1,
        le=100,
    )
    steps: int = setting(
        16, "Steps", "Pictures on the way, the first and last among them.", unit="pictures", group="Way", ge=2, le=2000
    )
    back: bool = setting(
        False,
        "There and back",
        "Goes the same way back, so that an animation can repeat; a walk comes back anyway.",
        group="Way",
        advanced=True,
    )
    label: str = setting(
        "",
        "Class",
        "Which class is drawn, where the run has learnt classes; empty takes what both ends are in a sheet of all.",
        group="Way",
        kind="label",
    )
    to_label: str = setting(
        "",
        "Class at the end",
        "The class turns into this one on the way; empty changes none that is named.",
        group="Way",
        kind="label",
        advanced=True,
    )
    truncation: Truncation = truncation_setting("Way")
    epoch: int = setting(
        0,
        "Age",
        "Draws with the generator as it was after so many epochs; 0 uses the model that the run has kept.",
        unit="epochs",
        group="Way",
        advanced=True,
        ge=0,
        le=1_000_000,
    )
    columns: int = setting(
        8,
        "Columns",
        "Pictures in a row of a .png; 0 makes it about square.",
        unit="pictures",
        group="File",
        advanced=True,
        ge=0,
        le=1000,
    )
    fps: float = setting(
        12.0, "Pace", "Pictures a second of a .gif or .mp4.", unit="pictures/s", group="File", ge=0.5, le=50.0
    )
