"""The page that draws sheets of new pictures, and shows one of them large."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDoubleSpinBox, QStackedWidget, QWidget

from core.events import Images
from core.jobs import Job
from core.settings.generate import GenerateSettings
from desktop_app.panel import Studio
from desktop_app.panels.generation_page import GenerationPage, layout_of
from desktop_app.panels.generation_run import GanRun, age_text
from desktop_app.panels.generation_saving import PNG
from desktop_app.translation import mark, say, tr, translator
from desktop_app.widgets.class_box import ClassBox
from desktop_app.widgets.drop_area import DropArea
from desktop_app.widgets.elements import button, card, label, row
from desktop_app.widgets.field_grid import FieldGrid
from desktop_app.widgets.form_editors import make_editor
from desktop_app.widgets.picture_sheet import PictureSheet
from desktop_app.widgets.picture_view import PictureView
from desktop_app.widgets.seed_editor import SeedEditor

FIELDS = GenerateSettings.model_fields
INVITATION, SHEET, LARGE = range(3)


class DrawPage(GenerationPage):
    """Draws pictures by seed, class and truncation."""

    key = "draw"
    title = mark("Draw")
    verb = mark("Draw")
    task = "generate"

    def __init__(self, studio: Studio, parent: QObject) -> None:
        super().__init__(studio, parent)
        self._job: Job | None = None  # what is shown is from it
        self._pictures: tuple[np.ndarray, ...] = ()
        self._details: tuple[dict[str, Any], ...] = ()
        self._opened = 0
        self.seed = SeedEditor("draw")
        self.label = ClassBox("drawLabel", mark("all in turn"))
        self._editors = {name: make_editor(FIELDS[name]) for name in ("count", "truncation", "first")}
        self.sheet = PictureSheet()
        self.large = PictureView(crisp=True)
        self.summary = label(role="heading", name="drawSummary")
        self.caption = label(role="heading", wrap=True, name="drawCaption")
        self.controls = self._make_controls()
        self.view = self._pages = QStackedWidget()
        for page in (self._make_invitation(), self._make_sheet(), self._make_large()):
            self._pages.addWidget(page)
        self.sheet.opened.connect(self.open)
        translator().changed.connect(self._name)

    # -- making -------------------------------------------------------------------------------------------

    def _make_controls(self) -> QWidget:
        frame, layout = card()
        grid = self._grid = FieldGrid()
        grid.add(mark("Seed"), self.seed, mark("The same seed draws the same pictures again."))
        widgets = {name: editor.widget for name, editor in self._editors.items()}
        for name, widget in {"count": widgets.pop("count"), "label": self.label, **widgets}.items():
            widget.setObjectName(f"draw{name.capitalize()}")
            grid.add(FIELDS[name].title or "", widget, FIELDS[name].description or "")
        if isinstance(widgets["truncation"], QDoubleSpinBox):
            say(widgets["truncation"].setSpecialValueText, "off")
        for name, editor in self._editors.items():
            editor.show_value(FIELDS[name].default)
            editor.edited.connect(self.changed)
        self.label.currentIndexChanged.connect(self.changed)
        self.seed.edited.connect(self.changed)
        layout.addWidget(label("Pictures", role="section"))
        layout.addLayout(grid)
        return frame

    def _make_invitation(self) -> QWidget:
        return DropArea(
            "generation",
            mark("Press Draw to see new pictures"),
            mark("Or drop a picture that was saved here: its settings come back."),
        )

    def _make_sheet(self) -> QWidget:
        page, layout = card()
        self.save_button = button("Save…", self._save_sheet, icon="save", name="drawSave")
        layout.addLayout(row(self.summary, 1, self.save_button))
        layout.addWidget(self.sheet, 1)
        return page

    def _make_large(self) -> QWidget:
        page, layout = card()
        self.back_button = button(
            "All", self.close, icon="chevron-left", role="quiet", name="drawBack", tip="Shows all pictures again."
        )
        self.before_button = button("", self._go_back, icon="chevron-left", tip="Picture before", name="drawBefore")
        self.after_button = button("", self._go_on, icon="chevron-right", tip="Next picture", name="drawAfter")
        self.from_button = button("From here", self._offer_from, name="drawFrom", tip="A way begins with it.")
        self.to_button = button("To here", self._offer_to, name="drawTo", tip="A way ends with it.")
        self.save_one_button = button("Save…", self._save_one, icon="save", name="drawSaveOne")
        for each in (self.before_button, self.after_button):
            each.setProperty("role", "icon")
        layout.addLayout(row(self.back_button, 1, self.from_button, self.to_button, self.save_one_button))
        layout.addWidget(self.large, 1)
        line = row(self.caption, self.before_button, self.after_button)
        line.setStretch(0, 1)
        layout.addLayout(line)
        keys = {Qt.Key.Key_Escape: self.close, Qt.Key.Key_Left: self._go_back, Qt.Key.Key_Right: self._go_on}
        for key, slot in keys.items():
            shortcut = QShortcut(QKeySequence(key), page)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)
        return page

    # -- what is asked for --------------------------------------------------------------------------------

    def show_run(self, run: GanRun | None) -> None:
        """Offers the run's classes."""
        super().show_run(run)
        classes = run.classes if run is not None else ()
        self.label.show_classes(classes)
        self._grid.show_line(self.label, shown=bool(classes))
        self._name()

    def job(self, epoch: int) -> Job:
        """Returns the job that draws the sheet."""
        run = self.run()
        settings = {
            **{name: editor.value() for name, editor in self._editors.items()},
            "label": self.label.label if run.classes else "",
            "epoch": epoch,
            **self.layout,
        }
        return run.job(self.task, settings, self.seed.seed)

    def show_settings(self, settings: Mapping[str, Any], seed: int) -> None:
        """Shows what an earlier sheet was drawn by."""
        self.layout = layout_of(settings)
        self.seed.show_value(seed)
        self.label.choose(str(settings.get("label", "")))
        for name, editor in self._editors.items():
            editor.show_value(settings.get(name, FIELDS[name].default))

    # -- what came of it ----------------------------------------------------------------------------------

    def take_pictures(self, job: Job, images: Images) -> None:
        """Shows the sheet; a picture that is shown large stays so, drawn anew."""
        self._job, self._pictures, self._details = job, images.pictures, images.details
        classes = self.shown_run.classes if self.shown_run is not None else ()
        turn = 1 if job.settings.get("label") else max(1, len(classes))
        self.sheet.show_pictures(self._pictures, [_caption(detail) for detail in self._details], turn=turn)
        if self._pages.currentIndex() == LARGE and self._opened < len(self._pictures):
            self.open(self._opened)
        else:
            self._pages.setCurrentIndex(SHEET)
        self._name()

    def has_pictures(self) -> bool:
        """Whether a sheet is shown."""
        return bool(self._pictures)

    def clear(self) -> None:
        """Invites to draw again."""
        self._job, self._pictures, self._details = None, (), ()
        self.sheet.show_pictures((), ())
        self.large.show_picture(None)
        self._pages.setCurrentIndex(INVITATION)

    @Slot(int)
    def open(self, place: int) -> None:
        """Shows one picture large."""
        if 0 <= place < len(self._pictures):
            self._opened = place
            self.large.show_picture(self._pictures[place])
            self.before_button.setEnabled(place > 0)
            self.after_button.setEnabled(place + 1 < len(self._pictures))
            if self._pages.currentIndex() != LARGE:
                self._pages.setCurrentIndex(LARGE)
                self.large.setFocus()
            self._name()

    @Slot()
    def close(self) -> None:
        """Shows all pictures again."""
        self._pages.setCurrentIndex(SHEET)
        self.sheet.choose(self._opened)
        self.sheet.setFocus()

    @property
    def opened(self) -> int:
        """The place of the picture that is shown large; -1 where all are shown."""
        return self._opened if self._pages.currentIndex() == LARGE else -1

    @Slot()
    def _go_back(self) -> None:
        self.open(self._opened - 1)

    @Slot()
    def _go_on(self) -> None:
        self.open(self._opened + 1)

    @Slot()
    def _offer_from(self) -> None:
        self._offer("from")

    @Slot()
    def _offer_to(self) -> None:
        self._offer("to")

    def _offer(self, end: str) -> None:
        if self._job is not None:
            truncation = float(self._job.settings.get("truncation", 0.0))
            self.end_offered.emit(end, self._details[self._opened], truncation)

    @Slot()
    def _save_sheet(self) -> None:
        if self._job is not None:
            self.save_requested.emit(self._job, tr("seed {seed}", seed=self._job.seed), PNG)

    @Slot()
    def _save_one(self) -> None:
        if self._job is not None:
            number = int(self._details[self._opened]["number"])
            alone = self._job.model_copy(update={"settings": {**self._job.settings, "first": number, "count": 1}})
            name = tr("seed {seed} number {number}", seed=self._job.seed, number=number)
            self.save_requested.emit(alone, name, PNG)

    @Slot()
    def _name(self) -> None:
        """Says what is shown, in the language that is."""
        if not self._details or self._job is None:
            return
        first = self._details[0]
        say(
            self.summary.setText,
            "1 picture · seed {seed} · {age}" if len(self._details) == 1 else "{count} pictures · seed {seed} · {age}",
            count=f"{len(self._details):,}",
            seed=first["seed"],
            age=lambda: age_text(int(first["epoch"])),
        )
        if self._opened < len(self._details):
            self.caption.setText(_caption(self._details[self._opened]))


def _caption(detail: Mapping[str, Any]) -> str:
    """Returns what is known of a picture."""
    parts = [tr("seed {seed}", seed=detail["seed"]), tr("number {number}", number=detail["number"])]
    if detail.get("label"):
        parts.append(tr("class {name}", name=detail["label"]))
    parts.append(age_text(int(detail["epoch"])))
    return " · ".join(parts)
