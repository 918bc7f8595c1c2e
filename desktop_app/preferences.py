"""What the window remembers of its user: language, theme, last choices. A damaged file is as good as none."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import platformdirs

from core.errors import UserError
from core.files.atomic import write_json
from core.files.migrations import Migration, NewerError, migrate, newest

MIGRATIONS: tuple[Migration, ...] = ()


class Preferences:
    """A small JSON file of plain values.

    Args:
        path: the file; it need not be there, nor be readable, nor hold what it should. What a newer version of the
            program has written is left to that one: nothing is read, and nothing saved.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, Any] = {}
        self._newer = False
        try:
            # Files of the first format carry none.
            values = migrate(json.loads(path.read_text(encoding="utf-8")), MIGRATIONS, path, missing=1)
        except NewerError:
            self._newer = True
        except (OSError, ValueError):
            pass
        else:
            if isinstance(values, dict):
                self._values = values

    def get(self, name: str, default: Any) -> Any:
        """Returns the value, or the default where there is none or it is of another type."""
        value = self._values.get(name, default)
        return value if isinstance(value, type(default)) else default

    def set(self, name: str, value: Any) -> None:
        """Remembers a JSON value until `save`."""
        self._values[name] = value

    def save(self) -> None:
        """Writes the file, where that is possible: not being able to remember is no reason to fail."""
        if self._newer:
            return
        with suppress(UserError):
            write_json(self._path, {**self._values, "format": newest(MIGRATIONS)})


def preferences_path() -> Path:
    """Returns the file PIXELWRIGHT_PREFERENCES names, else one in the user's configuration folder."""
    named = os.environ.get("PIXELWRIGHT_PREFERENCES", "")
    return Path(named) if named else platformdirs.user_config_path("Pixelwright", appauthor=False) / "window.json"
