"""The CNN's architecture, and the settings of its whole training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from core.settings.base import Settings, setting
from core.settings.dataset import DatasetSettings
from core.settings.picture_fit import PictureFitSettings


class CnnSettings(Settings):
    """A convolutional network: blocks of convolutions, each ending in pooling, then the head."""

    size: Literal["tiny", "fast"] = setting(
        "fast",
        "Size",
        "tiny is small enough to be explained in class; fast is accurate and still quick on a CPU.",
        group="Model",
    )
    blocks: int = setting(
        3,
        "Blocks",
        "Each block halves the picture's side, as long as more than 3 px are left.",
        group="Model",
        ge=1,
        le=6,
    )
    convolutions: int = setting(
        2, "Convolutions", "Convolution layers in each block.", unit="layers", group="Model", ge=1, le=4
    )
    filters: int = setting(
        32, "Filters", "Feature maps of the first block; each block doubles them.", group="Model", ge=1, le=256
    )
    kernel: int = setting(3, "Kernel", "Side of the convolution window.", unit="px", group="Model", ge=1, le=11)
    pooling: Literal["max", "average"] = setting(
        "max", "Pooling", "How a block halves the side: the maximum or the mean of each 2 x 2 pixels.", group="Model"
    )
    activation: Literal["relu", "gelu", "tanh", "sigmoid"] = setting(
        "relu", "Activation", "The non-linear function after each convolution.", group="Model"
    )
    batch_norm: bool = setting(
        True, "Batch norm", "Normalises each feature map over the batch: faster, steadier training.", group="Model"
    )
    dense: int = setting(
        0,
        "Dense layer",
        "Units of a hidden layer on the flattened maps; 0 averages each map instead.",
        unit="units",
        group="Model",
        ge=0,
        le=4096,
    )
    dropout: float = setting(
        0.2,
        "Dropout",
        "Share of the units before the last layer that are set to zero at random while training.",
        group="Model",
        ge=0.0,
        le=0.9,
    )


class CnnTraining(CnnSettings, PictureFitSettings, DatasetSettings):
    """Training of a CNN."""

    SIZES: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "tiny": {
            "blocks": 2,
            "convolutions": 1,
            "filters": 16,
            "dense": 64,
            "batch_norm": False,
            "dropout": 0.0,
            "epochs": 20,
        },
        "fast": {"filters": 24, "epochs": 16, "batch_size": 32, "lr": 4e-3, "label_smoothing": 0.05},
    }
