"""The left side of the training panel: which data, which model, which settings. It makes a Job and starts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QLineEdit, QScrollArea, QSpinBox, QVBoxLayout, QWidget

from core import catalog
from core.jobs import Job, default_backend, installed_backends
from core.settings.dataset import DatasetSettings
from core.settings.text_data import TextSettings
from desktop_app.theme import SPACING
from desktop_app.translation import mark, say, tr, translator
from desktop_app.widgets.data_chooser import DataChooser
from desktop_app.widgets.elements import button, card, column, keep_lines, label
from desktop_app.widgets.settings_form import SettingsForm

WIDTH_PX = 348
SIZE_LINES = 2  # of what is said of the size of the model
SCROLL_BAR_PX = 10  # as the style sheet says


class TrainingSetup(QWidget):
    """Everything a training is told before it starts.

    Signals:
        changed: the job would be another one now.
        data_changed: other data, or another way of reading it.
        start_requested: the Start button.
    """

    changed = Signal()
    data_changed = Signal()
    start_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH_PX)
        self.data = DataChooser()
        self.model = QComboBox()
        self.model.setObjectName("model")
        self.model_help = label(role="muted", wrap=True)
        self.size_line = label(role="muted", wrap=True, name="modelSize")
        keep_lines(self.size_line, SIZE_LINES, mark("Measuring the model's size…"))
        self.name = QLineEdit()
        self.name.setObjectName("runName")
        self.backend = QComboBox()
        self.backend.setObjectName("backend")
        self.seed = QSpinBox()
        self.seed.setObjectName("seed")
        self.seed.setRange(0, 2**31 - 1)
        self._forms: dict[str, SettingsForm] = {}
        self._extractors: list[tuple[str, str]] = []
        self._data_seen: dict[str, Any] = {}
        self._form_box = QVBoxLayout()
        self.start_button = button("Start", self.start_requested, icon="play", role="primary", name="start")
        self.start_button.setShortcut("Ctrl+Return")
        self._build()
        self._fill()

    # -- what the panel asks ----------------------------------------------------------------------------

    @property
    def form(self) -> SettingsForm:
        """The form of the model that is chosen."""
        return self._forms[self.model.currentData()]

    def job(self) -> Job:
        """Returns the training that Start would queue."""
        return self._job("train")

    def describe_job(self) -> Job:
        """Returns the job that tells how large the model is."""
        return self._job("describe")

    def preview_job(self) -> Job:
        """Returns the job that looks at the data: the model decides how many classes are enough."""
        model = self.model.currentData()
        return Job(
            task=catalog.kind_of(model).preview,
            model=model,
            settings=self._data_settings(),
            seed=self.seed.value(),
        )

    def offer_extractors(self, runs: Sequence[tuple[str, str]]) -> None:
        """Offers classifiers as feature extractors, to measure drawn pictures by.

        Args:
            runs: (caption, run id) of each.
        """
        self._extractors = list(runs)
        for form in self._forms.values():
            form.offer_runs(self._extractors)

    def problem(self) -> str:
        """Returns what is wrong with the settings, in one sentence, or ""."""
        return self.form.problem()

    def show_job(self, job: Job) -> None:
        """Shows an earlier job's choices, to vary them."""
        if (index := self.model.findData(job.model)) >= 0:
            self.model.setCurrentIndex(index)
        if (index := self.backend.findData(job.backend)) >= 0:
            self.backend.setCurrentIndex(index)
        self.seed.setValue(job.seed)
        self.form.show_values({name: value for name, value in job.settings.items() if name != "data"})
        self.data.choose(str(job.settings.get("data", "digits")))

    # -- making -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        scrolled = QWidget()
        scrolled.setObjectName("scrolled")
        boxes = QVBoxLayout(scrolled)
        boxes.setContentsMargins(2 * SPACING, 2 * SPACING, SPACING, 2 * SPACING)
        boxes.setSpacing(SPACING + SPACING // 2)
        for frame in (self._data_card(), self._model_card(), self._settings_card(), self._run_card()):
            boxes.addWidget(frame)
        boxes.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(scrolled)
        foot = column(self.start_button)
        foot.setContentsMargins(2 * SPACING, SPACING, SPACING + SCROLL_BAR_PX, 2 * SPACING)
        self.setLayout(column(area, foot, spacing=0))

    def _data_card(self) -> QFrame:
        frame, layout = card()
        layout.addWidget(label("1  Data", role="section"))
        layout.addWidget(self.data)
        self.data.chosen.connect(self._notice_data)
        return frame

    def _model_card(self) -> QFrame:
        frame, layout = card()
        layout.addWidget(label("2  Model", role="section"))
        say(self.model.setAccessibleName, "Model")
        for widget in (self.model, self.model_help, self.size_line):
            layout.addWidget(widget)
        self.model.currentIndexChanged.connect(self._show_model)
        return frame

    def _settings_card(self) -> QFrame:
        frame, layout = card()
        layout.addWidget(label("3  Settings", role="section"))
        layout.addLayout(self._form_box)
        return frame

    def _run_card(self) -> QFrame:
        frame, layout = card()
        layout.addWidget(label("4  Run", role="section"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING)
        grid.setVerticalSpacing(SPACING // 2 + 2)
        grid.setColumnMinimumWidth(0, 128)
        grid.setColumnStretch(1, 1)
        rows = (
            (mark("Name"), self.name, mark("What you want to call the run; empty names it after model and data.")),
            (mark("Backend"), self.backend, mark("The library that computes.")),
            (mark("Random seed"), self.seed, mark("The same seed gives the same training again.")),
        )
        for line, (title, widget, tip) in enumerate(rows):
            caption = label(title)
            caption.setBuddy(widget)
            say(widget.setToolTip, tip)
            say(widget.setAccessibleName, title)
            grid.addWidget(caption, line, 0)
            grid.addWidget(widget, line, 1)
        say(self.name.setPlaceholderText, "automatic")
        layout.addLayout(grid)
        return frame

    def _fill(self) -> None:
        for key in installed_backends() or [default_backend()]:
            self.backend.addItem(catalog.BACKENDS[key], key)
        with QSignalBlocker(self.model):
            for key, row in catalog.MODELS.items():
                self.model.addItem(tr(row.title), key)
        translator().changed.connect(self._name_models)
        self.backend.currentIndexChanged.connect(self.changed)
        self._show_model()
        self.data.choose("digits")

    @Slot()
    def _name_models(self) -> None:
        for index in range(self.model.count()):
            self.model.setItemText(index, tr(catalog.MODELS[self.model.itemData(index)].title))

    @Slot()
    def _show_model(self) -> None:
        key = self.model.currentData()
        row = catalog.MODELS[key]
        say(self.model_help.setText, row.help)
        shared = self._data_settings() if self._forms else {}
        if key not in self._forms:
            form = self._forms[key] = SettingsForm(catalog.load(row.settings), skip={"data"})
            form.offer_runs(self._extractors)
            form.changed.connect(self._notice)
            self._form_box.addWidget(form)
        for name, form in self._forms.items():
            form.setVisible(name == key)
        if shared:  # how the data is read does not depend on the model
            shared.pop("data")
            self.form.show_values({**self.form.values(), **shared})
        self.data.show_samples(catalog.kind_of(key).samples)
        self._notice_data()
        self.changed.emit()

    # -- following ----------------------------------------------------------------------------------------

    def _job(self, task: str) -> Job:
        return Job(
            task=task,
            model=self.model.currentData(),
            settings={"data": self.data.data, **self.form.values()},
            backend=self.backend.currentData(),
            seed=self.seed.value(),
            name=self.name.text().strip(),
        )

    def _data_settings(self) -> dict[str, Any]:
        visible = next(form for form in self._forms.values() if not form.isHidden())
        known = {*DatasetSettings.model_fields, *TextSettings.model_fields}
        values = {name: value for name, value in visible.values().items() if name in known}
        return {"data": self.data.data, **values}

    @Slot()
    def _notice(self) -> None:
        self.changed.emit()
        self._notice_data()

    @Slot()
    def _notice_data(self) -> None:
        if self.model.currentData() not in self._forms:
            return
        seen = {**self._data_settings(), "wanted": catalog.wanted(self.model.currentData())}
        if seen != self._data_seen:
            self._data_seen = seen
            self.data_changed.emit()
            self.changed.emit()
