"""What the training panel finds out by itself while the user chooses: what the data holds, how large the model is."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QTimer, Slot

from core import catalog
from core.errors import UserError
from core.events import Status
from core.jobs import Job
from desktop_app.engine_thread import ENGINE_ENDED
from desktop_app.engines import Engines
from desktop_app.job_handle import JobHandle
from desktop_app.panels.training_pages import PICTURES
from desktop_app.panels.training_setup import TrainingSetup
from desktop_app.panels.training_view import TrainingView
from desktop_app.translation import say, tr_error, tr_parts
from desktop_app.widgets.elements import set_role

PREVIEW_DELAY_MS = 300  # after the last change, so that a spinning number asks once
DESCRIBE_DELAY_MS = 900
MOST_CLASSES = 24  # named above the preview


class TrainingLooks(QObject):
    """Asks the data engine for a preview and the interactive engine for the model's size, after each change.

    Args:
        engines: where the jobs are done.
        setup: what is chosen.
        view: where the preview is shown.
    """

    def __init__(self, engines: Engines, setup: TrainingSetup, view: TrainingView) -> None:
        super().__init__(view)
        self._engines = engines
        self._setup = setup
        self._view = view
        self.problem: UserError | None = None  # what is wrong with the data that are chosen
        self._begun = False
        self._crowded = False  # a training starts: it gets the cores
        self._page = PICTURES  # that was shown when looking at the data began
        self._preview: JobHandle | None = None
        self._describe: JobHandle | None = None
        self._preview_timer = QTimer(self, singleShot=True, interval=PREVIEW_DELAY_MS)
        self._preview_timer.timeout.connect(self._start_preview)
        self._describe_timer = QTimer(self, singleShot=True, interval=DESCRIBE_DELAY_MS)
        self._describe_timer.timeout.connect(self._start_describe)
        setup.data_changed.connect(self._data_changed)
        setup.changed.connect(self._changed)

    def begin(self) -> None:
        """Looks for the first time; before that no change is followed."""
        self._begun = True
        self._start_preview()
        self._describe_timer.start()

    def end(self) -> None:
        """Follows no change any more: the window closes."""
        self._begun = False
        self._preview_timer.stop()
        self._describe_timer.stop()

    def look_again(self) -> None:
        """Looks at the same data once more."""
        self._preview_timer.start()

    def make_room(self) -> None:
        """A training is about to start: measuring the model's size must not slow it."""
        self._crowded = True
        if self._describe is not None or self._describe_timer.isActive():
            self._say_later()
        self._describe_timer.stop()
        if self._describe is not None:
            self._describe.cancel(grace_s=0)

    def room_again(self) -> None:
        """The training has ended."""
        self._crowded = False
        self._changed()

    @Slot()
    def _data_changed(self) -> None:
        self.problem = None
        if self._begun:
            self._preview_timer.start()

    @Slot()
    def _changed(self) -> None:
        if self._begun and self._crowded:
            self._say_later()
        elif self._begun:
            self._describe_timer.start()

    def _say_later(self) -> None:
        """The size that was measured is that of other settings."""
        set_role(self._setup.size_line, "role", "muted")
        say(self._setup.size_line.setText, "The model's size is measured once the training has ended.")

    @Slot()
    def _start_preview(self) -> None:
        self.problem = None
        if self._preview is not None:
            self._preview.cancel()
        self._page = self._view.tabs.currentIndex()
        handle = self._preview = self._engines.start(self._setup.preview_job())
        handle.pictures_arrived.connect(self._view.show_preview)
        handle.ended.connect(self._end_preview)
        set_role(self._setup.data.about, "role", "muted")
        of_texts = _is_of_texts(handle.job)
        say(self._view.about.setText, "Looking at the texts…" if of_texts else "Looking at the pictures…")

    @Slot(object)
    def _end_preview(self, status: Status) -> None:
        if self.sender() is not self._preview:
            return  # other data has been chosen since
        of_texts = _is_of_texts(self._preview.job)
        self._preview = None
        if status.state == "finished" and of_texts:
            self._show_texts(status.result)
        elif status.state == "finished":
            self._show_counts(status.result)
            # Whoever has turned to something else meanwhile stays there.
            if not self._view.stop_button.isEnabled() and self._view.tabs.currentIndex() == self._page:
                self._view.tabs.setCurrentIndex(PICTURES)
        elif status.state == "failed":
            self._view.pictures.clear()
            self._view.pictures.hide()
            self._view.classes.hide()
            self._view.show_remarks(())
            error = UserError(status.message, hint=status.hint, **status.values)
            # The data may be good where the engine died looking at them.
            self.problem = None if status.message == ENGINE_ENDED else error
            set_role(self._setup.data.about, "role", "error")
            self._setup.data.show_counts("{reason}", reason=lambda: tr_error(error))
            say(self._view.about.setText, "{reason}", reason=lambda: tr_error(error))

    def _show_texts(self, result: dict[str, Any]) -> None:
        self._view.pictures.clear()
        self._view.pictures.hide()
        self._view.classes.hide()
        self._view.show_remarks(())
        splits, characters = result["splits"], f"{int(result['characters']):,}"
        self._setup.data.show_counts(
            "{texts} texts, {characters} characters.", texts=f"{int(result['texts']):,}", characters=characters
        )
        say(
            self._view.about.setText,
            "{name}: {train} texts to train on, {validation} to validate, {test} kept back for the test. The first "
            "begins: {beginning}",
            name=self._setup.data.name.text,
            train=f"{splits['train']:,}",
            validation=f"{splits['validation']:,}",
            test=f"{splits['test']:,}",
            beginning=result["beginning"],
        )

    def _show_counts(self, result: dict[str, Any]) -> None:
        self._view.pictures.show()
        classes, pictures = result.get("classes", {}), int(result.get("samples", 0))
        if unreadable := int(result.get("unreadable", 0)):
            set_role(self._setup.data.about, "role", "error")
            self._setup.data.show_counts(
                "{unreadable} of {looked} pictures looked at can't be read.",
                unreadable=unreadable,
                looked=int(result.get("looked_at", 0)),
            )
        else:
            self._setup.data.show_counts(
                "{pictures} pictures."
                if not classes  # they are learnt as something else
                else "{pictures} pictures in 1 class."
                if len(classes) == 1
                else "{pictures} pictures in {classes} classes.",
                pictures=f"{pictures:,}",
                classes=len(classes),
            )
        splits = result.get("splits", {})
        self._view.classes.setText(class_line(classes))
        self._view.classes.setVisible(bool(classes))
        self._view.show_remarks(result.get("remarks", ()))
        say(
            self._view.about.setText,
            "{name}: {pictures} pictures: {train} to train on, {validation} to validate, {test} kept back for the test."
            if not classes
            else "{name}: {pictures} pictures in 1 class: {train} to train on, {validation} to validate, "
            "{test} kept back for the test."
            if len(classes) == 1
            else "{name}: {pictures} pictures in {classes} classes: {train} to train on, {validation} to validate, "
            "{test} kept back for the test.",
            name=self._setup.data.name.text,
            pictures=f"{pictures:,}",
            classes=len(classes),
            train=f"{splits.get('train', 0):,}",
            validation=f"{splits.get('validation', 0):,}",
            test=f"{splits.get('test', 0):,}",
        )

    @Slot()
    def _start_describe(self) -> None:
        if self._crowded:
            return
        if self._describe is not None:
            self._describe.cancel()
        if self._setup.problem():
            return
        set_role(self._setup.size_line, "role", "muted")
        say(self._setup.size_line.setText, "Measuring the model's size…")
        handle = self._describe = self._engines.start(self._as_loaded(self._setup.describe_job()))
        handle.ended.connect(self._end_describe)

    def _as_loaded(self, job: Job) -> Job:
        """A model is as large on each backend: take the one the engine has loaded already."""
        loaded = self._engines.interactive.backend
        return job.model_copy(update={"backend": loaded}) if loaded else job

    @Slot(object)
    def _end_describe(self, status: Status) -> None:
        if self.sender() is not self._describe:
            return
        of_texts = _is_of_texts(self._describe.job)
        self._describe = None
        line = self._setup.size_line
        if status.state == "finished":
            set_role(line, "role", "muted")
            say(
                line.setText,
                "{parameters} parameters · {flops} FLOPs a token · {size} file"
                if of_texts
                else "{parameters} parameters · {flops} FLOPs a picture · {size} file",
                parameters=lambda: f"{int(status.result.get('parameters', 0)):,}",
                flops=lambda: short(float(status.result.get("flops", 0))),
                size=lambda: file_size(float(status.result.get("file_bytes", 0))),
            )
        elif status.state == "failed":
            set_role(line, "role", "error")
            say(line.setText, "{reason}", reason=lambda: tr_parts(status.message, status.values))


def _is_of_texts(job: Job) -> bool:
    """Whether the job is for a model that learns from texts, not from pictures."""
    return catalog.kind_of(job.model).samples == "texts"


def class_line(counts: dict[str, int]) -> str:
    """Returns the classes with how many pictures each has, in one line; of many classes the first."""
    parts = [f"{name} ({count:,})" for name, count in list(counts.items())[:MOST_CLASSES]]
    return "   ".join(parts) + (" …" if len(counts) > MOST_CLASSES else "")


def short(number: float) -> str:
    """Returns a large number with a unit: 1.3 M."""
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            return f"{number / limit:.1f} {unit}"
    return f"{number:.0f}"


def file_size(number: float) -> str:
    """Returns a number of bytes as people say it: 1.3 MB."""
    return f"{short(number)}B" if number >= 1000 else f"{number:.0f} B"
