"""A field that holds one picture file: chosen, looked at by the data engine, shown small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QLabel, QSizePolicy, QWidget

from core.errors import UserError
from core.events import Images, Status
from core.jobs import Job
from desktop_app.job_handle import JobHandle
from desktop_app.panel import Studio
from desktop_app.theme import colour, theme
from desktop_app.translation import say, tr
from desktop_app.widgets.elements import button, column, label, plain_tip, row
from desktop_app.widgets.pixels import tile, to_image

SIDE_PX = 56
PICTURE_FILES = "*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff *.ppm *.pgm"


class PictureField(QWidget):
    """Chooses a picture.

    Signals:
        seen: the picture that was chosen has been read: `path` and `picture` are its.

    Args:
        studio: whose data engine reads it, and where it is told what is wrong.
        title: str, English.
        name: str, object name; the button is called `nameChoose`.
    """

    seen = Signal()

    def __init__(self, studio: Studio, title: str, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._studio = studio
        self._job: JobHandle | None = None
        self.path = ""
        self.picture: np.ndarray | None = None
        self._small = QLabel()
        self._small.setFixedSize(SIDE_PX, SIDE_PX)
        self._small.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._name = label(role="muted")
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        say(self._name.setText, "none chosen")
        self.choose_button = button("Choose…", self._ask, icon="picture", name=f"{name}Choose")
        words = column(label(title), self._name, spacing=2)
        line = row(self._small, words, self.choose_button)
        line.setStretch(1, 1)
        self.setLayout(line)
        theme().changed.connect(self._show)
        self._show()

    def take_path(self, path: Path) -> None:
        """Looks at a picture; what is held stays until it has been read."""
        if self._job is not None:
            self._job.cancel()
        self._job = self._studio.engines.start(Job(task="look", settings={"path": str(path)}))
        self._job.pictures_arrived.connect(self._take)
        self._job.ended.connect(self._end)

    @Slot()
    def _ask(self) -> None:
        filters = f"{tr('Pictures')} ({PICTURE_FILES});;{tr('All files')} (*)"
        # Not looked at: a share that is gone would keep the window waiting.
        folder = str(Path(self.path).parent) if self.path else ""
        path, _ = QFileDialog.getOpenFileName(self, self.choose_button.text(), folder, filters)
        if path:
            self.take_path(Path(path))

    @Slot(object)
    def _take(self, images: Images) -> None:
        if self.sender() is self._job:
            self.picture, self.path = images.pictures[0], str(images.details[0]["path"])
            say(self._name.setText, "{name}", name=Path(self.path).name)
            self._name.setToolTip(plain_tip(self.path))
            self._show()
            self.seen.emit()

    @Slot(object)
    def _end(self, status: Status) -> None:
        if self.sender() is not self._job:
            return  # another one has been chosen since
        self._job = None
        if status.state == "failed":
            self._studio.messages.show_error(
                UserError(status.message, hint=status.hint, **status.values), details=status.trace
            )

    @Slot()
    def _show(self) -> None:
        if self.picture is not None:
            self._small.setStyleSheet("")
            self._small.setPixmap(tile(to_image(self.picture), SIDE_PX, self.devicePixelRatioF()))
        else:
            self._small.setStyleSheet(f"background: {colour('raised').name()}; border-radius: 6px;")
