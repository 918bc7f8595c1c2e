"""What the writing page asks for: the model, the prompt, and how the next token is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QVBoxLayout, QWidget

from core.settings.generate_text import GenerateTextSettings
from desktop_app.theme import SPACING
from desktop_app.translation import mark, say, tr, translator
from desktop_app.widgets.elements import button, card, label, row
from desktop_app.widgets.field_grid import FieldGrid
from desktop_app.widgets.form_editors import make_editor
from desktop_app.widgets.model_box import ModelBox, choose_folder
from desktop_app.widgets.seed_editor import SeedEditor

FIELDS = GenerateTextSettings.model_fields
PROMPT_LINES = 5
# Way of writing -> its English name, the settings that it asks for, and where these begin.
WAYS: Mapping[str, tuple[str, tuple[str, ...], Mapping[str, Any]]] = {
    "drawn": (mark("drawn by chance"), ("temperature", "top_k", "top_p", "repetition_penalty", "count"), {}),
    "greedy": (mark("always the most probable"), ("repetition_penalty",), {}),
    "beams": (
        mark("beam search"),
        ("beams", "length_penalty", "repetition_penalty", "count"),
        {"beams": 4},
    ),
    "contrastive": (mark("contrastive search"), ("contrastive", "top_k", "repetition_penalty"), {"contrastive": 0.6}),
}
CHANGING = ("temperature", "top_k", "top_p", "beams", "length_penalty", "contrastive", "repetition_penalty", "count")


class WriteForm(QWidget):
    """The left side of the writing page.

    Signals:
        look_requested: the prompt is to be looked at as it is.
    """

    look_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.model = ModelBox("writeModel", mark("Folder of a GPT-2…"), choose_folder)
        say(self.model.setAccessibleName, "Model")
        self.prompt = QPlainTextEdit()
        self.prompt.setObjectName("writePrompt")
        self.prompt.setTabChangesFocus(True)
        self.prompt.setFixedHeight(PROMPT_LINES * self.prompt.fontMetrics().lineSpacing() + 2 * SPACING)
        say(self.prompt.setAccessibleName, "Prompt")
        say(self.prompt.setPlaceholderText, "What the text begins with. It may stay empty.")
        self.look_button = button(
            "Look at it",
            self.look_requested,
            icon="eye",
            name="writeLook",
            tip="Shows how probable the model finds each token of the prompt, and writes nothing.",
        )
        self.way = QComboBox()
        self.way.setObjectName("writeWay")
        self.way.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.way.setMinimumContentsLength(8)
        for key in WAYS:
            self.way.addItem("", key)
        self.editors = {name: make_editor(FIELDS[name]) for name in (*CHANGING, "max_tokens", "stop")}
        self.seed = SeedEditor("write")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(SPACING + SPACING // 2)
        whole.addWidget(self._make_beginning())
        whole.addWidget(self._make_sampling())
        self.way.currentIndexChanged.connect(self._show_way)
        translator().changed.connect(self._name_ways)
        self._name_ways()
        self._show_way()

    def _make_beginning(self) -> QWidget:
        frame, layout = card()
        layout.addWidget(label("Model", role="section"))
        layout.addWidget(self.model)
        layout.addSpacing(SPACING)
        layout.addLayout(row(label("Prompt", role="section"), 1, self.look_button))
        layout.addWidget(self.prompt)
        return frame

    def _make_sampling(self) -> QWidget:
        frame, layout = card()
        self._grid = FieldGrid()
        self._grid.add(mark("Next token"), self.way, mark("How the next token is chosen."))
        for name, editor in self.editors.items():
            parts = "".join(part.capitalize() for part in name.split("_"))
            editor.widget.setObjectName(f"write{parts}")
            self._grid.add(FIELDS[name].title or "", editor.widget, FIELDS[name].description or "")
            editor.show_value(FIELDS[name].default)
            if name == "count":
                self._grid.add(mark("Seed"), self.seed, mark("The same seed writes the same text again."))
        layout.addWidget(label("Writing", role="section"))
        layout.addLayout(self._grid)
        return frame

    # -- what is asked for --------------------------------------------------------------------------------

    def settings(self) -> dict[str, Any]:
        """Returns how the next token is chosen, as the task's settings."""
        way = str(self.way.currentData())
        names = (*WAYS[way][1], "max_tokens", "stop")
        return {
            **({"temperature": 0.0} if way == "greedy" else {}),
            **{name: self.editors[name].value() for name in names},
        }

    def show_prompt(self, text: str) -> None:
        """Shows another prompt."""
        self.prompt.setPlainText(text)

    @Slot()
    def _show_way(self) -> None:
        """Shows what the chosen way asks for, and lets it begin where it makes sense."""
        way = str(self.way.currentData())
        _, names, beginnings = WAYS[way]
        for name in CHANGING:
            self._grid.show_line(self.editors[name].widget, shown=name in names)
        self._grid.show_line(self.seed, shown=way == "drawn")
        for name, value in beginnings.items():
            if self.editors[name].value() == FIELDS[name].default:
                self.editors[name].show_value(value)

    @Slot()
    def _name_ways(self) -> None:
        with QSignalBlocker(self.way):
            for place, (name, _, _) in enumerate(WAYS.values()):
                self.way.setItemText(place, tr(name))
