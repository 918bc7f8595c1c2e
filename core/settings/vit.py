"""The Vision Transformer's architecture, and the settings of its whole training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from core.settings.base import Settings, setting
from core.settings.dataset import DatasetSettings
from core.settings.picture_fit import PictureFitSettings


class VitSettings(Settings):
    """A Vision Transformer: patches, position embedding, encoder layers, then the head."""

    size: Literal["tiny", "fast"] = setting(
        "fast",
        "Size",
        "tiny is small enough to be explained in class; fast is accurate and still trains on a CPU.",
        group="Model",
    )
    patch_px: int = setting(
        0,
        "Patch side",
        "The picture is cut into squares of this side; 0 takes about an eighth of the picture, at least 2 px.",
        unit="px",
        group="Model",
        ge=0,
        le=128,
    )
    layers: int = setting(4, "Layers", "Encoder layers: attention, then an MLP.", group="Model", ge=1, le=24)
    heads: int = setting(
        4, "Heads", "Attention heads in each layer; must divide the width.", group="Model", ge=1, le=32
    )
    width: int = setting(
        64, "Width", "Length of the vector that stands for one patch.", unit="units", group="Model", ge=4, le=1024
    )
    mlp_ratio: float = setting(
        2.0, "MLP ratio", "The MLP's hidden layer is this much wider than the width.", group="Model", gt=0.0, le=8.0
    )
    position: bool = setting(
        True,
        "Position embedding",
        "Adds a learned vector for each position, without which the order of the patches is lost.",
        group="Model",
    )
    readout: Literal["token", "mean"] = setting(
        "token",
        "Read-out",
        "What the head reads: a class token added to the patches, or the mean of all patches.",
        group="Model",
    )
    dropout: float = setting(
        0.1,
        "Dropout",
        "Share of the units in each layer that are set to zero at random while training.",
        group="Model",
        ge=0.0,
        le=0.9,
    )

    @model_validator(mode="after")
    def _divide_the_width(self) -> VitSettings:
        if self.width % self.heads:
            raise ValueError(f"heads must divide width: {self.width} is no multiple of {self.heads}")
        return self


class VitTraining(VitSettings, PictureFitSettings, DatasetSettings):
    """Training of a Vision Transformer."""

    SIZES: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        # Patches of a moved picture are other patches: on small pictures crops cost more than they bring.
        "tiny": {"layers": 2, "heads": 2, "width": 32, "dropout": 0.0, "epochs": 40, "crop": 0.0},
        "fast": {
            "epochs": 40,
            "lr": 2e-3,
            "warmup_epochs": 4.0,
            "weight_decay": 0.05,
            "label_smoothing": 0.05,
            "crop": 0.0,
        },
    }
