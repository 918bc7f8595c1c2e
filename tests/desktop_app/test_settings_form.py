from __future__ import annotations

from typing import ClassVar, Literal

import pytest
from pydantic import model_validator
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLabel, QPushButton, QSpinBox

from core import catalog
from core.settings.base import Settings, setting
from core.settings.generate import GenerateSettings
from desktop_app.translation import translator
from desktop_app.widgets.form_editors import make_editor
from desktop_app.widgets.settings_form import SettingsForm


class Sample(Settings):
    """Every kind of field."""

    SIZES: ClassVar = {"tiny": {"layers": 1}, "fast": {"layers": 4, "rate": 0.5}}

    size: Literal["tiny", "fast"] = setting("fast", "Size", "How large.", group="Model")
    layers: int = setting(4, "Layers", "How many layers.", unit="layers", group="Model", ge=1, le=9)
    rate: float = setting(0.001, "Rate", "How fast.", group="Training", gt=0, le=1)
    flip: bool = setting(False, "Flip", "Whether to flip.", group="Training", advanced=True)
    colour: str = setting("#ffffff", "Colour", "Which colour.", kind="colour", pattern="^#[0-9a-f]{6}$")
    code: str = setting("ab", "Code", "Two letters.", pattern="^[a-z]{2}$")
    words: tuple[str, ...] = setting(("a", "b"), "Words", "Some words.")
    data: str = setting(..., "Data", "Which data.", kind="data")

    @model_validator(mode="after")
    def _agree(self) -> Sample:
        if self.flip and self.layers == 9:
            raise ValueError("nine layers can't be flipped")
        return self


@pytest.fixture
def form(qtbot):
    made = SettingsForm(Sample, skip={"data"})
    qtbot.addWidget(made)
    made.show()
    return made


def test_each_type_gets_the_editor_that_fits(form):
    kinds = {"size": QComboBox, "layers": QSpinBox, "rate": QDoubleSpinBox, "flip": QCheckBox, "colour": QPushButton}
    assert {name: type(form.editor(name)).__mro__.index(kind) >= 0 for name, kind in kinds.items()}
    assert (form.editor("layers").minimum(), form.editor("layers").maximum()) == (1, 9)
    assert form.editor("layers").toolTip() == "How many layers."


def test_values_are_what_the_settings_class_takes(form):
    values = form.values()
    assert values == {
        "size": "fast",
        "layers": 4,
        "rate": 0.5,
        "flip": False,
        "colour": "#ffffff",
        "code": "ab",
        "words": ("a", "b"),
    }
    assert Sample.parse({**values, "data": "digits"}).layers == 4


def test_another_size_refills_its_defaults_and_keeps_the_rest(form):
    form.show_values({"code": "xy"})
    form.editor("size").setCurrentIndex(0)
    assert form.values()["layers"] == 1
    assert form.values()["rate"] == 0.001
    assert form.values()["code"] == "xy"


def test_a_wrong_value_is_told_beside_its_field(form):
    form.editor("code").setText("123")
    form.editor("code").editingFinished.emit()
    error = form.findChild(QLabel, "error_code")
    assert error.isVisible()
    assert error.text().endswith(".")
    assert form.problem().startswith("Code: ")


def test_what_concerns_several_fields_is_told_below(form):
    form.show_values({"flip": True, "layers": 9})
    assert form.problem() == "Nine layers can't be flipped."


def test_advanced_fields_lie_behind_more(form, qtbot):
    assert not form.editor("flip").isVisible()
    more = form.findChild(object, "more")
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    assert form.editor("flip").isVisible()


def test_small_numbers_are_written_plainly(form):
    form.show_values({"rate": 0.00004})
    assert form.editor("rate").text() == "4e-05"
    assert form.values()["rate"] == pytest.approx(4e-5)


def test_a_truncation_is_off_or_large_enough(qtbot):
    editor = make_editor(GenerateSettings.model_fields["truncation"])
    box = editor.widget
    qtbot.addWidget(box)
    box.stepUp()
    assert editor.value() == 0.05
    box.stepDown()
    assert editor.value() == 0.0
    editor.show_value(0.5)
    box.lineEdit().selectAll()
    qtbot.keyClicks(box, "0.01")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert editor.value() == 0.5  # what does not fit is not taken


def test_the_form_follows_the_language(form):
    translator().set_language("zh_CN")
    assert "层数" in {label.text() for label in form.findChildren(QLabel)}


@pytest.mark.parametrize("name", sorted({row.settings for row in catalog.MODELS.values()}))
def test_every_training_has_a_form_whose_values_are_its_defaults(qtbot, name):
    settings = catalog.load(name)
    made = SettingsForm(settings)
    qtbot.addWidget(made)
    assert made.values() == settings().model_dump()
    assert made.problem() == ""
