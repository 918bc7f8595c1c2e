"""The page that paints one picture in the style of another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from core.events import Images, Status
from core.jobs import Job, installed_backends
from core.settings.stylize import StylizeSettings
from desktop_app.panel import Studio
from desktop_app.panels.generation_page import GenerationPage
from desktop_app.panels.generation_picture import PictureField
from desktop_app.panels.generation_unseen import UnseenSettings
from desktop_app.translation import mark, say, tr
from desktop_app.widgets.drop_area import DropArea
from desktop_app.widgets.elements import button, card, label, row
from desktop_app.widgets.field_grid import FieldGrid
from desktop_app.widgets.form_editors import make_editor
from desktop_app.widgets.model_box import ModelBox, choose_keras_file
from desktop_app.widgets.picture_view import PictureView
from desktop_app.widgets.seed_editor import SeedEditor

FIELDS = StylizeSettings.model_fields
SHOWN = ("strength", "steps", "size_px", "start", "smoothness")
UNSEEN = ("style_px", "lr", "shift_px", "style_layers", "content_layers", "layer_weights", "value_range")
INVITATION, PAINTING = range(2)


class StylePage(GenerationPage):
    """Paints the content in the style, live."""

    key = "style"
    title = mark("Style")
    verb = mark("Paint it")
    task = "stylize"
    needs_run = False
    redraws = False
    takes_pictures = True

    def __init__(self, studio: Studio, parent: QObject) -> None:
        super().__init__(studio, parent)
        self._job: Job | None = None  # what is shown is from it
        self._painting: np.ndarray | None = None
        self._step = 0
        self.content = PictureField(studio, mark("Content"), "styleContent")
        self.style = PictureField(studio, mark("Style"), "styleStyle")
        self.backbone = ModelBox("styleBackbone", mark("A .keras file…"), choose_keras_file)
        self.editors = {name: make_editor(FIELDS[name]) for name in SHOWN}
        self.seed = SeedEditor("style")
        self.unseen = UnseenSettings(FIELDS, UNSEEN, "styleUnseen")
        self.picture = PictureView()
        self.summary = label(role="heading", name="styleSummary")
        self.controls = self._make_controls()
        self.view = self._pages = QStackedWidget()
        self._pages.addWidget(
            DropArea(
                "picture",
                mark("Drop two pictures here, one after the other"),
                mark("The first is painted anew, in the style of the second."),
            )
        )
        self._pages.addWidget(self._make_painting())
        studio.store.runs_changed.connect(self._offer_runs)
        self._offer_runs()

    # -- making -------------------------------------------------------------------------------------------

    def _make_controls(self) -> QWidget:
        grid = FieldGrid()
        for name, editor in self.editors.items():
            editor.widget.setObjectName(f"style{name.capitalize()}")
            grid.add(FIELDS[name].title or "", editor.widget, FIELDS[name].description or "")
            editor.show_value(FIELDS[name].default)
        grid.add(mark("Seed"), self.seed, mark("The same seed paints the same picture again."))
        grid.add(FIELDS["backbone"].title or "", self.backbone, FIELDS["backbone"].description or "")
        frame, layout = card()
        layout.addWidget(label("Pictures", role="section"))
        layout.addWidget(self.content)
        layout.addWidget(self.style)
        layout.addSpacing(8)
        layout.addWidget(label("Painting", role="section"))
        layout.addLayout(grid)
        layout.addWidget(self.unseen)
        return frame

    def _make_painting(self) -> QWidget:
        page, layout = card()
        self.save_button = button("Save…", self._save, icon="save", name="styleSave")
        layout.addLayout(row(self.summary, 1, self.save_button))
        layout.addWidget(self.picture, 1)
        return page

    # -- what is asked for --------------------------------------------------------------------------------

    def missing(self) -> str:
        """Says that there must be two pictures and a network."""
        if self.content.picture is None:
            return mark("Choose the picture that is to be painted first.")
        if self.style.picture is None:
            return mark("Choose the picture whose style is taken first.")
        if not self.backbone.value:
            return mark("Train a CNN first, or choose a .keras file: a network has to compare the pictures.")
        return ""

    def job(self, epoch: int) -> Job:
        """Returns the job that paints, on the backbone's own backend where that is known and installed."""
        run = self.studio.store.row(self.backbone.value)
        backend = run.job.backend if run is not None else ""
        given = {"backend": backend} if backend in installed_backends() else {}
        settings = {
            "content": self.content.path,
            "style": self.style.path,
            "backbone": self.backbone.value,
            **{name: editor.value() for name, editor in self.editors.items()},
            **self.unseen.values,
        }
        return Job(task=self.task, settings=settings, seed=self.seed.seed, **given)

    def show_settings(self, settings: Mapping[str, object], seed: int) -> None:
        """Shows how an earlier picture was painted; from which pictures, and where these are, no file tells."""
        self.seed.show_value(seed)
        self.unseen.take(settings)
        for name, editor in self.editors.items():
            editor.show_value(settings.get(name, FIELDS[name].default))

    def take_path(self, path: Path) -> None:
        """Takes the content, then the style; once there are both, another style."""
        (self.content if self.content.picture is None else self.style).take_path(path)

    @Slot()
    def _offer_runs(self) -> None:
        runs = [row for row in self.studio.store.rows if row.does(self.task)]
        self.backbone.offer_runs([(row.caption, row.run.id) for row in runs])

    # -- what came of it ----------------------------------------------------------------------------------

    def take_pictures(self, job: Job, images: Images) -> None:
        """Shows the painting as it is by now."""
        self._job, self._painting = job, images.pictures[0]
        self._step = int(images.details[0]["step"])
        self.picture.show_picture(self._painting)
        self._pages.setCurrentIndex(PAINTING)
        say(
            self.summary.setText,
            "Step {step} of {steps}",
            step=f"{self._step:,}",
            steps=f"{int(job.settings['steps']):,}",
        )

    def end(self, job: Job, status: Status) -> None:
        """Says what it came to; a painting that was stopped stays, and can be saved."""
        if status.state == "finished":
            say(
                self.summary.setText,
                "Painted in {steps} steps, {seconds} s",
                steps=f"{int(status.result['steps']):,}",
                seconds=f"{float(status.result['seconds']):,.0f}",
            )

    def has_pictures(self) -> bool:
        """Whether there is a painting."""
        return self._painting is not None

    def clear(self) -> None:
        """Does nothing: no run of a GAN has to do with it."""

    @Slot()
    def _save(self) -> None:
        if self._painting is not None and self._job is not None:
            content, style = (Path(str(self._job.settings[name])).stem for name in ("content", "style"))
            name = tr("{content} in the style of {style}", content=content, style=style)
            self.keep_requested.emit(self._painting, self._job, 0, name)
