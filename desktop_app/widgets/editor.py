"""What all editors of a settings form have in common. It must not know a setting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QSpinBox, QWidget


class Editor(QObject):
    """Edits one value.

    Signals:
        edited: the user, or `show_value`, changed it.

    Args:
        widget: what the form shows; the editor belongs to it.
    """

    edited = Signal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.widget = widget
        self._filter_wheel()

    def value(self) -> Any:
        """Returns what is shown, as the Settings class takes it."""
        raise NotImplementedError

    def show_value(self, value: Any) -> None:
        """Shows a value."""
        raise NotImplementedError

    def offer_runs(self, runs: Sequence[tuple[str, str]]) -> None:
        """Offers runs, (caption, run id) each, where the value names one."""

    def _filter_wheel(self) -> None:
        """Scrolling the form must not change what the pointer happens to cross."""
        if isinstance(self.widget, QComboBox | QSpinBox | QDoubleSpinBox):
            self._pass_wheel_of(self.widget)

    def _pass_wheel_of(self, widget: QWidget) -> None:
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Passes the wheel on to the scroll area unless the editor has the focus."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False
