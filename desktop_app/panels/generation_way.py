"""The page that goes from one picture to another, and plays what lies between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QDoubleSpinBox, QStackedWidget, QWidget

from core.events import Images
from core.jobs import Job
from core.settings.interpolate import InterpolateSettings
from desktop_app.panel import Studio
from desktop_app.panels.generation_page import GenerationPage, layout_of
from desktop_app.panels.generation_run import GanRun, age_text
from desktop_app.translation import mark, say, tr
from desktop_app.widgets.class_box import ClassBox
from desktop_app.widgets.drop_area import DropArea
from desktop_app.widgets.elements import button, card, label, row
from desktop_app.widgets.field_grid import FieldGrid
from desktop_app.widgets.film_view import FilmView
from desktop_app.widgets.form_editors import make_editor
from desktop_app.widgets.seed_editor import MOST_SEED, SeedEditor

FIELDS = InterpolateSettings.model_fields
SHOWN = ("method", "steps", "truncation", "average", "back", "fps")
ENDS = ("from", "to", "less")
FILES = {"gif": mark("GIF animation"), "mp4": mark("MP4 film"), "png": mark("PNG picture")}
INVITATION, FILM = range(2)


class WayPage(GenerationPage):
    """Goes between pictures by a method, from one seed to another."""

    key = "way"
    title = mark("Way")
    verb = mark("Draw the way")
    task = "interpolate"

    def __init__(self, studio: Studio, parent: QObject) -> None:
        super().__init__(studio, parent)
        self._job: Job | None = None  # what is shown is from it
        self._images: Images | None = None
        self.editors = {name: make_editor(FIELDS[name]) for name in SHOWN}
        self.ends = {end: SeedEditor(f"way{end.capitalize()}", numbered=True) for end in ENDS}
        self.label = ClassBox("wayLabel", mark("by number"))
        self.to_label = ClassBox("wayToLabel", mark("by number"))
        self.film = FilmView()
        self.summary = label(role="heading", name="waySummary")
        self.about = label(role="muted", name="wayAbout")
        self.controls = self._make_controls()
        self.view = self._pages = QStackedWidget()
        self._pages.addWidget(
            DropArea(
                "generation",
                mark("Press Draw the way to see what lies between two pictures"),
                mark("Choose where it begins and ends here, or with From here and To here beside a drawn picture."),
            )
        )
        self._pages.addWidget(self._make_film())
        self._connect()
        self._fit()

    # -- making -------------------------------------------------------------------------------------------

    def _make_controls(self) -> QWidget:
        frame, layout = card()
        grid = self._grid = FieldGrid()
        widgets = {name: editor.widget for name, editor in self.editors.items()}
        for name, widget in widgets.items():
            widget.setObjectName(f"way{name.capitalize()}")
            self.editors[name].show_value(FIELDS[name].default)
        lines = {
            "method": widgets["method"],
            **{f"{end}_seed": editor for end, editor in self.ends.items()},
            "average": widgets["average"],
            "label": self.label,
            "to_label": self.to_label,
            "steps": widgets["steps"],
            "truncation": widgets["truncation"],
            "back": widgets["back"],
            "fps": widgets["fps"],
        }
        titles = {"less_seed": mark("Minus")}
        for name, widget in lines.items():
            tip = "" if name.endswith("_seed") else FIELDS[name].description or ""
            grid.add(titles.get(name, FIELDS[name].title or ""), widget, tip)
        if isinstance(widgets["truncation"], QDoubleSpinBox):
            say(widgets["truncation"].setSpecialValueText, "off")
        self.ends["to"].show_value(1)
        self.ends["less"].show_value(2)
        layout.addWidget(label("From one picture to another", role="section"))
        layout.addLayout(grid)
        return frame

    def _make_film(self) -> QWidget:
        page, layout = card()
        self.save_button = button("Save…", self._save, icon="save", name="waySave")
        layout.addLayout(row(self.summary, 1, self.save_button))
        layout.addWidget(self.film, 1)
        layout.addWidget(self.about)
        return page

    def _connect(self) -> None:
        self.editors["fps"].edited.connect(self._set_pace)
        for name, editor in self.editors.items():
            if name != "fps":
                editor.edited.connect(self._notice)
        for end in self.ends.values():
            end.edited.connect(self._notice)
        for box in (self.label, self.to_label):
            box.currentIndexChanged.connect(self._notice)
        self.film.moved.connect(self._name_place)

    # -- what is asked for --------------------------------------------------------------------------------

    def show_run(self, run: GanRun | None) -> None:
        """Offers the run's classes."""
        super().show_run(run)
        for box in (self.label, self.to_label):
            box.show_classes(run.classes if run is not None else ())
        self._fit()

    def job(self, epoch: int) -> Job:
        """Returns the job that draws the way."""
        run = self.run()
        settings: dict[str, object] = {name: editor.value() for name, editor in self.editors.items()}
        for name, end in self.ends.items():
            settings |= {f"{name}_seed": end.seed, f"{name}_number": end.number}
        if run.classes:
            settings |= {"label": self.label.label, "to_label": self.to_label.label}
        return run.job(self.task, {**settings, "epoch": epoch, **self.layout}, self.ends["from"].seed)

    def show_settings(self, settings: Mapping[str, Any], seed: int) -> None:
        """Shows what an earlier way was drawn by."""
        self.layout = layout_of(settings)
        before = seed
        for index, (name, end) in enumerate(self.ends.items()):
            given = int(settings.get(f"{name}_seed", -1))
            if given < 0:  # the first takes the job's, each other one the next
                given = before if not index else (before + 1) % (MOST_SEED + 1)
            end.show_value(given, int(settings.get(f"{name}_number", 0)))
            before = given
        for name, editor in self.editors.items():
            editor.show_value(settings.get(name, FIELDS[name].default))
        self.label.choose(str(settings.get("label", "")))
        self.to_label.choose(str(settings.get("to_label", "")))

    def take_end(self, end: str, detail: Mapping[str, Any], truncation: float) -> None:
        """Begins or ends the way with a picture of a sheet.

        Args:
            end: "from" or "to".
            detail: of the picture: {"seed", "number", "label"}.
            truncation: float, the sheet's, without which it would be another picture.
        """
        self.ends[end].show_value(int(detail["seed"]), int(detail["number"]))
        (self.label if end == "from" else self.to_label).choose(str(detail.get("label", "")))
        self.editors["truncation"].show_value(truncation)

    @Slot()
    def _notice(self) -> None:
        self._fit()
        self.changed.emit()

    @Slot()
    def _set_pace(self) -> None:
        self.film.set_pace(float(self.editors["fps"].value()))

    def _fit(self) -> None:
        """Shows what matters to the method and the run."""
        method, by_class = self.editors["method"].value(), bool(self.shown_run is not None and self.shown_run.classes)
        self._grid.show_line(self.ends["to"], shown=method != "walk")
        self._grid.call_line(self.ends["to"], mark("Plus") if method == "arithmetic" else FIELDS["to_seed"].title or "")
        self._grid.show_line(self.ends["less"], shown=method == "arithmetic")
        self._grid.show_line(self.editors["average"].widget, shown=method == "arithmetic")
        self._grid.show_line(self.editors["back"].widget, shown=method != "walk")
        self._grid.show_line(self.label, shown=by_class)
        self._grid.show_line(self.to_label, shown=by_class)
        stays = bool(self.label.label) or method == "walk"
        self.to_label.call_none(mark("the same") if stays else mark("by number"))

    # -- what came of it ----------------------------------------------------------------------------------

    def take_pictures(self, job: Job, images: Images) -> None:
        """Plays the way."""
        self._job, self._images = job, images
        self._pages.setCurrentIndex(FILM)
        epochs = int(images.details[0]["epoch"])
        say(
            self.summary.setText,
            "{count} pictures · {method} · {age}",
            count=len(images.pictures),
            method=lambda: tr(str(job.settings["method"])),
            age=lambda: age_text(epochs),
        )
        self._set_pace()
        self.film.show_pictures(images.pictures)

    def has_pictures(self) -> bool:
        """Whether a way is shown."""
        return self._job is not None

    def clear(self) -> None:
        """Invites to draw again."""
        self._job = self._images = None
        self.film.show_pictures(())
        self._pages.setCurrentIndex(INVITATION)

    @Slot(int)
    def _name_place(self, place: int) -> None:
        if self._images is None or place >= len(self._images.details):
            return
        detail = self._images.details[place]
        say(
            self.about.setText,
            "{share} of the way · class {name}" if detail.get("label") else "{share} of the way",
            share=f"{float(detail['share']):.0%}",
            name=str(detail.get("label", "")),
        )

    @Slot()
    def _save(self) -> None:
        if self._job is not None:
            paced = {**self._job.settings, "fps": self.editors["fps"].value()}
            name = tr("way from seed {seed}", seed=self._job.settings["from_seed"])
            self.save_requested.emit(self._job.model_copy(update={"settings": paced}), name, FILES)
