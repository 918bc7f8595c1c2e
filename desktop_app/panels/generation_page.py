"""Base of the generation panel's pages: what each asks for on the left, and what it shows of it on the right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from core.events import Images
from core.jobs import Job
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
        layout: how a file's pictures are laid out, as an earlier job said; the task's defaults where it is empty.

    Signals:
        changed: something else is asked for now; what is shown no longer fits it.
        save_requested: (Job, what the file may be called, suffix -> kind of file): the job is to be done once more,
            into a file.
        end_offered: ("from" or "to", details of a picture, its truncation): the picture is to be that end of a way.

    Args:
        parent: the panel, which owns the page.
    """

    changed = Signal()
    save_requested = Signal(object, str, object)
    end_offered = Signal(str, object, float)

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    verb: ClassVar[str] = ""  # what the button says that starts it
    task: ClassVar[str] = ""  # key of `core.catalog.TASKS`

    controls: QWidget
    view: QWidget

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.layout: dict[str, object] = {}

    def show_run(self, run: GanRun | None) -> None:
        """Fits what can be asked for to a run; called for each change of it, also of the same run."""
        raise NotImplementedError

    def job(self, run: GanRun, epoch: int) -> Job:
        """Returns the job that is asked for.

        Args:
            run: that draws.
            epoch: its age; 0 for the model as it is kept.
        """
        raise NotImplementedError

    def show_settings(self, settings: Mapping[str, object], seed: int) -> None:
        """Shows what an earlier job asked for; its run is shown already."""
        raise NotImplementedError

    def take_pictures(self, job: Job, images: Images) -> None:
        """Shows what the job has drawn."""
        raise NotImplementedError

    def has_pictures(self) -> bool:
        """Whether anything is shown."""
        raise NotImplementedError

    def clear(self) -> None:
        """Shows nothing: another run is to draw."""
        raise NotImplementedError
