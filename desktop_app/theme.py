"""Colours, palette, style sheet and icons of the window, light and dark. The one place where a colour is named."""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from PySide6.QtCore import QByteArray, QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from desktop_app.bindings import Bindings

SPACING = 8  # px; every distance in the window is a multiple of it
THEMES = ("system", "light", "dark")


@dataclass(frozen=True)
class Colours:
    """The colours of one theme, as #rrggbb. Text on its ground has a contrast of 4.5 or more.

    Args:
        ground: behind everything.
        surface: cards, tables, fields.
        raised: buttons, headings, bars.
        border: lines between things.
        text: what is read.
        muted: what is read second.
        accent: the one colour that asks to be pressed or shows what is chosen.
        on_accent: text on the accent.
        chosen: ground of what is chosen.
        good, warning, bad: grounds and signs of messages, with `*_ground` behind their text.
        curve_loss, curve_accuracy: the curves of a training.
    """

    ground: str
    surface: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    on_accent: str
    chosen: str
    good: str
    good_ground: str
    warning: str
    warning_ground: str
    bad: str
    bad_ground: str
    curve_loss: str
    curve_accuracy: str


LIGHT = Colours(
    ground="#f3f4f6",
    surface="#ffffff",
    raised="#f8f9fb",
    border="#d5d9e0",
    text="#1b1f27",
    muted="#5b6472",
    accent="#2f5bd7",
    accent_hover="#274dba",
    on_accent="#ffffff",
    chosen="#e1e9fd",
    good="#1a7f4b",
    good_ground="#e3f5ea",
    warning="#8a5a00",
    warning_ground="#fdf1d7",
    bad="#b3261e",
    bad_ground="#fce8e6",
    curve_loss="#d1495b",
    curve_accuracy="#2f5bd7",
)
DARK = Colours(
    ground="#16181d",
    surface="#1e2128",
    raised="#272b34",
    border="#3a404c",
    text="#e8eaee",
    muted="#a2abb9",
    accent="#7ea2ff",
    accent_hover="#9ab6ff",
    on_accent="#0d1426",
    chosen="#2b3a61",
    good="#63d297",
    good_ground="#193325",
    warning="#f0c063",
    warning_ground="#382c14",
    bad="#ff8f86",
    bad_ground="#3d2020",
    curve_loss="#ff8a9a",
    curve_accuracy="#7ea2ff",
)


class Theme(QObject):
    """Knows which colours are shown.

    Signals:
        changed: emitted after palette, style sheet and icons have been renewed.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.name = "system"
        self.colours = LIGHT
        self.bindings = Bindings()

    def use(self, name: str) -> None:
        """Shows a theme at once.

        Args:
            name: one of `THEMES`; "system" follows the desktop.
        """
        self.name = name if name in THEMES else "system"
        dark = self.name == "dark" or (self.name == "system" and _desktop_is_dark())
        self.colours = DARK if dark else LIGHT
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setPalette(palette(self.colours))
            app.setStyleSheet(style_sheet(self.colours))
        self.bindings.refresh()
        self.changed.emit()


@functools.cache
def theme() -> Theme:
    """Returns the process's one theme."""
    return Theme()


def colour(name: str) -> QColor:
    """Returns a colour of the theme that is shown, by the name of its field in `Colours`."""
    return QColor(getattr(theme().colours, name))


def show_icon(setter: Callable[[QIcon], Any], name: str, role: str = "text") -> None:
    """Shows an icon through a widget's setter, in the colours of whatever theme is chosen.

    Args:
        setter: e.g. `button.setIcon`.
        name: file name in resources/icons, without ".svg".
        role: field of `Colours` that it is drawn in.
    """
    theme().bindings.bind(setter, lambda: icon(name, role))


def icon(name: str, role: str = "text") -> QIcon:
    """Returns an icon drawn in a colour of the theme, paler where it is disabled."""
    made = QIcon()
    colours = theme().colours
    for mode, shade in ((QIcon.Mode.Normal, getattr(colours, role)), (QIcon.Mode.Disabled, colours.border)):
        for side in (16, 20, 32, 64):
            made.addPixmap(pixmap(name, shade, side), mode)
    return made


def pixmap(name: str, shade: str, side: int) -> QPixmap:
    """Returns an icon as a picture.

    Args:
        name: as for `icon`.
        shade: str, #rrggbb.
        side: px.
    """
    renderer = QSvgRenderer(QByteArray(_svg(name).replace("currentColor", shade).encode()))
    picture = QPixmap(QSize(side, side))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    renderer.render(painter)
    painter.end()
    return picture


@functools.cache
def _svg(name: str) -> str:
    return (importlib.resources.files("resources") / "icons" / f"{name}.svg").read_text(encoding="utf-8")


def palette(colours: Colours) -> QPalette:
    """Returns the palette that Fusion draws with."""
    made = QPalette()
    roles = QPalette.ColorRole
    for role, name in {
        roles.Window: "ground",
        roles.WindowText: "text",
        roles.Base: "surface",
        roles.AlternateBase: "raised",
        roles.Text: "text",
        roles.Button: "raised",
        roles.ButtonText: "text",
        roles.BrightText: "bad",
        roles.Highlight: "accent",
        roles.HighlightedText: "on_accent",
        roles.ToolTipBase: "raised",
        roles.ToolTipText: "text",
        roles.PlaceholderText: "muted",
        roles.Link: "accent",
        roles.Accent: "accent",
        roles.Light: "surface",
        roles.Midlight: "raised",
        roles.Mid: "border",
        roles.Dark: "border",
    }.items():
        made.setColor(role, QColor(getattr(colours, name)))
    blend = QColor(colours.muted)
    blend.setAlpha(150)
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, blend)
    made.setColor(QPalette.ColorGroup.Disabled, roles.Highlight, QColor(colours.border))
    return made


def style_sheet(colours: Colours) -> str:
    """Returns the style sheet of resources/style.qss with the colours filled in."""
    text = (importlib.resources.files("resources") / "style.qss").read_text(encoding="utf-8")
    # Longest names first: "$accent" must not eat the start of "$accent_hover".
    for name in sorted((field.name for field in fields(colours)), key=len, reverse=True):
        text = text.replace(f"${name}", getattr(colours, name))
    return text


def _desktop_is_dark() -> bool:
    if QGuiApplication.instance() is None:
        return False
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
