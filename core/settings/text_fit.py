"""The settings of a GPT-2's whole training: texts, tokenizer, architecture and fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from core.settings.base import setting
from core.settings.fit import FitSettings
from core.settings.gpt2 import Gpt2Settings
from core.settings.text_data import TextSettings


class Gpt2Training(Gpt2Settings, FitSettings, TextSettings):
    """Training of a GPT-2, anew or from one that is there."""

    SIZES: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        name: {**values, "clip_norm": 1.0, "weight_decay": 0.1, **fit}
        for (name, values), fit in zip(
            Gpt2Settings.SIZES.items(),
            (
                {"epochs": 12, "batch_size": 32, "lr": 3e-3},
                {"epochs": 6, "batch_size": 32, "lr": 2e-3},
                {"epochs": 10, "batch_size": 8, "lr": 5e-4, "vocabulary": 32_768},
            ),
            strict=True,
        )
    }

    gpt2: str = setting(
        "",
        "GPT-2 folder",
        "A GPT-2 to go on from, with its own architecture and tokenizer; empty trains a new one.",
        group="Model",
        kind="folder",
    )
    vocabulary: int = setting(
        4096,
        "Vocabulary",
        "Largest vocabulary of a tokenizer that is learnt from the training texts, where none is given.",
        unit="tokens",
        group="Model",
        ge=257,
        le=65_536,
    )
    tokenizer: str = setting(
        "",
        "Tokenizer folder",
        "A folder with vocab.json and merges.txt, GPT-2's own say, for a new model; empty learns one from the texts.",
        group="Model",
        kind="folder",
    )
    packing: Literal["auto", "always", "never"] = setting(
        "auto",
        "Packing",
        "Whether documents share rows, an end token between them: faster where most are much shorter than the longest; "
        "auto decides by that.",
        group="Training",
        advanced=True,
    )

    @model_validator(mode="after")
    def _one_tokenizer(self) -> Gpt2Training:
        if self.gpt2 and self.tokenizer:
            raise ValueError("a GPT-2 to go on from brings its own tokenizer: name one of the two folders")
        return self
