"""Base of all panels, and what each is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop_app.engines import Engines
from desktop_app.store import Store
from desktop_app.widgets.message_bar import MessageBar


@dataclass(frozen=True)
class Studio:
    """What the panels share.

    Args:
        store: workspace, runs, preferences.
        engines: where jobs are done.
        messages: where the user is told something.
    """

    store: Store
    engines: Engines
    messages: MessageBar


class Panel(QWidget):
    """One of the window's panels.

    Signals:
        run_offered: (panel key, run id): another panel is to take the run over and be shown.
        model_wanted: str, key of `core.catalog.MODELS`: the training panel is to be shown, that model chosen.

    Args:
        studio: what the panels share.
    """

    run_offered = Signal(str, str)
    model_wanted = Signal(str)

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    icon: ClassVar[str] = ""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName(f"panel_{self.key}")
        self.studio = studio

    @property
    def takes_pictures(self) -> bool:
        """Whether it works on pictures that are dropped now, wherever they are from."""
        return False

    def begin(self) -> None:
        """Called once, after the window has been painted: the place for whatever takes time."""

    def take_run(self, run_id: str) -> None:
        """Called when another panel offers a run."""

    def take_model(self, model: str) -> None:
        """Called when another panel wants a model to be trained."""

    def take_paths(self, paths: list[Path]) -> None:
        """Called when files are dropped on the window, or opened from the menu, while this panel is shown."""

    def recall(self, path: Path) -> None:
        """Called with a picture that tells what made it, where this panel has made it."""

    def remember(self) -> None:
        """Called before the window closes: the place to write last choices into the preferences."""
