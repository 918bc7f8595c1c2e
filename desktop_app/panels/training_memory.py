"""What the training panel remembers from one start to the next: data, model, backend and settings."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from desktop_app.background import Aside
from desktop_app.panels.training_setup import TrainingSetup
from desktop_app.preferences import Preferences
from desktop_app.widgets.data_chooser import EMBEDDED
from desktop_app.widgets.settings_form import known_values


class TrainingMemory(QObject):
    """Keeps and recalls the last choices.

    Args:
        preferences: where they are kept.
        setup: where they are made.
    """

    def __init__(self, preferences: Preferences, setup: TrainingSetup) -> None:
        super().__init__(setup)
        self._preferences = preferences
        self._setup = setup
        self._aside = Aside(self)

    def keep(self) -> None:
        """Writes the choices down."""
        setup, preferences = self._setup, self._preferences
        preferences.set("data", setup.data.data)
        preferences.set("model", setup.model.currentData())
        preferences.set("backend", setup.backend.currentData())
        preferences.set("settings", setup.form.values())

    def recall(self) -> None:
        """Shows the choices of the last time."""
        setup, preferences = self._setup, self._preferences
        for combo, name in ((setup.model, "model"), (setup.backend, "backend")):
            if (index := combo.findData(preferences.get(name, ""))) >= 0:
                combo.setCurrentIndex(index)
        setup.form.show_values(known_values(setup.form.settings, preferences.get("settings", {})))
        setup.data.choose(preferences.get("data", "") or "digits")  # whether it is there is looked at later

    def check_data(self) -> None:
        """Chooses the digits where the data of the last time is gone. The disk may be slow, or a share dead."""
        chooser = self._setup.data
        data = chooser.data

        def choose(there: bool) -> None:  # noqa: FBT001 (what the worker thread found)
            if not there and chooser.data == data:
                chooser.choose("digits")

        if data not in EMBEDDED:
            self._aside.do(lambda: _is_there(data), choose)


def _is_there(data: str) -> bool:
    """Whether a path leads somewhere; a share that does not answer is as good as none."""
    try:
        Path(data).stat()
    except (OSError, ValueError):
        return False
    return True
