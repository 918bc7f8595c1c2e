"""The page that fills what is painted on a picture with what a run would draw there."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QButtonGroup, QSlider, QSpinBox, QStackedWidget, QWidget

from core.errors import UserError
from core.events import Images, Status
from core.jobs import Job
from core.settings.inpaint import InpaintSettings
from desktop_app.panel import Studio
from desktop_app.panels.generation_page import GenerationPage
from desktop_app.panels.generation_picture import PictureField
from desktop_app.panels.generation_run import GanRun
from desktop_app.panels.generation_unseen import UnseenSettings
from desktop_app.translation import mark, say, tr
from desktop_app.widgets.class_box import ClassBox
from desktop_app.widgets.drop_area import DropArea
from desktop_app.widgets.elements import button, card, column, label, row
from desktop_app.widgets.field_grid import FieldGrid
from desktop_app.widgets.form_editors import make_editor
from desktop_app.widgets.mask_canvas import MaskCanvas
from desktop_app.widgets.picture_sheet import PictureSheet
from desktop_app.widgets.picture_view import PictureView
from desktop_app.widgets.seed_editor import SeedEditor

FIELDS = InpaintSettings.model_fields
SHOWN = ("attempts", "steps", "prior", "blend")
UNSEEN = ("window_px", "far", "lr")
MOST_CANDIDATES = 12
CANDIDATES_PX = 84
INVITATION, WORK = range(2)


@dataclass(frozen=True, eq=False)
class Candidate:
    """One way the hole has been filled.

    Args:
        picture: uint8 (H, W, C).
        job: that filled it.
        label: str, the class that fitted best, or "".
        epoch: int, the run's age.
        loss: float, how badly it fits what is seen.
    """

    picture: np.ndarray
    job: Job
    label: str
    epoch: int
    loss: float


class FillPage(GenerationPage):
    """Takes a picture, lets it be painted on, and fills what is painted, several times over."""

    key = "fill"
    title = mark("Fill in")
    verb = mark("Fill in")
    task = "inpaint"
    redraws = False
    takes_pictures = True

    def __init__(self, studio: Studio, parent: QObject) -> None:
        super().__init__(studio, parent)
        self._folder: tempfile.TemporaryDirectory[str] | None = None  # of the masks, made with the first
        self._masks = 0
        self._mask: Path | None = None  # of the newest job
        self._newest: np.ndarray | None = None  # what the job that runs has found so far
        self._stale = False  # whether the paint is another one than that of the job that runs
        self._series = 0  # how many of the candidates that were asked for have been begun
        self._earlier = 0  # how many candidates there were before those
        self._picked = False  # whether the user has chosen one since
        self.candidates: list[Candidate] = []
        self.picture = PictureField(studio, mark("Picture"), "fillPicture")
        self.brush = QSlider(Qt.Orientation.Horizontal)
        self.editors = {name: make_editor(FIELDS[name]) for name in SHOWN}
        self.label = ClassBox("fillLabel", mark("any"))
        self.seed = SeedEditor("fill")
        self.unseen = UnseenSettings(FIELDS, UNSEEN, "fillUnseen")
        self.count = QSpinBox()
        self.canvas = MaskCanvas()
        self.result = PictureView()  # as large as the picture beside it, so not by whole steps
        self.sheet = PictureSheet()
        self.summary = label(role="heading", name="fillSummary")
        self.controls = self._make_controls()
        self.view = self._pages = QStackedWidget()
        self._pages.addWidget(
            DropArea(
                "picture",
                mark("Drop a picture here, or choose one"),
                mark("Then paint over what the run is to draw anew."),
            )
        )
        self._pages.addWidget(self._make_work())
        self.picture.seen.connect(self._show_picture)
        self.canvas.painted.connect(self._forget)
        self.sheet.opened.connect(self._pick)
        self._use_brush()

    # -- making -------------------------------------------------------------------------------------------

    def _make_controls(self) -> QWidget:
        self.paint_button = button("Paint", self._use_brush, name="fillPaint")
        self.erase_button = button("Erase", self._use_brush, name="fillErase")
        self._tools = QButtonGroup(self)
        for tool in (self.paint_button, self.erase_button):
            tool.setCheckable(True)
            self._tools.addButton(tool)
        self.paint_button.setChecked(True)
        self.clear_button = button("Clear", self.canvas.clear, icon="trash", role="quiet", name="fillClear")
        self.brush.setObjectName("fillBrush")
        self.brush.setRange(2, 60)
        self.brush.setValue(15)
        self.brush.valueChanged.connect(self._use_brush)
        self.count.setObjectName("fillCount")
        self.count.setRange(1, MOST_CANDIDATES)
        self.count.setValue(3)
        brush = FieldGrid()
        brush.add(mark("Brush"), self.brush, mark("How wide it is, beside the picture."))
        search = self._grid = FieldGrid()
        search.add(
            mark("Candidates"), self.count, mark("How many ways to fill it are looked for, one after the other.")
        )
        search.add(mark("Seed"), self.seed, mark("The same seed fills the same hole in the same way again."))
        widgets = {name: editor.widget for name, editor in self.editors.items()}
        for name, widget in {"label": self.label, **widgets}.items():
            widget.setObjectName(f"fill{name.capitalize()}")
            search.add(FIELDS[name].title or "", widget, FIELDS[name].description or "")
        for name, editor in self.editors.items():
            editor.show_value(FIELDS[name].default)
        frame, layout = card()
        layout.addLayout(
            column(
                label("Picture", role="section"),
                self.picture,
                row(self.paint_button, self.erase_button, 1, self.clear_button),
                brush,
            )
        )
        other, other_layout = card()
        other_layout.addLayout(column(label("Search", role="section"), search, self.unseen))
        both = QWidget()
        both.setLayout(column(frame, other, spacing=12))
        return both

    def _make_work(self) -> QWidget:
        page, layout = card()
        self.save_button = button("Save…", self._save, icon="save", name="fillSave")
        layout.addLayout(row(self.summary, 1, self.save_button))
        pair = row(self.canvas, self.result)
        pair.setStretch(0, 1)
        pair.setStretch(1, 1)
        layout.addLayout(pair, 1)
        self.sheet.setFixedHeight(CANDIDATES_PX)
        say(self.sheet.setAccessibleName, "Candidates")
        layout.addWidget(self.sheet)
        return page

    # -- what is asked for --------------------------------------------------------------------------------

    def show_run(self, run: GanRun | None) -> None:
        """Offers the run's classes, and shows what it cuts off."""
        super().show_run(run)
        classes = run.classes if run is not None else ()
        self.label.show_classes(classes)
        self._grid.show_line(self.label, shown=bool(classes))
        self.canvas.show_square(shown=run is not None and run.row.job.settings.get("fit", "crop") == "crop")

    def missing(self) -> str:
        """Says that there must be a picture, and something painted on it."""
        if self.picture.picture is None:
            return mark("Choose a picture first, then paint over what is to be filled.")
        if not self.canvas.is_painted():
            return mark("Paint over what is to be filled first.")
        return ""

    def begin(self) -> None:
        """Looks for as many candidates as are wanted."""
        self._series, self._earlier, self._picked = 0, len(self.candidates), False

    def job(self, epoch: int) -> Job:
        """Returns the job that looks for the next candidate."""
        mask = self._write_mask()
        seed = (self.seed.seed + self._series) % 2**31
        self._series += 1
        self._newest, self._stale = None, False
        settings = {
            "picture": self.picture.path,
            "mask": mask,
            "label": self.label.label if self.run().classes else "",
            "epoch": epoch,
            **{name: editor.value() for name, editor in self.editors.items()},
            **self.unseen.values,
        }
        return self.run().job(self.task, settings, seed)

    def show_settings(self, settings: Mapping[str, Any], seed: int) -> None:
        """Shows what an earlier picture was filled by; which picture that was, and where, no file tells."""
        self._forget()
        self.seed.show_value(seed)
        self.label.choose(str(settings.get("label", "")))
        self.unseen.take(settings)
        for name, editor in self.editors.items():
            editor.show_value(settings.get(name, FIELDS[name].default))

    def take_path(self, path: Path) -> None:
        """Takes another picture."""
        self.picture.take_path(path)

    def remember(self) -> None:
        """Leaves no mask behind."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _write_mask(self) -> str:
        """Writes what is painted, in place of the mask of the job before, which is over or gives way to this one.

        Raises:
            UserError: there is no room for it.
        """
        self._masks += 1
        try:
            path = self._make_folder() / f"{self._masks}.png"
        except OSError as error:
            raise _unwritten(tempfile.gettempdir()) from error
        if not self.canvas.save_mask(str(path)):
            raise _unwritten(str(path.parent))
        if self._mask is not None:
            with suppress(OSError):  # a job that is slow to stop may hold it; it goes with the folder
                self._mask.unlink(missing_ok=True)
        self._mask = path
        return str(path)

    def _make_folder(self) -> Path:
        """Returns the folder of the masks, made anew where a clean-up of the system has taken it."""
        if self._folder is not None and not Path(self._folder.name).is_dir():
            self.remember()
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="pixelwright-", ignore_cleanup_errors=True)
        return Path(self._folder.name)

    @Slot()
    def _use_brush(self) -> None:
        self.canvas.use_brush(self.brush.value() / 100, erasing=self.erase_button.isChecked())

    # -- what came of it ----------------------------------------------------------------------------------

    def take_pictures(self, job: Job, images: Images) -> None:
        """Shows what fits best by now."""
        if self._stale:
            return
        self._newest = images.pictures[0]
        if not self._picked:
            self.result.show_picture(self._newest)

    def end(self, job: Job, status: Status) -> None:
        """Keeps the candidate, and asks for the next; after the last one, shows the one that fits best."""
        if self._stale:
            return
        if status.state != "finished" or self._newest is None:
            self._end_series()
            return
        result = status.result
        loss, label_ = float(result["context_loss"]), str(result.get("label", ""))
        self.candidates.append(Candidate(self._newest, job, label_, int(result["epoch"]), loss))
        self.sheet.show_pictures([each.picture for each in self.candidates], [_words(each) for each in self.candidates])
        if self._series >= self.count.value():
            self._end_series()
            return
        self.choose(self.sheet.current if self._picked else len(self.candidates) - 1)
        self.again.emit()

    def _end_series(self) -> None:
        if not self.candidates:
            return
        best = min(self.candidates[self._earlier :], key=lambda each: each.loss, default=None)
        self.choose(self.sheet.current if self._picked or best is None else self.candidates.index(best))

    def has_pictures(self) -> bool:
        """Whether anything has been filled."""
        return bool(self.candidates) or self._newest is not None

    def clear(self) -> None:
        """Forgets what was filled; picture and paint stay."""
        self._newest, self.candidates, self._earlier, self._picked = None, [], 0, False
        self.result.show_picture(None)
        self.sheet.show_pictures((), ())
        self.save_button.setEnabled(False)
        say(self.summary.setText, "Paint over what is to be filled")

    @Slot(int)
    def _pick(self, place: int) -> None:
        """Keeps showing the candidate that the user chooses."""
        self._picked = True
        self.choose(place)

    def choose(self, place: int) -> None:
        """Shows a candidate beside the picture."""
        chosen = self.candidates[place]
        self.sheet.choose(place)
        self.result.show_picture(chosen.picture)
        self.save_button.setEnabled(True)
        say(self.summary.setText, "{what}", what=lambda: _words(chosen))

    @Slot()
    def _show_picture(self) -> None:
        self.canvas.show_picture(self.picture.picture)
        self.clear()
        self._pages.setCurrentIndex(WORK)

    @Slot()
    def _forget(self) -> None:
        self._stale = True
        self.clear()
        self.unwanted.emit()

    @Slot()
    def _save(self) -> None:
        if self.candidates:
            chosen = self.candidates[self.sheet.current]
            name = f"{Path(self.picture.path).stem} {tr('filled')}"
            self.keep_requested.emit(chosen.picture, chosen.job, chosen.epoch, name)


def _unwritten(folder: str) -> UserError:
    return UserError(
        "What is painted can't be written into '{folder}'.",
        hint="Make room on that disk, then try again.",
        folder=folder,
    )


def _words(candidate: Candidate) -> str:
    """Returns what is known of a candidate."""
    parts = [tr("seed {seed}", seed=candidate.job.seed)]
    if candidate.label:
        parts.append(tr("class {name}", name=candidate.label))
    parts.append(tr("misfit {loss}", loss=f"{candidate.loss:.3f}"))
    return " · ".join(parts)
