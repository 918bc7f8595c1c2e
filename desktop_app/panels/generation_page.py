"""Base of the generation panel's pages: what each asks for on the left, and what it shows of it on the right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from core.events import Images, Status, Text
from core.jobs import Job
from desktop_app.panel import Studio
from desktop_app.panels.generation_run import GanRun

LAYOUT = ("columns", "gap_px", "scale")  # settings of a file, which no page shows


def layout_of(settings: Mapping[str, object]) -> dict[str, object]:
    """Returns what a job's settings say of how its file is laid out."""
    return {name: settings[name] for name in LAYOUT if name in settings}


class GenerationPage(QObject):
    """One page. It makes jobs and shows pictures; it starts nothing.

    Attributes:
        controls: what stands under the run, on the left.
        view: what stands on the right.
        shown_run: the run that draws, or None where there is none.
        layout: how a file's pictures are laid out, as an earlier job said; the task's defaults where it is empty.

    Signals:
        changed: something else is asked for now; what is shown no longer fits it.
        save_requested: (Job, what the file may be called, suffix -> kind of file): the job is to be done once more,
            into a file.
        keep_requested: (picture, Job, age of its run, what the file may be called): it is to be saved as it is.
        end_offered: ("from" or "to", details of a picture, its truncation): the picture is to be that end of a way.
        again: the next one of a series is to be drawn.
        unwanted: what is being drawn for the page no longer fits what it shows.
        asked: what the page has prepared is to be done now, instead of what is being done.
        model_wanted: str, key of `core.catalog.MODELS`: one is to be trained, for want of it.
        text_offered: (text, what the file may be called): it is to be saved.

    Args:
        studio: what the panels share.
        parent: the panel, which owns the page.
    """

    changed = Signal()
    save_requested = Signal(object, str, object)
    keep_requested = Signal(object, object, int, str)
    end_offered = Signal(str, object, float)
    again = Signal()
    unwanted = Signal()
    asked = Signal()
    model_wanted = Signal(str)
    text_offered = Signal(str, str)

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    verb: ClassVar[str] = ""  # what the button says that starts it
    icon: ClassVar[str] = "generation"  # file name in resources/icons, of that button
    task: ClassVar[str] = ""  # key of `core.catalog.TASKS`
    needs_run: ClassVar[bool] = True  # of a GAN
    redraws: ClassVar[bool] = True  # whether it is drawn anew at once when something else is asked for
    takes_pictures: ClassVar[bool] = False  # whether it works on pictures that are dropped

    controls: QWidget
    view: QWidget

    def __init__(self, studio: Studio, parent: QObject) -> None:
        super().__init__(parent)
        self.studio = studio
        self.shown_run: GanRun | None = None
        self.layout: dict[str, object] = {}

    def show_run(self, run: GanRun | None) -> None:
        """Fits what can be asked for to a run; called for each change of it, also of the same run."""
        self.shown_run = run

    def take_run(self, run_id: str) -> None:
        """Chooses a run of use for its task that another panel offers; a GAN's is chosen for all pages that draw."""

    def run(self) -> GanRun:
        """Returns the run that draws; there is one wherever a page that needs one is asked for its job."""
        if self.shown_run is None:
            raise ValueError("The page was asked for a job before a run was shown. Received: None")
        return self.shown_run

    def missing(self) -> str:
        """Returns what has to be done before anything can be asked for, in one English sentence, or ""."""
        return ""

    def begin(self) -> None:
        """The user asks: what comes now has nothing to do with what came before."""

    def job(self, epoch: int) -> Job:
        """Returns the job that is asked for, of the run that was shown last; nothing is missing.

        Args:
            epoch: int, the run's age; 0 for the model as it is kept.

        Raises:
            UserError: what the job needs on the disk can't be written.
        """
        raise NotImplementedError

    def show_settings(self, settings: Mapping[str, object], seed: int) -> None:
        """Shows what an earlier job asked for; its run is shown already."""
        raise NotImplementedError

    def take_pictures(self, job: Job, images: Images) -> None:
        """Shows what the job has drawn."""
        raise NotImplementedError

    def take_text(self, job: Job, piece: Text) -> None:
        """Shows a piece of text that the job has written; only of a page that writes."""

    def end(self, job: Job, status: Status) -> None:
        """The job has ended."""

    def takes(self, path: Path) -> bool:
        """Whether it works on a file or folder that is dropped; looks at its name only."""
        return self.takes_pictures

    def take_path(self, path: Path) -> None:
        """Works on what was dropped; only on what it takes."""

    def remember(self) -> None:
        """Called before the window closes."""

    def has_pictures(self) -> bool:
        """Whether anything is shown."""
        raise NotImplementedError

    def clear(self) -> None:
        """Shows nothing: another run is to draw."""
        raise NotImplementedError
