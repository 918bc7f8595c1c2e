"""Pictures to be drawn by a trained run."""

from __future__ import annotations

from core.settings.base import setting
from core.settings.picture_file import PictureFileSettings
from core.settings.truncation import Truncation, truncation_setting


class GenerateSettings(PictureFileSettings):
    """A sheet of new pictures, by a trained run."""

    run: str = setting(..., "Run", "The trained run that draws.", kind="run")
    count: int = setting(64, "Pictures", "How many are drawn.", unit="pictures", group="Pictures", ge=1, le=10_000)
    label: str = setting(
        "",
        "Class",
        "Which class is drawn, where the run has learnt classes; empty draws all of them in turn.",
        group="Pictures",
        kind="label",
    )
    truncation: Truncation = truncation_setting("Pictures")
    epoch: int = setting(
        0,
        "Age",
        "Draws with the generator as it was after so many epochs; 0 uses the model that the run has kept.",
        unit="epochs",
        group="Pictures",
        advanced=True,
        ge=0,
        le=1_000_000,
    )
    columns: int = setting(
        -1,
        "Columns",
        "Pictures in a row of a .png; -1 keeps each class in a column where all are drawn, 0 makes it about square.",
        unit="pictures",
        group="File",
        advanced=True,
        ge=-1,
        le=1000,
    )
    first: int = setting(
        0,
        "First",
        "Number of the first picture of the seed: the next sheet begins where this one ends.",
        group="Pictures",
        advanced=True,
        ge=0,
        le=1_000_000,
    )
