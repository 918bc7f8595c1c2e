"""Small makers of labels, buttons and layouts, so that every panel spaces and names things alike."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from PySide6.QtCore import QEvent, QObject, QRect, Qt, SignalInstance
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop_app.theme import SPACING, show_icon
from desktop_app.translation import say, tr, translator

SlotLike = Callable[..., Any] | SignalInstance
_Layout = TypeVar("_Layout", bound=QBoxLayout)


def plain_tip(text: str) -> str:
    """Returns a tool tip that shows the text as it is: Qt would take what looks like HTML for HTML."""
    return f"<span>{html.escape(text)}</span>" if "<" in text or "&lt;" in text else text


def label(text: str = "", *, role: str = "", wrap: bool = False, name: str = "", **values: Any) -> QLabel:
    """Returns a label that follows the language.

    Args:
        text: str, English.
        role: str, for the style sheet: "title", "heading", "muted", "empty", "error", "score".
        wrap: bool, whether long text breaks into lines.
        name: str, object name.
        values: what stands in the text's braces.
    """
    made = QLabel()
    made.setProperty("role", role)
    made.setWordWrap(wrap)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setObjectName(name)
    if text:
        say(made.setText, text, **values)
    return made


def keep_lines(shown: QLabel, lines: int, like: str) -> None:
    """Gives a label that breaks into lines room for some from the start, so that nothing below it moves.

    Args:
        shown: the label.
        lines: int, how many.
        like: str, English, some words that it may show: scripts are not equally high.
    """
    shown.ensurePolished()  # else its font would not be the style sheet's
    shown.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    metrics, anywhere = shown.fontMetrics(), QRect(0, 0, 10_000, 10_000)

    def height() -> int:
        return metrics.boundingRect(anywhere, 0, "\n".join([tr(like)] * lines)).height()

    translator().bindings.bind(shown.setMinimumHeight, height)


def button(
    text: str, slot: SlotLike, *, icon: str = "", role: str = "", name: str = "", tip: str = ""
) -> CaptionButton:
    """Returns a push button that follows language and theme.

    Args:
        text: str, English; also what a screen reader says.
        slot: called when it is pressed.
        icon: str, file name in resources/icons.
        role: str, "primary" (one a panel), "quiet" or empty.
        name: str, object name.
        tip: str, English tool tip.
    """
    made = CaptionButton()
    made.setObjectName(name)
    made.setProperty("role", role)
    made.setAutoDefault(False)
    if text:
        say(made.setText, text)
    say(made.setAccessibleName, text or tip)
    if tip:
        say(made.setToolTip, tip)
    if icon:
        show_icon(made.setIcon, icon, "on_accent" if role == "primary" else "text")
    made.clicked.connect(slot)
    return made


def card(name: str = "card") -> tuple[QFrame, QVBoxLayout]:
    """Returns a framed surface and its layout."""
    frame = QFrame()
    frame.setObjectName(name)
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
    layout.setSpacing(SPACING)
    return frame, layout


def column(*items: Any, spacing: int = SPACING, margins: int = 0) -> QVBoxLayout:
    """Returns a vertical layout of widgets, layouts, stretches (an int) and gaps (a negative int, px)."""
    return _fill(QVBoxLayout(), items, spacing, margins)


def row(*items: Any, spacing: int = SPACING, margins: int = 0) -> QHBoxLayout:
    """Returns a horizontal layout of the same."""
    return _fill(QHBoxLayout(), items, spacing, margins)


def set_role(widget: QWidget, name: str, value: str) -> None:
    """Changes a property that the style sheet reads, and draws the widget anew."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class CaptionButton(QPushButton):
    """A push button that can do with its icon alone; what it says is its tool tip then."""

    def __init__(self) -> None:
        super().__init__()
        self._caption = ""
        self._shown = True

    def setText(self, text: str) -> None:  # noqa: N802 (Qt's name)
        """Changes the caption, whether it is shown or not."""
        self._caption = text
        super().setText(text if self._shown else "")
        if not self._shown:
            self.setToolTip(text)

    def caption(self) -> str:
        """Returns the caption, also where only the icon is shown."""
        return self._caption

    def show_caption(self, *, shown: bool) -> None:
        """Shows caption and icon, or the icon alone."""
        self._shown = shown
        self.setText(self._caption)


class ButtonRow(QWidget):
    """Buttons side by side that show only their icons where the place is narrow.

    Args:
        buttons: each with an icon; what they say becomes their tool tip.
        narrow_px: below this width of the widget they stand on, texts go.
        ground: the widget they stand on.
    """

    def __init__(self, buttons: Sequence[CaptionButton], *, narrow_px: int, ground: QWidget) -> None:
        super().__init__()
        self._buttons = list(buttons)
        self._narrow_px = narrow_px
        self._ground = ground
        self.setLayout(row(*buttons, spacing=4))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        ground.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Follows the width of the ground."""
        if watched is self._ground and event.type() == QEvent.Type.Resize:
            narrow = self._ground.width() < self._narrow_px
            for each in self._buttons:
                each.show_caption(shown=not narrow)
        return False


def _fill(layout: _Layout, items: tuple[Any, ...], spacing: int, margins: int) -> _Layout:
    layout.setSpacing(spacing)
    layout.setContentsMargins(margins, margins, margins, margins)
    for item in items:
        if isinstance(item, QWidget):
            layout.addWidget(item)
        elif isinstance(item, QLayout):
            layout.addLayout(item)
        elif item < 0:
            layout.addSpacing(-item)
        else:
            layout.addStretch(item)
    return layout
