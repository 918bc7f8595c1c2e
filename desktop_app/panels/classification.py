"""The classification panel: choose a trained run, drop pictures, see what it takes them for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QPlainTextEdit,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.errors import UserError
from core.events import Images, Status
from core.files.predictions import write_csv
from core.jobs import Job, installed_backends
from desktop_app.job_handle import JobHandle
from desktop_app.panel import Panel, Studio
from desktop_app.theme import SPACING
from desktop_app.translation import mark, say, tr, translator
from desktop_app.widgets.caption_box import CaptionBox
from desktop_app.widgets.drop_area import DropArea
from desktop_app.widgets.elements import button, card, label, plain_tip, row
from desktop_app.widgets.picture_view import PictureView
from desktop_app.widgets.prediction_table import PredictionTable
from desktop_app.widgets.progress_line import ProgressLine
from desktop_app.widgets.save_dialog import ask_where
from desktop_app.widgets.top_k_bars import TopKBars

PICTURE_FILES = "*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff *.ppm *.pgm"
TOP = 5


class ClassificationPanel(Panel):
    """Classifies pictures in the interactive engine, also while a training runs."""

    key = "classification"
    title = mark("Classification")
    icon = "classification"

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.run_box = CaptionBox()
        self.run_box.setObjectName("classifyWith")
        self.run_box.setMinimumContentsLength(24)
        say(self.run_box.setAccessibleName, "Run")
        self.progress = ProgressLine()
        self.picture = PictureView()
        self.bars = TopKBars()
        self.file_name = label(role="heading", name="pictureName")
        self.table = PredictionTable()
        self.skipped = QPlainTextEdit(readOnly=True)
        self.skipped.setObjectName("skippedFiles")
        self.skipped_title = label(role="heading", name="skippedTitle")
        self._skipped: list[dict[str, str]] = []
        self._wanted_run = ""
        self._waiting: list[Path] = []
        self._job: JobHandle | None = None
        self._answering: tuple[str, int] | None = None  # the run, and the state of its model, that the rows are from
        self._results: dict[str, dict[str, Any]] = {}  # path -> the newest answer
        self._build()
        self.table.row_chosen.connect(self._show_row)
        studio.store.runs_changed.connect(self._show_runs)
        self.run_box.currentIndexChanged.connect(self._enable)
        self.run_box.activated.connect(self._choose_run)
        translator().changed.connect(self._show_runs)
        self._show_runs()

    # -- making -------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.pictures_button = button("Pictures…", self._ask_pictures, icon="picture", name="addPictures")
        self.folder_button = button("Folder…", self._ask_folder, icon="folder", name="addFolder")
        self.stop_button = button("Stop", self._stop, icon="stop", name="stopClassifying")
        self.clear_button = button("Clear", self.clear, icon="trash", role="quiet", name="clearPictures")
        self.save_button = button("Save CSV…", self._ask_csv, icon="save", name="saveCsv")
        frame, layout = card()
        caption = label("Run")
        caption.setBuddy(self.run_box)
        layout.addLayout(row(caption, self.run_box, self.pictures_button, self.folder_button, self.stop_button))
        self.run_box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        layout.addWidget(self.progress)
        self.empty = DropArea("picture", "", "")
        self.empty_text = label(role="heading", wrap=True, name="classifyEmpty")
        self.empty_hint = label(role="muted", wrap=True)
        for line in (self.empty_text, self.empty_hint):
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self.empty.layout_.insertWidget(self.empty.layout_.count() - 1, line)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self._results_page())
        whole = QVBoxLayout(self)
        whole.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        whole.setSpacing(SPACING + SPACING // 2)
        whole.addWidget(frame)
        whole.addWidget(self.pages, 1)

    def _results_page(self) -> QWidget:
        look, look_layout = card()
        look_layout.addWidget(self.file_name)
        look_layout.addWidget(self.picture, 1)
        look_layout.addWidget(self.bars)
        rows, rows_layout = card()
        self.summary = label(role="heading", name="classifySummary")
        rows_layout.addLayout(row(self.summary, 1, self.clear_button, self.save_button))
        rows_layout.addWidget(self.table, 3)
        rows_layout.addWidget(self.skipped_title)
        rows_layout.addWidget(self.skipped, 1)
        page = QSplitter(Qt.Orientation.Horizontal)
        page.setHandleWidth(SPACING + SPACING // 2)
        page.setChildrenCollapsible(False)
        page.addWidget(look)
        page.addWidget(rows)
        page.setStretchFactor(0, 2)
        page.setStretchFactor(1, 3)
        return page

    # -- what the user asks -------------------------------------------------------------------------------

    def take_run(self, run_id: str) -> None:
        """Chooses a run that another panel offers; new pictures are classified with it."""
        self._wanted_run = run_id
        self._show_runs()

    @Slot()
    def _choose_run(self) -> None:
        self._wanted_run = ""  # what the user chooses goes before what another panel offered

    @property
    def takes_pictures(self) -> bool:
        """Always: a picture that tells what made it is classified all the same."""
        return True

    def take_paths(self, paths: list[Path]) -> None:
        """Classifies pictures and folders that were dropped."""
        run = self.run_box.currentData()
        if not run:
            self.studio.messages.show_message(
                mark("Choose a run above, then drop the pictures again.")
                if self.run_box.count()
                else mark("There is no trained model yet. Train one first, then drop the pictures again."),
                level="warning",
            )
            return
        if self._job is not None:
            self._waiting += paths  # the next job takes them all
            return
        record = self.studio.store.row(run)
        answering = (run, record.model_stamp if record is not None else 0)
        if answering != self._answering:
            self.clear()  # another model's answers must not stand beside these
            self._answering = answering
        job = Job(
            task="classify",
            settings={"run": run, "paths": [str(path) for path in paths], "top": TOP, "thumbnails": True},
            **({"backend": record.job.backend} if record and record.job.backend in installed_backends() else {}),
        )
        handle = self._job = self.studio.engines.start(job)
        handle.progressed.connect(self.progress.show_progress)
        handle.pictures_arrived.connect(self._add_pictures)
        handle.logged.connect(self.studio.messages.show_warnings)
        handle.ended.connect(self._end)
        self.progress.wait()
        self.progress.say("Starting the engine")
        self._enable()

    @Slot()
    def clear(self) -> None:
        """Forgets all pictures."""
        self._results = {}
        self._skipped = []
        self.table.predictions.clear()
        self._show_row(None)
        self._enable()

    def save_csv(self, path: Path) -> None:
        """Writes the table as a CSV file that spreadsheets open."""
        results = list(self._results.values())

        def done(_: object) -> None:
            self.studio.messages.show_message("Saved '{path}'.", level="good", seconds=8, path=path)

        self.studio.store.background.do(lambda: write_csv(path, results, overwrite=True), done)

    @Slot()
    def _ask_pictures(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self, self.pictures_button.text(), "", f"{tr('Pictures')} ({PICTURE_FILES});;{tr('All files')} (*)"
        )
        if names:
            self.take_paths([Path(name) for name in names])

    @Slot()
    def _ask_folder(self) -> None:
        if name := QFileDialog.getExistingDirectory(self, self.folder_button.text()):
            self.take_paths([Path(name)])

    @Slot()
    def _ask_csv(self) -> None:
        # The dialog adds the suffix itself, so that it asks before the very file is replaced that is written.
        path = ask_where(self.window(), self.save_button.text(), Path("predictions"), {"csv": mark("CSV table")})
        if path is not None:
            self.save_csv(path)

    @Slot()
    def _stop(self) -> None:
        self._waiting.clear()
        if self._job is not None:
            self._job.cancel()
            self.stop_button.setEnabled(False)

    # -- what the engine says -----------------------------------------------------------------------------

    @Slot(object)
    def _add_pictures(self, images: Images) -> None:
        for picture, detail in zip(images.pictures, images.details, strict=False):
            self.table.predictions.show_picture(str(detail.get("path", "")), picture)
        self._add([dict(detail) for detail in images.details if "label" in detail and "probability" in detail])

    @Slot(object)
    def _end(self, status: Status) -> None:
        self._job = None
        if status.state == "finished":
            self._add(status.result.get("results", []))
            self._skipped += status.result.get("skipped", [])
            self._show_skipped()
        elif status.state == "failed":
            error = UserError(status.message, hint=status.hint, **status.values)
            self.studio.messages.show_error(error, details=status.trace)
        self._enable()
        if self._waiting:
            paths, self._waiting = self._waiting, []
            self.take_paths(paths)

    def _add(self, results: list[dict[str, Any]]) -> None:
        self._results.update({result["path"]: result for result in results})
        self.table.predictions.add(results)
        if self.table.chosen() is None and self._results:
            self.table.selectRow(0)
        else:
            self._show_row(self.table.chosen())
        self._enable()

    # -- showing ------------------------------------------------------------------------------------------

    @Slot()
    def _show_runs(self) -> None:
        chosen = self._wanted_run or self.run_box.currentData() or self.studio.store.preferences.get("run", "")
        usable = [found for found in self.studio.store.rows if found.classifies]
        with QSignalBlocker(self.run_box):
            self.run_box.clear()
            for found in usable:
                self.run_box.addItem(found.caption, found.run.id)
            index = self.run_box.findData(chosen)
            if index < 0 and usable and not self._wanted_run:
                index = 0
            self.run_box.setCurrentIndex(index)  # -1 while the run that is wanted has not been listed
        listed = self.studio.store.row(self._wanted_run)
        if self.run_box.currentData() == self._wanted_run or (listed is not None and not listed.classifies):
            self._wanted_run = ""
        self._enable()

    @Slot()
    def _enable(self) -> None:
        ready = self.run_box.count() > 0
        busy = self._job is not None
        self.run_box.setEnabled(ready)
        self.pictures_button.setEnabled(ready)
        self.folder_button.setEnabled(ready)
        self.stop_button.setVisible(busy)
        self.stop_button.setEnabled(busy)
        self.save_button.setEnabled(bool(self._results))
        self.pages.setCurrentIndex(1 if self._results or self._skipped else 0)
        if ready:
            say(self.empty_text.setText, "Drop pictures or a folder here")
            say(self.empty_hint.setText, "The model names the likeliest classes of each picture.")
        else:
            say(self.empty_text.setText, "Train a model first")
            say(self.empty_hint.setText, "Once a training has ended, drop pictures here to see what it takes them for.")
        count = len(self._results)
        say(self.summary.setText, "1 picture" if count == 1 else "{count} pictures", count=f"{count:,}")
        if not busy:
            self.progress.rest("")
            self.progress.setVisible(False)
        else:
            self.progress.setVisible(True)
        self._show_skipped()

    @Slot(object)
    def _show_row(self, chosen: dict[str, Any] | None) -> None:
        if chosen is None:
            self.picture.show_picture(None)
            self.bars.show_rows([])
            self.file_name.setText("")
            return
        self.picture.show_picture(self.table.predictions.pictures.get(chosen["path"]))
        top = chosen.get("top") or [chosen]
        self.bars.show_rows([(str(one["label"]), float(one["probability"])) for one in top])
        self.file_name.setText(Path(chosen["path"]).name)
        self.file_name.setToolTip(plain_tip(chosen["path"]))

    def _show_skipped(self) -> None:
        for widget in (self.skipped_title, self.skipped):
            widget.setVisible(bool(self._skipped))
        count = len(self._skipped)
        say(self.skipped_title.setText, "1 file skipped" if count == 1 else "{count} files skipped", count=count)
        self.skipped.setPlainText("\n".join(f"{item['path']}: {tr(item['reason'])}" for item in self._skipped))
