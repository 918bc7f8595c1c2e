"""The generation panel: choose a run that has learnt to draw, and play with it. It joins its pages to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, Slot

from core.errors import UserError
from core.events import Images, Log, Status, Text
from core.jobs import Job
from core.kinds.gan import GAN
from desktop_app.background import Aside
from desktop_app.panel import Panel, Studio
from desktop_app.panels.generation_draw import DrawPage
from desktop_app.panels.generation_fill import FillPage
from desktop_app.panels.generation_frame import GenerationFrame
from desktop_app.panels.generation_jobs import GenerationJobs
from desktop_app.panels.generation_page import GenerationPage
from desktop_app.panels.generation_recall import recall
from desktop_app.panels.generation_runs import GenerationRuns
from desktop_app.panels.generation_saving import GenerationSaving
from desktop_app.panels.generation_style import StylePage
from desktop_app.panels.generation_way import WayPage
from desktop_app.panels.generation_write import WritePage
from desktop_app.translation import mark, tr
from desktop_app.widgets.elements import column

PAGES: tuple[type[GenerationPage], ...] = (DrawPage, WayPage, FillPage, StylePage, WritePage)
REDRAW_MS = 200  # after the last change, so that a slider that is drawn along asks once


class GenerationPanel(Panel):
    """Draws pictures in the interactive engine, also while a training runs."""

    key = "generation"
    title = mark("Generation")
    icon = "generation"

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.runs = GenerationRuns(studio.store)
        self.jobs = GenerationJobs(studio.engines, self)
        self.pages: dict[str, GenerationPage] = {kind.key: kind(studio, self) for kind in PAGES}
        self.saving = GenerationSaving(studio, self.jobs, self)
        self._drawing: tuple[str, str] = ("", "")  # the newest job's page and id
        self._asked: dict[str, str] = {}  # page -> id of the run of the pictures that it shows
        self._recalled: Job | None = None  # is to be shown once its run is listed
        self._aside = Aside(self)
        self._redraw = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self.frame = GenerationFrame(tuple(self.pages.values()), self.runs, self.ask, self.stop)
        self.tabs, self.progress = self.frame.tabs, self.frame.progress
        self.draw_button, self.stop_button = self.frame.draw_button, self.frame.stop_button
        self.setLayout(column(self.frame, spacing=0))
        self._connect()
        self._show_page()
        self._show_run()

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._show_page)
        self.runs.listed.connect(self._show_run)
        self.runs.run_chosen.connect(self._take_other_run)
        self.runs.age_chosen.connect(self._redraw_soon)
        self._redraw.timeout.connect(self._redraw_now)
        for page in self.pages.values():
            page.changed.connect(self._notice)
            page.save_requested.connect(self._save_again)
            page.keep_requested.connect(self.saving.save_shown)
            page.end_offered.connect(self._take_end)
            page.again.connect(self._go_on)
            page.asked.connect(self._do_prepared)
            page.unwanted.connect(self._give_up)
            page.text_offered.connect(self.saving.save_text)
            page.model_wanted.connect(self.model_wanted)
        self.frame.train_button.clicked.connect(self._train)
        self.jobs.progressed.connect(self.progress.show_progress)
        self.jobs.pictures_arrived.connect(self._take_pictures)
        self.jobs.wrote.connect(self._take_text)
        self.jobs.warned.connect(self._warn)
        self.jobs.replaced.connect(self._end_replaced)
        self.jobs.ended.connect(self._end)
        self.jobs.busy_changed.connect(self._enable)

    # -- what the user asks -------------------------------------------------------------------------------

    @property
    def page(self) -> GenerationPage:
        """The page that is shown."""
        return self.frame.page

    def show_page(self, key: str) -> None:
        """Shows a page."""
        self.tabs.setCurrentIndex(list(self.pages).index(key))

    def take_run(self, run_id: str) -> None:
        """Chooses a run that another panel offers, and shows the first page that uses it."""
        row = self.studio.store.row(run_id)
        draws = row is None or row.does(DrawPage.task)
        fitting = [
            page for page in self.pages.values() if (page.task == DrawPage.task if row is None else row.does(page.task))
        ]
        if fitting:
            self.show_page(fitting[0].key)
            self.page.take_run(run_id)
        if draws:
            self.runs.take_run(run_id)
            self._show_run()

    @property
    def takes_pictures(self) -> bool:
        """Whether the page that is shown works on pictures that are dropped."""
        return self.page.takes_pictures

    def take_paths(self, paths: list[Path]) -> None:
        """Gives the page what was dropped, or brings back what a picture was made with."""
        if self.page.takes(paths[0]):
            self.page.take_path(paths[0])
        else:
            self.recall(paths[0])

    def recall(self, path: Path) -> None:
        """Brings back what a saved picture was made with."""
        workspace, tasks = self.studio.store.workspace, frozenset(page.task for page in self.pages.values())
        self._aside.do(lambda: recall(path, workspace, tasks), self._take_recalled)

    def remember(self) -> None:
        """Keeps the run for the next start."""
        self._redraw.stop()
        self.runs.remember()
        for page in self.pages.values():
            page.remember()

    @Slot()
    def ask(self) -> None:
        """Draws what is asked for, or says what is missing."""
        self.page.begin()
        self.draw()

    def draw(self) -> None:
        """Draws what is asked for, instead of what is being drawn."""
        self._redraw.stop()
        page = self.page
        if page.needs_run and self.runs.run is None:
            return
        self.studio.messages.withdraw(self.key)  # what the last job failed of, or what was missing
        if missing := page.missing():
            self.studio.messages.show_message(
                "{what}", what=lambda: tr(missing), level="warning", seconds=8, about=self.key
            )
            return
        self._draw_for(page)

    def _draw_for(self, page: GenerationPage) -> None:
        """Draws what a page asks for; nothing is missing. It need not be the page that is shown."""
        run = self.runs.run
        try:
            job = page.job(self.runs.epoch)
        except UserError as error:
            self.studio.messages.show_error(error, about=self.key)
            return
        asked = run.id if run is not None and page.needs_run else ""
        self._begin()
        self.jobs.show(job)
        self._drawing = (page.key, job.id)
        self._asked[page.key] = asked

    @Slot()
    def stop(self) -> None:
        """Stops all that is being drawn or saved."""
        self.draw_button.setFocus()  # which the button would leave to its neighbour
        self._redraw.stop()
        self.jobs.stop()
        self.stop_button.setEnabled(False)

    @Slot()
    def _train(self) -> None:
        self.model_wanted.emit(GAN.usual)

    @Slot()
    def _do_prepared(self) -> None:
        if self.sender() is self.page:
            self.draw()

    @Slot()
    def _give_up(self) -> None:
        if self.sender() is self.pages.get(self._drawing[0]):
            self.jobs.give_up()

    @Slot(object, str, object)
    def _save_again(self, job: Job, name: str, kinds: Mapping[str, str]) -> None:
        self._begin()
        self.saving.save_again(job, name, kinds)

    @Slot()
    def _go_on(self) -> None:
        """Draws the next one of a series, also where the user looks at another page meanwhile."""
        page = self.pages.get(self._drawing[0])
        if page is not None and self.sender() is page:
            self._draw_for(page)

    @Slot(str, object, float)
    def _take_end(self, end: str, detail: Mapping[str, Any], truncation: float) -> None:
        way = self.pages[WayPage.key]
        if not isinstance(way, WayPage):
            return
        way.take_end(end, detail, truncation)
        if end == "to":
            self.show_page(WayPage.key)
            self.draw()
        else:
            self.studio.messages.show_message(
                "A way begins with this picture. Open the one it ends with, and press To here.", seconds=8
            )

    # -- what comes back ----------------------------------------------------------------------------------

    def _take_recalled(self, found: Job | UserError) -> None:
        if isinstance(found, UserError):
            self.studio.messages.show_error(found)
            return
        if "run" not in found.settings:
            self._show_settings(found)
            return
        self._recalled = found
        self.runs.take_run(Path(str(found.settings["run"])).name, int(found.settings.get("epoch", 0)))
        self._show_run()

    def _show_recalled(self) -> None:
        job, run = self._recalled, self.runs.run
        if job is None or run is None or run.id != Path(str(job.settings["run"])).name:
            return  # not listed yet
        self._recalled = None
        self._show_settings(job)
        epoch = int(job.settings.get("epoch", 0))
        if epoch not in (0, run.own_age, *run.ages):
            self.studio.messages.show_message(
                "The picture was drawn after epoch {epoch}, an age that its run has not kept: "
                "this is how it draws now.",
                level="warning",
                epoch=epoch,
            )

    def _show_settings(self, job: Job) -> None:
        page = next(page for page in self.pages.values() if page.task == job.task)
        self.show_page(page.key)
        page.show_settings(job.settings, job.seed)
        self.ask()

    @Slot(object, object)
    def _take_pictures(self, job: Job, images: Images) -> None:
        key = self._drawing[0]
        if self._asked[key] == self._wanted(self.pages[key]):
            self.pages[key].take_pictures(job, images)

    @Slot(object, object)
    def _take_text(self, job: Job, piece: Text) -> None:
        key, newest = self._drawing
        if job.id == newest:
            self.pages[key].take_text(job, piece)

    @Slot(object)
    def _warn(self, log: Log) -> None:
        self.studio.messages.show_warnings([log], seconds=12)

    @Slot(object)
    def _end_replaced(self, job: Job) -> None:
        """Tells the page whose job gives way to another page's that no more comes of it."""
        key, newest = self._drawing
        if job.id == newest and self.pages[key] is not self.page:
            self.pages[key].end(job, Status("cancelled"))

    @Slot(object, object)
    def _end(self, job: Job, status: Status) -> None:
        if status.state == "failed":
            error = UserError(status.message, hint=status.hint, **status.values)
            self.studio.messages.show_error(error, details=status.trace, about=self.key)
        for file in status.result.get("files", []):
            self.saving.tell(str(file))
        key, newest = self._drawing
        if job.id == newest and self._asked[key] == self._wanted(self.pages[key]):
            self.pages[key].end(job, status)

    def _wanted(self, page: GenerationPage) -> str:
        """The id of the run whose pictures a page may show."""
        return self.runs.run.id if page.needs_run and self.runs.run is not None else ""

    # -- showing ------------------------------------------------------------------------------------------

    @Slot()
    def _show_run(self) -> None:
        for page in self.pages.values():
            if page.has_pictures() and self._asked.get(page.key, "") != self._wanted(page):
                page.clear()
            page.show_run(self.runs.run)
        self._show_recalled()
        self._enable()

    @Slot()
    def _take_other_run(self) -> None:
        again = self.page.has_pictures() and self.page.redraws
        self._show_run()
        if again:
            self.draw()  # the same seed, by the other run

    @Slot()
    def _show_page(self) -> None:
        self.frame.show_page()
        self._enable()

    @Slot()
    def _notice(self) -> None:
        if self.sender() is self.page:  # another page is drawn when it is shown and asked for
            self._redraw_soon()

    @Slot()
    def _redraw_soon(self) -> None:
        if self.page.has_pictures() and self.page.redraws:
            self._redraw.start()

    @Slot()
    def _redraw_now(self) -> None:
        if self.page.has_pictures():
            self.draw()

    def _begin(self) -> None:
        if not self.jobs.busy:
            self.progress.wait()
            self.progress.say("Starting the engine")

    @Slot()
    def _enable(self) -> None:
        drawable = bool(self.runs.box.count()) or not self.page.needs_run
        self.frame.show_work(shown=drawable or not self.runs.ready)
        self.draw_button.setEnabled(self.runs.run is not None or not self.page.needs_run)
        self.frame.show_busy(busy=self.jobs.busy)
