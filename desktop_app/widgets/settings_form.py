"""A form made from a Settings class: nothing about any one setting is written here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from core.settings.base import Settings, describe
from desktop_app.theme import SPACING, show_icon
from desktop_app.translation import say, tr
from desktop_app.widgets.elements import label, set_role
from desktop_app.widgets.form_editors import Editor, make_editor


class _Row:
    """One field: its title, its editor, its unit and the line for its error."""

    def __init__(self, name: str, title: QLabel, editor: Editor, unit: QLabel, error: QLabel) -> None:
        self.name = name
        self.title = title
        self.editor = editor
        self.unit = unit
        self.error = error

    def widgets(self) -> tuple[QWidget, ...]:
        """All that is shown of it but the error, which shows itself."""
        return self.title, self.editor.widget, self.unit


class SettingsForm(QWidget):
    """Shows each setting with its title, unit, range, help and error; those marked advanced lie behind "More".

    Signals:
        changed: some value is another one now.

    Args:
        settings: the Settings class.
        skip: names of fields that the panel shows elsewhere.
    """

    changed = Signal()

    def __init__(self, settings: type[Settings], *, skip: Collection[str] = ()) -> None:
        super().__init__()
        self.settings = settings
        self._rows: dict[str, _Row] = {}
        self._filling = False
        self._advanced: list[_Row] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        self._more_headings: list[tuple[QWidget, list[_Row]]] = []
        for group, names in _groups(settings, skip).items():
            heading = label(group, role="heading")
            grid = self._grid(names)
            layout.addWidget(heading)
            layout.addLayout(grid)
            rows = [self._rows[name] for name in names]
            if all(row in self._advanced for row in rows):
                self._more_headings.append((heading, rows))
            layout.addSpacing(SPACING)
        self._problem = label(role="error", wrap=True, name="formProblem")
        self._problem.hide()
        layout.addWidget(self._problem)
        self._more = self._more_button()
        layout.addWidget(self._more, alignment=Qt.AlignmentFlag.AlignLeft)
        self._more.setVisible(bool(self._advanced))
        self.show_values({})
        self._show_advanced(shown=False)

    # -- values -----------------------------------------------------------------------------------------

    def values(self) -> dict[str, Any]:
        """Returns name -> value of every field that is shown."""
        return {name: row.editor.value() for name, row in self._rows.items()}

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Shows values; fields that are not named get the default of the size that is.

        Args:
            values: name -> value; names the form does not show are left out.
        """
        self._filling = True
        filled = {**self._defaults(values.get("size")), **values}
        for name, row in self._rows.items():
            if name in filled:
                row.editor.show_value(filled[name])
        self._filling = False
        self._check()
        self.changed.emit()

    def editor(self, name: str) -> QWidget:
        """Returns the widget that edits a field."""
        return self._rows[name].editor.widget

    def offer_runs(self, runs: Sequence[tuple[str, str]]) -> None:
        """Offers runs where a field names one; what is chosen stays chosen.

        Args:
            runs: (caption, run id) of each.
        """
        for row in self._rows.values():
            row.editor.offer_runs(runs)

    def problem(self) -> str:
        """Returns what is wrong with the values, in one sentence, or ""."""
        return self._check()

    def _defaults(self, size: Any = None) -> dict[str, Any]:
        given = {} if size is None else {"size": size}
        return self.settings.model_validate({**self._elsewhere(), **given}).model_dump()

    def _elsewhere(self) -> dict[str, Any]:
        """Stands in for what the panel shows elsewhere, so that the rest can be checked."""
        fields = self.settings.model_fields
        return {name: "" for name, field in fields.items() if field.is_required()}

    @Slot()
    def _notice(self) -> None:
        if self._filling:
            return
        editor = self.sender()
        if "size" in self._rows and editor is self._rows["size"].editor:
            self._refill(self._rows["size"].editor.value())
        self._check()
        self.changed.emit()

    def _refill(self, size: Any) -> None:
        """Another size: its values replace those the sizes speak of; what else the user set stays."""
        named = {name for group in self.settings.SIZES.values() for name in group}
        defaults = self._defaults(size)
        self._filling = True
        for name in named & self._rows.keys():
            self._rows[name].editor.show_value(defaults[name])
        self._filling = False

    def _check(self) -> str:
        """Shows each error beside its field, and what concerns several of them below."""
        errors: dict[str, str] = {}
        try:
            self.settings.model_validate({**self._elsewhere(), **self.values()})
        except ValidationError as error:
            for part in error.errors(include_url=False):
                name = str(part["loc"][0]) if part["loc"] else ""
                if name in self._rows or not name:
                    errors.setdefault(name, sentence(part["msg"]))
        for name, row in self._rows.items():
            row.error.setText(errors.get(name, ""))
            row.error.setVisible(name in errors and not row.title.isHidden())
            set_role(row.editor.widget, "invalid", "true" if name in errors else "false")
        self._problem.setText(errors.get("", ""))
        self._problem.setVisible("" in errors)
        first = next(iter(errors), None)
        if first is None:
            return ""
        return f"{self._rows[first].title.text()}: {errors[first]}" if first else errors[first]

    # -- making -----------------------------------------------------------------------------------------

    def _grid(self, names: list[str]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING)
        grid.setVerticalSpacing(SPACING // 2 + 2)
        grid.setColumnMinimumWidth(0, 120)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(2, 56)
        for line, name in enumerate(names):
            row = self._rows[name] = self._row(name)
            grid.addWidget(row.title, 2 * line, 0)
            grid.addWidget(row.editor.widget, 2 * line, 1)
            grid.addWidget(row.unit, 2 * line, 2)
            grid.addWidget(row.error, 2 * line + 1, 0, 1, 3)
        return grid

    def _row(self, name: str) -> _Row:
        field = self.settings.model_fields[name]
        known = describe(field)
        title = label(field.title or name, wrap=True)
        editor = make_editor(field)
        editor.widget.setObjectName(f"setting_{name}")
        editor.widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        title.setBuddy(editor.widget)
        for widget in (title, editor.widget):
            say(widget.setToolTip, field.description or "")
        say(editor.widget.setAccessibleName, field.title or name)
        unit = label(known.get("unit", ""), role="unit")
        error = label(role="error", wrap=True, name=f"error_{name}")
        error.hide()
        editor.edited.connect(self._notice)
        row = _Row(name, title, editor, unit, error)
        if known.get("advanced"):
            self._advanced.append(row)
        return row

    def _more_button(self) -> QToolButton:
        more = QToolButton()
        more.setObjectName("more")
        more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        more.setCheckable(True)
        more.setAutoRaise(True)
        say(more.setText, "More")
        show_icon(more.setIcon, "chevron-right")
        more.toggled.connect(self._toggle_more)
        return more

    @Slot(bool)
    def _toggle_more(self, shown: bool) -> None:  # noqa: FBT001 (a slot)
        say(self._more.setText, "Less" if shown else "More")
        show_icon(self._more.setIcon, "chevron-down" if shown else "chevron-right")
        self._show_advanced(shown=shown)

    def _show_advanced(self, *, shown: bool) -> None:
        for row in self._advanced:
            for widget in row.widgets():
                widget.setVisible(shown)
        for heading, _ in self._more_headings:
            heading.setVisible(shown)
        self._check()


def known_values(settings: type[Settings], values: Any) -> dict[str, Any]:
    """Returns those of some remembered values that the Settings take yet; {} where they make no sense together."""
    known = {name: value for name, value in dict(values).items() if name in settings.model_fields}
    required = {name: "" for name, field in settings.model_fields.items() if field.is_required()}
    try:
        settings.model_validate({**required, **known})
    except ValidationError:
        return {}
    return known


def sentence(reason: str) -> str:
    """Returns pydantic's reason as a sentence of our own."""
    text = tr(reason.removeprefix("Value error, ")).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


def _groups(settings: type[Settings], skip: Collection[str]) -> dict[str, list[str]]:
    """Returns heading -> names, the size's group first: it decides the rest."""
    groups: dict[str, list[str]] = {}
    fields = settings.model_fields
    for name in sorted(fields, key=lambda field: (field != "size",)):
        if name not in skip:
            groups.setdefault(describe(fields[name]).get("group", ""), []).append(name)
    order = ("Model", "Training", "Augmentation", "Measuring", "Data")
    return dict(sorted(groups.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order)))
