"""Saves what the generation panel shows: asks where, has the file written, and says where it lies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from core import catalog
from core.errors import UserError
from core.files.atomic import write_atomic
from core.jobs import Job
from core.runs.run import Workspace
from desktop_app.panel import Studio
from desktop_app.panels.generation_jobs import GenerationJobs
from desktop_app.translation import mark, tr
from desktop_app.widgets.save_dialog import ask_where, pictures_folder

FOLDER = "pictures_folder"
# In a file's name, on one system or another; after a point the dialog would look for a suffix of its own.
FORBIDDEN = re.compile(r'[\\/:*?"<>|.\x00-\x1f]')
PNG = {"png": mark("PNG picture")}
TXT = {"txt": mark("Text file")}
WRITE = "core.media.picture_files:write_pictures"  # by name: the libraries for pictures are loaded when one is saved
RECIPE = "core.runs.recipe:Recipe"


class GenerationSaving(QWidget):
    """Owns the dialogs; it is never seen itself.

    Args:
        studio: what the panels share.
        jobs: where a job is done once more, into a file.
        parent: the panel.
    """

    def __init__(self, studio: Studio, jobs: GenerationJobs, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self._studio = studio
        self._jobs = jobs

    @Slot(object, str, object)
    def save_again(self, job: Job, name: str, kinds: Mapping[str, str]) -> None:
        """Has a job done once more, into a file, which then carries what made it.

        Args:
            job: whose settings hold `out`.
            name: str, what the file may be called.
            kinds: as for `ask_where`.
        """
        row = self._studio.store.row(str(job.settings["run"]))
        if path := self._ask(" ".join(part for part in (row.record.name if row else "", name) if part), kinds):
            settings = {**job.settings, "out": str(path), "overwrite": True}  # the dialog has asked
            self._jobs.write(Job(**{**job.model_dump(exclude={"id"}), "settings": settings}))

    @Slot(object, object, int, str)
    def save_shown(self, picture: np.ndarray, job: Job, epoch: int, name: str) -> None:
        """Writes a picture that took long to make, as it is shown.

        Args:
            picture: uint8 (H, W, C).
            job: that made it; the file carries it.
            epoch: int, the age of that run.
            name: str, what the file may be called.
        """
        if path := self._ask(name, PNG):
            workspace = self._studio.store.workspace
            self._studio.store.background.do(
                lambda: _write(path, picture, job, epoch, workspace), lambda _: self.tell(str(path))
            )

    @Slot(str, str)
    def save_text(self, text: str, name: str) -> None:
        """Writes a text.

        Args:
            text: str.
            name: str, what the file may be called.
        """
        if path := self._ask(name or tr("Text"), TXT):
            self._studio.store.background.do(
                lambda: write_atomic(path, text.encode("utf-8", "replace")), lambda _: self.tell(str(path))
            )

    def tell(self, file: str) -> None:
        """Says where a file has been saved."""
        self._studio.messages.show_message(
            "Saved '{path}'.",
            level="good",
            seconds=12,
            actions=((mark("Show folder"), lambda: _show_folder(file)),),
            path=file,
        )

    def _ask(self, name: str, kinds: Mapping[str, str]) -> Path | None:
        preferences = self._studio.store.preferences
        start = Path(preferences.get(FOLDER, "") or pictures_folder()) / (FORBIDDEN.sub("_", name).strip(" _") or "_")
        path = ask_where(self.window(), tr("Save"), start, kinds)
        if path is not None:
            preferences.set(FOLDER, str(path.parent))
        return path


def _write(path: Path, picture: np.ndarray, job: Job, epoch: int, workspace: Workspace) -> None:
    if path.suffix.casefold() != ".png":  # a film of one picture is no use, and carries no recipe
        raise UserError(
            "'{path}' is not written, since its name does not end in {suffix}.",
            hint="Name a file that does.",
            path=path,
            suffix=".png",
        )
    run = str(job.settings.get("run", ""))
    recipe = catalog.load(RECIPE).of(job, workspace.find(run) if run else None, epoch)
    catalog.load(WRITE)(path, [picture], columns=1, gap_px=0, scale=1, recipe=recipe, overwrite=True)


def _show_folder(file: str) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(file).parent)))
