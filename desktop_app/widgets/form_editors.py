"""The editors of a settings form: for each kind of field the widget that fits, all with one small interface."""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MultipleOf
from pydantic.fields import FieldInfo
from PySide6.QtCore import Slot
from PySide6.QtGui import QColor, QValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from core.settings.base import describe
from core.settings.truncation import LEAST
from desktop_app.translation import tr, translator
from desktop_app.widgets.editor import Editor
from desktop_app.widgets.elements import button
from desktop_app.widgets.extractor_editor import ExtractorEditor

WIDEST_INT = 2**31 - 1
NARROWEST_PX = 72
SHORTEST = 5  # letters that a list of choices has room for


class CheckEditor(Editor):
    """A switch."""

    def __init__(self) -> None:
        self._box = QCheckBox()
        super().__init__(self._box)
        self._box.toggled.connect(self.edited)

    def value(self) -> bool:
        """Whether it is on."""
        return self._box.isChecked()

    def show_value(self, value: Any) -> None:
        """Switches it."""
        self._box.setChecked(bool(value))


class ChoiceEditor(Editor):
    """One of a few words.

    Args:
        choices: the values; each is shown in the user's language.
    """

    def __init__(self, choices: tuple[Any, ...]) -> None:
        self._box = QComboBox()
        # As wide as there is room: a long choice must not push the form out of its column.
        self._box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._box.setMinimumContentsLength(SHORTEST)
        self._choices = choices
        for choice in choices:
            self._box.addItem(tr(str(choice)), choice)
        super().__init__(self._box)
        self._box.currentIndexChanged.connect(self.edited)
        translator().changed.connect(self._name_choices)

    def value(self) -> Any:
        """The word that is chosen."""
        return self._box.currentData()

    def show_value(self, value: Any) -> None:
        """Chooses a word."""
        self._box.setCurrentIndex(max(0, self._choices.index(value) if value in self._choices else 0))

    @Slot()
    def _name_choices(self) -> None:
        for index, choice in enumerate(self._choices):
            self._box.setItemText(index, tr(str(choice)))


class IntEditor(Editor):
    """A whole number within its range."""

    def __init__(self, low: float | None, high: float | None, step: float | None) -> None:
        self._box = QSpinBox()
        self._box.setRange(
            int(low) if low is not None else -WIDEST_INT, min(WIDEST_INT, int(high)) if high is not None else WIDEST_INT
        )
        self._box.setSingleStep(int(step or 1))
        self._box.setMinimumWidth(NARROWEST_PX)  # of itself it takes the width of its largest number
        self._box.setKeyboardTracking(False)
        super().__init__(self._box)
        self._box.valueChanged.connect(self.edited)

    def value(self) -> int:
        """The number."""
        return self._box.value()

    def show_value(self, value: Any) -> None:
        """Shows a number."""
        self._box.setValue(int(value))


class PlainDoubleSpinBox(QDoubleSpinBox):
    """A spin box that writes 0.004 and 1e-05, not 0.0040000000.

    Args:
        least: float, the smallest number that it takes beside 0; 0 for any.
    """

    def __init__(self, least: float = 0.0) -> None:
        super().__init__()
        self._least = least

    def stepBy(self, steps: int) -> None:  # noqa: N802 (Qt's name)
        """Steps over what lies between 0 and the least."""
        super().stepBy(steps)
        if 0 < self.value() < self._least:
            self.setValue(self._least if steps > 0 else 0.0)

    def textFromValue(self, value: float) -> str:  # noqa: N802 (Qt's name)
        """Returns the shortest writing."""
        return f"{value:.6g}"

    def valueFromText(self, text: str) -> float:  # noqa: N802 (Qt's name)
        """Returns the number that is written, with a point or a comma."""
        return float(text.removesuffix(self.suffix()).strip().replace(",", ".") or 0)

    def validate(self, text: str, position: int) -> Any:
        """Takes whatever is the beginning of a number."""
        written = text.removesuffix(self.suffix()).strip().replace(",", ".").lower()
        try:
            number = float(written)
        except ValueError:
            beginning = all(sign in "0123456789.e+-" for sign in written)
            kind = QValidator.State.Intermediate if beginning else QValidator.State.Invalid
        else:
            fits = self.minimum() <= number <= self.maximum() and not 0 < number < self._least
            kind = QValidator.State.Acceptable if fits else QValidator.State.Intermediate
        return kind, text, position


