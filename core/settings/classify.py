"""What to classify, with which run."""

from __future__ import annotations

from core.settings.base import Settings, setting


class ClassifySettings(Settings):
    """Classification of pictures and folders by a trained run."""

    run: str = setting(..., "Run", "The trained run that classifies.", kind="run")
    paths: tuple[str, ...] = setting((), "Pictures", "Pictures and folders of pictures.", kind="paths")
    top: int = setting(5, "Top", "How many classes to list for each picture.", unit="classes", ge=1, le=1000)
    thumbnails: bool = setting(
        False, "Thumbnails", "Whether small copies of the pictures are reported too.", advanced=True
    )
