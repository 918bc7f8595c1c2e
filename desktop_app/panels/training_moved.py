"""Asks where the data of a run are now, when its training could not go on without them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from core.events import Status
from core.jobs import Job
from core.runs.own_data import ELSEWHERE
from desktop_app.job_handle import JobHandle
from desktop_app.translation import mark, tr_parts
from desktop_app.widgets.message_bar import MessageBar

FILES = (".zip", ".txt")  # data that are one file


class TrainingMoved:
    """Offers to go on with the same data at another place; whether they are the same, the training finds out.

    Args:
        messages: where the offer is made.
        parent: of the dialog that asks for the place.
        go_on: starts the job that it is given, in the run's folder.
    """

    def __init__(self, messages: MessageBar, parent: QWidget, go_on: Callable[[Job, str], None]) -> None:
        self._messages, self._parent, self._go_on = messages, parent, go_on

    def offer(self, handle: JobHandle, status: Status) -> bool:
        """Makes the offer where a training has ended for want of its data; returns whether it has.

        Args:
            handle: the training's.
            status: its ending.
        """
        if status.message not in ELSEWHERE or not handle.run_folder:
            return False
        job, folder = handle.job, handle.run_folder

        def ask() -> None:
            if place := self._ask(str(job.settings.get("data", ""))):
                self._go_on(job.model_copy(update={"settings": {**job.settings, "data": place}}), folder)

        self._messages.show_message(
            "{reason}",
            level="error",
            actions=((mark("Choose where they are…"), ask),),
            about=job.id,
            reason=lambda: tr_parts(status.message, status.values),
        )
        return True

    def _ask(self, data: str) -> str:
        """Returns the place that the user chose, a file where the data were one; empty where none."""
        start = str(Path(data).parent)
        if (suffix := Path(data).suffix.lower()) in FILES:
            return QFileDialog.getOpenFileName(self._parent, "", start, f"*{suffix}")[0]
        return QFileDialog.getExistingDirectory(self._parent, "", start)
