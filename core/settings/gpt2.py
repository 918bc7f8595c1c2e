"""GPT-2's architecture. What a whole training needs beside it stands elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from core.settings.base import Settings, setting


class Gpt2Settings(Settings):
    """A GPT-2: token and position embedding, decoder layers, and a head that shares the token embedding's weights."""

    SIZES: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "tiny": {"layers": 2, "heads": 2, "width": 64, "context": 64, "dropout": 0.0},
        "fast": {},
        "strong": {"layers": 12, "heads": 12, "width": 768, "context": 1024},
    }

    size: Literal["tiny", "fast", "strong"] = setting(
        "fast",
        "Size",
        "tiny is small enough to be explained in class; fast trains on a CPU; strong is the smallest "
        "GPT-2, 124 million.",
        group="Model",
    )
    layers: int = setting(4, "Layers", "Decoder layers: attention, then an MLP.", group="Model", ge=1, le=48)
    heads: int = setting(
        4, "Heads", "Attention heads in each layer; must divide the width.", group="Model", ge=1, le=64
    )
    width: int = setting(
        128, "Width", "Length of the vector that stands for one token.", unit="units", group="Model", ge=4, le=4096
    )
    context: int = setting(
        128,
        "Context",
        "The most tokens that the model can process at once, those it writes included.",
        unit="tokens",
        group="Model",
        ge=8,
        le=8192,
    )
    dropout: float = setting(
        0.1,
        "Dropout",
        "Share of the units in each layer that are set to zero at random while training.",
        group="Model",
        ge=0.0,
        le=0.9,
    )
    mlp_width: int = setting(
        0,
        "MLP width",
        "Units of the MLP's hidden layer; 0 takes four times the width.",
        unit="units",
        group="Model",
        advanced=True,
        ge=0,
        le=32_768,
    )
    norm_epsilon: float = setting(
        1e-5,
        "Norm epsilon",
        "Keeps layer normalisation from dividing by zero; a model from elsewhere brings its own.",
        group="Model",
        advanced=True,
        gt=0.0,
        le=0.1,
    )

    @model_validator(mode="after")
    def _divide_the_width(self) -> Gpt2Settings:
        if self.width % self.heads:
            raise ValueError(f"heads must divide width: {self.width} is no multiple of {self.heads}")
        return self
