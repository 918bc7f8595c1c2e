"""The card that chooses which run draws, and at what age."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QSlider, QVBoxLayout

from desktop_app.panels.generation_run import GanRun, age_text, gan_runs
from desktop_app.store import Store
from desktop_app.theme import SPACING
from desktop_app.translation import say, translator
from desktop_app.widgets.caption_box import CaptionBox
from desktop_app.widgets.elements import label, row

REMEMBERED = "drawing_run"


class GenerationRuns(QFrame):
    """Offers the runs that draw, newest first, and a slider over the ages that the chosen one has kept.

    Signals:
        listed: the runs have been read; `run` may be another one.
        run_chosen: the user has chosen another run.
        age_chosen: the user has moved to another age.

    Args:
        store: where runs are listed.
    """

    listed = Signal()
    run_chosen = Signal()
    age_chosen = Signal()

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.setObjectName("card")
        self._store = store
        self._runs: dict[str, GanRun] = {}
        self._wanted = ""  # a run that is to be chosen once it is listed
        self._wanted_age = 0
        self.ready = False  # whether the runs have been read at all
        self.box = CaptionBox()
        self.box.setObjectName("drawWith")
        self.box.setMinimumContentsLength(12)
        say(self.box.setAccessibleName, "Run")
        self.age = QSlider(Qt.Orientation.Horizontal)
        self.age.setObjectName("drawAge")
        self.age.setPageStep(1)
        self.age.setTickPosition(QSlider.TickPosition.TicksBelow)
        say(self.age.setAccessibleName, "Age")
        say(self.age.setToolTip, "The same pictures, as the run drew them earlier in its training.")
        self._age_title = label("Age")
        self._age_text = label(role="muted", name="drawAgeText")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        layout.setSpacing(SPACING)
        layout.addWidget(label("Run", role="section"))
        layout.addWidget(self.box)
        layout.addLayout(row(self._age_title, 1, self._age_text))
        layout.addWidget(self.age)
        store.runs_changed.connect(self._read)
        translator().changed.connect(self._name_runs)
        self.box.activated.connect(self._choose)
        self.age.valueChanged.connect(self._move)
        self._show([])

    # -- what is chosen -----------------------------------------------------------------------------------

    @property
    def run(self) -> GanRun | None:
        """The run that draws."""
        return self._runs.get(self.box.currentData() or "")

    @property
    def epoch(self) -> int:
        """The age that is chosen, in epochs; 0 for the model as the run keeps it."""
        run = self.run
        return (*run.ages, 0)[self.age.value()] if run is not None else 0

    def take_run(self, run_id: str, epoch: int = 0) -> None:
        """Chooses a run now, or as soon as it is listed.

        Args:
            run_id: the run's.
            epoch: its age; 0, or one it has not kept, takes the model as it keeps it.
        """
        self._wanted, self._wanted_age = run_id, epoch
        if run_id in self._runs:
            self._show(list(self._runs.values()))
        else:
            self._store.refresh()

    def remember(self) -> None:
        """Keeps the choice for the next start."""
        if self.run is not None:
            self._store.preferences.set(REMEMBERED, self.run.id)

    # -- following ----------------------------------------------------------------------------------------

    @Slot()
    def _read(self) -> None:
        rows = list(self._store.rows)
        self._store.background.do(lambda: gan_runs(rows), self._take)

    def _take(self, found: list[GanRun]) -> None:
        self.ready = True
        self._show(found)
        self.listed.emit()

    def _show(self, found: list[GanRun]) -> None:
        before, epoch = self.run, self.epoch
        chosen = self._wanted or (before.id if before else self._store.preferences.get(REMEMBERED, ""))
        self._runs = {run.id: run for run in found}
        with QSignalBlocker(self.box):
            self.box.clear()
            for run in found:
                self.box.addItem("", run.id)
            index = self.box.findData(chosen)
            if index < 0 and found and not self._wanted:
                index = 0
            self.box.setCurrentIndex(index)  # -1 while the run that is wanted has not been listed
        self._name_runs()
        if self.run is not None and self.run.id == self._wanted:
            epoch, self._wanted = self._wanted_age, ""
        elif before is None or self.run is None or before.id != self.run.id:
            epoch = 0
        self._show_ages(epoch)

    def _show_ages(self, epoch: int) -> None:
        ages = self.run.ages if self.run is not None else ()
        with QSignalBlocker(self.age):
            self.age.setRange(0, len(ages))
            self.age.setValue(ages.index(epoch) if epoch in ages else len(ages))
        for widget in (self._age_title, self._age_text, self.age):
            widget.setVisible(bool(ages))
        self._say_age()

    def _say_age(self) -> None:
        epoch = self.epoch
        if epoch:
            say(self._age_text.setText, "{age}", age=lambda: age_text(epoch))
        else:
            say(self._age_text.setText, "as it is kept")

    @Slot()
    def _choose(self) -> None:
        self._wanted = ""  # what the user chooses goes before what another panel offered
        self._show_ages(0)
        self.run_chosen.emit()

    @Slot()
    def _move(self) -> None:
        self._say_age()
        self.age_chosen.emit()

    @Slot()
    def _name_runs(self) -> None:
        for index, run in enumerate(self._runs.values()):
            self.box.setItemText(index, run.row.caption)
            self.box.setItemData(index, self.box.itemText(index), Qt.ItemDataRole.ToolTipRole)
        self.box.setToolTip(self.box.currentText())
