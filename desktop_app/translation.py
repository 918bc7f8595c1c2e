"""The language of the window: `tr` for a text, `say` for a text that a widget goes on showing.

English text is the key. Dictionaries lie in resources/translations as JSON. A text that has no translation
stays English, so nothing ever shows a bare key.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QLocale, QObject, Signal

from core.errors import UserError, fill
from desktop_app.bindings import Bindings

LANGUAGES = {"en": "English", "zh_CN": "简体中文"}


class Translator(QObject):
    """Knows the language that is shown.

    Signals:
        changed: emitted after the texts bound with `say` have been renewed.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.language = "en"
        self.bindings = Bindings()
        self._texts: dict[str, str] = {}

    def set_language(self, language: str) -> None:
        """Shows another language at once.

        Args:
            language: a key of `LANGUAGES`, or "system".
        """
        language = system_language() if language not in LANGUAGES else language
        if language != self.language:
            self.language = language
            self._texts = read_dictionary(language)
            self.bindings.refresh()
            self.changed.emit()

    def look_up(self, text: str) -> str:
        """Returns the text in the language that is shown."""
        return self._texts.get(text, text)


@functools.cache
def translator() -> Translator:
    """Returns the process's one translator."""
    return Translator()


def tr(text: str, /, **values: Any) -> str:
    """Returns the text in the language that is shown, with its values filled in.

    Args:
        text: str, English, with names in braces where values go.
        values: what stands in the braces.
    """
    return fill(translator().look_up(text), values)


def say(setter: Callable[[str], Any], text: str, /, **values: Any) -> None:
    """Shows a text through a widget's setter now and in whatever language is chosen later.

    Args:
        setter: e.g. `label.setText`.
        text: as for `tr`.
        values: as for `tr`; a callable is called each time.
    """

    def make() -> str:
        return tr(text, **{name: value() if callable(value) else value for name, value in values.items()})

    translator().bindings.bind(setter, make)


def mark(text: str) -> str:
    """Returns the text as it is: marks one that `tr` is given later, so that the translation test finds it."""
    return text


def tr_error(error: UserError) -> str:
    """Returns what an error says and what to do about it, in the language that is shown."""
    return " ".join(
        part for part in (tr_parts(error.message, error.values), tr_parts(error.hint, error.values)) if part
    )


def tr_parts(text: str, values: Mapping[str, Any]) -> str:
    """Returns a text of the engine's; a value that is a known text itself, such as a reason, is translated too."""
    look_up = translator().look_up
    return tr(text, **{name: look_up(value) if isinstance(value, str) else value for name, value in values.items()})


def read_dictionary(language: str) -> dict[str, str]:
    """Returns English -> translation; empty for English."""
    file = importlib.resources.files("resources") / "translations" / f"{language}.json"
    if language == "en" or not file.is_file():
        return {}
    texts: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return texts


def system_language() -> str:
    """Returns the first language of the system that there is a dictionary for."""
    for name in QLocale.system().uiLanguages():
        if name.lower().startswith("zh") and "hant" not in name.lower():
            return "zh_CN"
        if name.lower().startswith("en"):
            return "en"
    return "en"
