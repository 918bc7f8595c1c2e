"""Which texts, and how they are divided. Every text model's training builds on this."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from core.settings.base import Settings, setting

Encoding = Literal[
    "auto",
    "utf-8",
    "utf-16",
    "cp1252",  # Western Europe
    "cp1250",  # Central Europe
    "iso8859-2",
    "cp1251",  # Cyrillic
    "koi8-r",
    "cp866",
    "cp1253",  # Greek
    "cp1254",  # Turkish
    "gb18030",  # Chinese
    "big5",
    "cp932",  # Japanese: Shift-JIS
    "euc-jp",
    "cp949",  # Korean
    "latin-1",
    "earlier",
]


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
    encoding: Encoding = setting(
        "auto",
        "Encoding",
        "Character encoding of the files; auto guesses it, file by file, earlier does so as former versions did.",
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
