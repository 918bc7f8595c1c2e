"""Which texts, and how they are divided. Every text model's training builds on this."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from core.settings.base import Settings, setting


class TextSettings(Settings):
    """Texts and their splits."""

    data: str = setting(
        "shapes",
        "Data",
        "A .txt file, a folder or a zip of them, or: shapes, whose scenes are described in sentences.",
        group="Data",
        kind="data",
    )
    documents: Literal["auto", "file", "line", "piece"] = setting(
        "auto",
        "Documents",
        "What counts as one document, which stays in one split and ends in an end token: a file or a "
        "line; piece cuts files into pieces. auto takes files where there are 30 or more, else "
        "pieces.",
        group="Data",
    )
    encoding: Literal["auto", "utf-8", "utf-16", "gb18030", "latin-1"] = setting(
        "auto",
        "Encoding",
        "Character encoding of the files; auto detects it, file by file.",
        group="Data",
        advanced=True,
    )
    test_share: float = setting(
        0.2,
        "Test share",
        "Share of the text held out for the test; a given test split wins.",
        group="Data",
        ge=0.0,
        le=0.9,
    )
    validation_share: float = setting(
        0.1,
        "Validation share",
        "Share of the text for validation while training; a given split wins.",
        group="Data",
        ge=0.0,
        le=0.9,
    )
    count: int = setting(
        5000,
        "Scenes",
        "How many scenes are described, in one to three sentences each, for shapes only.",
        unit="scenes",
        group="Data",
        advanced=True,
        ge=10,
        le=1_000_000,
    )

    @model_validator(mode="after")
    def _leave_some_to_train(self) -> TextSettings:
        if self.test_share + self.validation_share >= 1:
            raise ValueError("test_share and validation_share leave nothing to train on: lower one of them")
        return self
