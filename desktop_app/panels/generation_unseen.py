"""Settings that no editor of a page shows: kept as a dropped picture brought them, and named so that one knows."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic.fields import FieldInfo
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from desktop_app.translation import say, tr
from desktop_app.widgets.elements import button, label, row


class UnseenSettings(QWidget):
    """Holds them, and names in one line those that differ from their defaults; without any it is not seen.

    Attributes:
        values: what a job is to be given beside what the editors say.

    Args:
        fields: of the task's settings.
        names: of those that no editor shows.
        name: str, object name; the button is called `nameDefaults`.
    """

    def __init__(self, fields: Mapping[str, FieldInfo], names: tuple[str, ...], name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._fields, self._names = fields, names
        self.values: dict[str, object] = {}
        self.words = label(role="muted", wrap=True)
        tip = "Takes the defaults of these settings again."
        line = row(self.words, button("Defaults", self.forget, role="quiet", name=f"{name}Defaults", tip=tip))
        line.setStretch(0, 1)
        self.setLayout(line)
        self.hide()

    def take(self, settings: Mapping[str, object]) -> None:
        """Keeps what an earlier job says of them, instead of what is kept."""
        given = {name: settings[name] for name in self._names if name in settings}
        self.values = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        others = {name: value for name, value in self.values.items() if value != self._fields[name].default}
        self.setVisible(bool(others))

        def words() -> str:
            return ", ".join(f"{tr(self._fields[name].title or '')} {_text(value)}" for name, value in others.items())

        say(self.words.setText, "Further settings come from the picture: {settings}.", settings=words)

    @Slot()
    def forget(self) -> None:
        """Takes the defaults again."""
        self.take({})


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else tr(str(value))