class FloatEditor(Editor):
    """A number within its range; the arrows change it by a tenth of its size.

    Args:
        low: float, the smallest; None for any.
        high: float, the largest; None for any.
        open_low: bool, whether the smallest itself is left out.
        least: float, as in `PlainDoubleSpinBox`.
    """

    def __init__(self, low: float | None, high: float | None, *, open_low: bool, least: float = 0.0) -> None:
        self._box = PlainDoubleSpinBox(least)
        self._box.setDecimals(9)
        bottom = -1e9 if low is None else low + (1e-9 if open_low else 0.0)
        self._box.setRange(bottom, 1e9 if high is None else high)
        self._box.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self._box.setKeyboardTracking(False)
        super().__init__(self._box)
        self._box.valueChanged.connect(self.edited)

    def value(self) -> float:
        """The number."""
        return round(self._box.value(), 9)

    def show_value(self, value: Any) -> None:
        """Shows a number."""
        self._box.setValue(float(value))


class TextEditor(Editor):
    """A line of text; several values are separated by commas.

    Args:
        plural: bool, whether it holds a tuple.
    """

    def __init__(self, *, plural: bool = False) -> None:
        self._line = QLineEdit()
        self._plural = plural
        super().__init__(self._line)
        self._line.editingFinished.connect(self.edited)

    def value(self) -> Any:
        """The text, or its parts."""
        if self._plural:
            return tuple(part.strip() for part in self._line.text().split(",") if part.strip())
        return self._line.text().strip()

    def show_value(self, value: Any) -> None:
        """Shows a text, or parts."""
        self._line.setText(", ".join(str(part) for part in value) if self._plural else str(value))
        self.edited.emit()


class ColourEditor(Editor):
    """A colour on a button that opens the colour dialog."""

    def __init__(self) -> None:
        self._button = QPushButton()
        self._button.setAutoDefault(False)
        super().__init__(self._button)
        self._button.clicked.connect(self._ask)

    def value(self) -> str:
        """The colour as #rrggbb."""
        return self._button.text()

    def show_value(self, value: Any) -> None:
        """Shows a colour, its name in black or white on it."""
        self._button.setText(str(value))
        shade = QColor(str(value))
        ink = "#000000" if shade.lightnessF() > 0.5 else "#ffffff"
        self._button.setStyleSheet(f"QPushButton {{ background: {shade.name()}; color: {ink}; }}")
        self.edited.emit()

    @Slot()
    def _ask(self) -> None:
        shade = QColorDialog.getColor(QColor(self.value()), self._button)
        if shade.isValid():
            self.show_value(shade.name())


class PathEditor(Editor):
    """A path that is typed or looked for.

    Args:
        folder: bool, whether a folder is meant.
    """

    def __init__(self, *, folder: bool) -> None:
        box = QWidget()
        layout = QHBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        self._line = QLineEdit()
        self._folder = folder
        layout.addWidget(self._line, 1)
        super().__init__(box)
        layout.addWidget(button("…", self._ask, tip="Browse"))
        box.setFocusProxy(self._line)
        self._line.editingFinished.connect(self.edited)

    def value(self) -> str:
        """The path."""
        return self._line.text().strip()

    def show_value(self, value: Any) -> None:
        """Shows a path."""
        self._line.setText(str(value))
        self.edited.emit()

    @Slot()
    def _ask(self) -> None:
        if self._folder:
            path = QFileDialog.getExistingDirectory(self.widget, "", self.value())
        else:
            path, _ = QFileDialog.getOpenFileName(self.widget, "", self.value())
        if path:
            self.show_value(path)


def make_editor(field: FieldInfo) -> Editor:
    """Returns the editor that fits a field: its `kind` first, else its type."""
    kind = describe(field).get("kind", "")
    if kind == "colour":
        return ColourEditor()
    if kind == "judge":
        return ExtractorEditor()
    if kind in ("file", "folder", "data", "run"):
        return PathEditor(folder=kind in ("folder", "run"))
    annotation = _without_none(field.annotation)
    if get_origin(annotation) is Literal:
        return ChoiceEditor(get_args(annotation))
    if annotation is bool:
        return CheckEditor()
    low, high, step, open_low = _bounds(field)
    if annotation is int:
        return IntEditor(low, high, step)
    if annotation is float:
        return FloatEditor(low, high, open_low=open_low, least=LEAST if kind == "truncation" else 0.0)
    return TextEditor(plural=get_origin(annotation) in (tuple, list))


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        return next(part for part in get_args(annotation) if part is not type(None))
    return annotation


def _bounds(field: FieldInfo) -> tuple[float | None, float | None, float | None, bool]:
    """Returns lowest, highest and step of a number, and whether the lowest itself is left out."""
    low = high = step = None
    open_low = False
    for mark_ in field.metadata:
        match mark_:
            case Ge():
                low = float(mark_.ge)  # type: ignore[arg-type]
            case Gt():
                low, open_low = float(mark_.gt), True  # type: ignore[arg-type]
            case Le():
                high = float(mark_.le)  # type: ignore[arg-type]
            case Lt():
                high = float(mark_.lt) - 1e-9  # type: ignore[arg-type]
            case MultipleOf():
                step = float(mark_.multiple_of)  # type: ignore[arg-type]
    return low, high, step, open_low
