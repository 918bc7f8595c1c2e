"""Where generated pictures are written, and how they are laid out. Every task that makes pictures builds on this."""

from __future__ import annotations

from typing import Any

from core.settings.base import Settings, setting


def overwrite_setting() -> Any:
    """Declares the field `overwrite`, a bool, beside `out`: it goes where that goes, and stays where that stays."""
    return setting(
        False,
        "Overwrite",
        "Replaces a file of that name even where this program has not written it.",
        group="File",
        kind="file",
    )


class PictureFileSettings(Settings):
    """The file that holds generated pictures."""

    out: str = setting(
        "",
        "File",
        "A .png takes the pictures side by side, a .gif or .mp4 one after the other; empty only shows them.",
        group="File",
        kind="file",
    )
    overwrite: bool = overwrite_setting()
    columns: int = setting(
        0,
        "Columns",
        "Pictures in a row of a .png; 0 makes it about square.",
        unit="pictures",
        group="File",
        advanced=True,
        ge=0,
        le=1000,
    )
    gap_px: int = setting(
        2, "Gap", "White space between the pictures of a .png.", unit="px", group="File", advanced=True, ge=0, le=100
    )
    scale: int = setting(
        0,
        "Enlarge",
        "How many times larger than the model draws them the pictures are written; 0 makes small ones visible.",
        unit="times",
        group="File",
        advanced=True,
        ge=0,
        le=64,
    )
