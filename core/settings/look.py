"""Settings of a look at a picture."""

from __future__ import annotations

from core.settings.base import Settings, setting


class LookSettings(Settings):
    """A look at one picture file, as the window shows it."""

    path: str = setting(..., "Picture", "The picture that is looked at.", kind="file")
    side_px: int = setting(512, "Longer side", "The picture is shown no larger than this.", unit="px", ge=16, le=4096)
