"""How a classifier of pictures is fitted: beside the rest, label smoothing and augmentation."""

from __future__ import annotations

from core.settings.base import setting
from core.settings.fit import FitSettings


class PictureFitSettings(FitSettings):
    """Fitting of a classifier of pictures."""

    label_smoothing: float = setting(
        0.0,
        "Label smoothing",
        "Share of each label's probability that is spread evenly over all classes; reduces overconfidence.",
        group="Training",
        advanced=True,
        ge=0.0,
        le=0.5,
    )
    crop: float = setting(
        0.1,
        "Crop",
        "Pictures are padded by this share of their side and cut back at a random place while training; 0 is off.",
        group="Augmentation",
        ge=0.0,
        le=0.5,
    )
    flip: bool = setting(
        False,
        "Flip",
        "Mirrors half the pictures left to right while training; wrong for digits, letters and other one-sided things.",
        group="Augmentation",
    )
