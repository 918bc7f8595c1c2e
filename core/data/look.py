"""The task that decodes one picture for the window, which decodes none itself."""

from __future__ import annotations

from typing import Any

from core.context import Context
from core.data.decode import decode
from core.data.preview import thumbnail
from core.data.sources.folders import reachable
from core.events import Images
from core.files.atomic import path_of
from core.settings.look import LookSettings


def look(settings: LookSettings, context: Context) -> dict[str, Any]:
    """Reports one `Images` titled "look": the picture as a viewer shows it, made small where it is large.

    Returns:
        {"path"}: absolute.

    Raises:
        DecodeError: it is no picture, or damaged.
        CancelledError: the user has asked the job to stop.
    """
    context.check()
    path = path_of(settings.path).absolute()
    picture = thumbnail(decode(reachable(path), enough_px=settings.side_px), settings.side_px)
    context.report(Images("look", (picture,), ({"path": str(path)},)))
    return {"path": str(path)}
