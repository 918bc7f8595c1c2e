"""The page that writes with a GPT-2, token by token, and looks into it. Texts branch off wherever the user likes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QStackedWidget

from core.errors import UserError
from core.events import Images, Status, Text
from core.jobs import Job, installed_backends
from core.kinds.language import LANGUAGE
from desktop_app.background import Aside
from desktop_app.panel import Studio
from desktop_app.panels.generation_empty import GenerationEmpty
from desktop_app.panels.generation_page import GenerationPage
from desktop_app.panels.generation_picture import PICTURE_FILES
from desktop_app.panels.generation_prompt import read_prompt
from desktop_app.panels.generation_write_form import WriteForm
from desktop_app.panels.generation_write_view import WriteView
from desktop_app.translation import mark
from desktop_app.widgets.drop_area import DropArea
from desktop_app.written_text import State, Token, WrittenText
from desktop_app.written_texts import WrittenTexts

ALTERNATIVES = 20  # told for each token
FEW_ALTERNATIVES = 5  # of very many texts: nobody looks at all, and they would fill the memory
MANY_TEXTS = 16
REMEMBERED = "writing_model"
EMPTY, INVITATION, WRITING = range(3)


@dataclass(frozen=True)
class Prepared:
    """A job that the page itself asks for.

    Args:
        job: what is to be done.
        grows: the text that it writes on.
        looks: the text that it looks at.
    """

    job: Job
    grows: WrittenText | None = None
    looks: WrittenText | None = None


class WritePage(GenerationPage):
    """Writes texts, and shows what the model thought of each token."""

    key = "write"
    title = mark("Write")
    verb = mark("Write")
    icon = "text"
    task = "text"
    needs_run = False
    redraws = False

    def __init__(self, studio: Studio, parent: QObject) -> None:
        super().__init__(studio, parent)
        self.form = WriteForm()
        self.shown = WriteView()
        self.empty = GenerationEmpty(
            "text",
            mark("No run has learnt to write yet"),
            mark("Train a GPT-2 on your texts, or on sentences that are built in. A folder with a GPT-2 will do too."),
            "writeEmpty",
        )
        self.train_button = self.empty.add_button(mark("Train a GPT-2"), "training", "trainGpt2", role="primary")
        self.folder_button = self.empty.add_button(mark("Open a folder…"), "folder", "writeFolder")
        self.texts = WrittenTexts()
        self._prepared: Prepared | None = None  # is done next, in place of what the form asks for
        self._looked: WrittenText | None = None  # at it the newest job looks
        self._growing: dict[int, WrittenText] = {}  # by their number in the newest job
        self._job = ""  # id of the newest job
        self._aside = Aside(self)
        self.controls = self.form
        self.view = self._pages = QStackedWidget()
        invitation = DropArea(
            "text",
            mark("Press Write to see what it says"),
            mark("Or drop a text here as a prompt, or the folder of a GPT-2."),
        )
        for page in (self.empty, invitation, self.shown):
            self._pages.addWidget(page)
        self._connect()
        self._remembered = str(studio.store.preferences.get(REMEMBERED, ""))
        self._show_page()

    def _connect(self) -> None:
        self.studio.store.runs_changed.connect(self._offer_runs)
        self.form.look_requested.connect(self._look)
        self.form.model.chosen.connect(self._show_page)
        self.train_button.clicked.connect(self._train)
        self.folder_button.clicked.connect(self.form.model.ask)
        self.shown.branch_wanted.connect(self._branch)
        self.shown.more_wanted.connect(self._go_on)
        self.shown.attention_wanted.connect(self._examine)
        self.shown.save_requested.connect(self._save)
        self.shown.emptied.connect(self._forget)

    # -- what is asked for --------------------------------------------------------------------------------

    def missing(self) -> str:
        """Says that there must be a model."""
        if self._prepared is None and not self.form.model.value:
            return mark("Train a GPT-2 first, or choose a folder that holds one.")
        return ""

    def begin(self) -> None:
        """The user asks for new texts."""
        self._prepared = None

    def job(self, epoch: int) -> Job:
        """Returns the job that is prepared, else the one that the form asks for."""
        self._end_growth("stopped")  # this job takes the place of theirs
        prepared, self._prepared = self._prepared, None
        self._drop_empty(prepared)
        if self.texts.make_room(self.shown.shown):
            self.shown.tree.show_texts(self.texts, self.shown.shown)
        if prepared is None:
            settings = {"prompts": (self.form.prompt.toPlainText(),), **self.form.settings()}
            prepared = Prepared(self._new_job("text", settings))
        self._job, self._looked = prepared.job.id, prepared.looks
        if prepared.grows is not None:
            self._growing = {0: prepared.grows}
        return prepared.job

    def show_settings(self, settings: Mapping[str, object], seed: int) -> None:
        """Does nothing: no picture tells how a text was made."""

    def takes(self, path: Path) -> bool:
        """Whether it works on a file or folder that is dropped: a prompt, or a model."""
        return f"*{path.suffix.casefold()}" not in PICTURE_FILES.split()

    def take_path(self, path: Path) -> None:
        """Takes a text as a prompt, a folder as a model."""

        def take(found: str | UserError | None) -> None:
            if isinstance(found, UserError):
                self.studio.messages.show_error(found)
            elif found is None:
                self.form.model.take(str(path))
                self._show_page()
            else:
                self.form.show_prompt(found)

        self._aside.do(lambda: read_prompt(path), take)

    def take_run(self, run_id: str) -> None:
        """Chooses a run that another panel offers."""
        self.form.model.take(run_id)
        self._show_page()

    def remember(self) -> None:
        """Keeps the model for the next start."""
        self.studio.store.preferences.set(REMEMBERED, self.form.model.value)

    def _new_job(self, task: str, settings: Mapping[str, Any], model: str = "") -> Job:
        """Returns a job on the backend that its model was trained on, where that is known and installed."""
        model = model or self.form.model.value
        row = self.studio.store.row(model)
        backend = row.job.backend if row is not None else ""
        given = {"backend": backend} if backend in installed_backends() else {}
        many = int(settings.get("count", 1)) > MANY_TEXTS
        told = {"alternatives": FEW_ALTERNATIVES if many else ALTERNATIVES}
        if task == "text":
            told["views"] = False  # each token is told as it comes: the result need not repeat them
        settings = {"model": model, **told, **settings}
        return Job(task=task, settings=settings, seed=self.form.seed.seed, **given)

    def _name_of(self, job: Job) -> str:
        """Returns what the user calls a job's model."""
        model = str(job.settings["model"])
        row = self.studio.store.row(model)
        return row.record.name or row.run.id if row is not None else Path(model).name

    def _ask(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self.asked.emit()
        self._prepared = None  # where it was not taken

    @Slot()
    def _train(self) -> None:
        self.model_wanted.emit(LANGUAGE.usual)

    @Slot()
    def _look(self) -> None:
        """Has the model look at the prompt as it is."""
        if self.form.model.value:
            job = self._new_job("examine_text", {"text": self.form.prompt.toPlainText()})
            text = WrittenText(job, model=self._name_of(job), state="done")  # is shown once something came of it
            self._ask(Prepared(job, looks=text))

    @Slot(object)
    def _examine(self, text: WrittenText) -> None:
        """Has the model look at all tokens of a text."""
        if not self._growing and self._looked is not text:
            job = self._new_job("examine_text", {"text_ids": text.ids}, str(text.job.settings["model"]))
            self._ask(Prepared(job, looks=text))

    @Slot(object, int, int)
    def _branch(self, text: WrittenText, place: int, alternative: int) -> None:
        """Writes on from a token that might have come."""
        self._write_on(text, place, [*text.tokens[:place], text.tokens[place].instead(alternative)])

    @Slot(object)
    def _go_on(self, text: WrittenText) -> None:
        """Writes on from the end of a text."""
        self._write_on(text, len(text.tokens), text.tokens)

    def _write_on(self, text: WrittenText, forked: int, known: Sequence[Token]) -> None:
        settings = {**self.form.settings(), "count": 1, "prompt_ids": tuple(token.token for token in known)}
        job = self._new_job("text", settings, str(text.job.settings["model"]))
        branch = WrittenText(
            job, model=text.model, parent=text, forked=forked, tokens=list(known), begins=min(text.begins, forked)
        )
        self._keep(branch)
        self._ask(Prepared(job, grows=branch))

    # -- what comes back ----------------------------------------------------------------------------------

    def take_pictures(self, job: Job, images: Images) -> None:
        """Takes the attention of the text that is looked at."""
        if self._looked is not None and job.id == self._job:
            self._looked.take_attention(images.pictures, images.details)
            self.texts.bound_attention(self._looked)

    def take_text(self, job: Job, piece: Text) -> None:
        """Takes the prompt of a text that begins, or a token of one that grows."""
        if job.id != self._job:
            return
        number = int(piece.details.get("number", 0))
        text = self._growing.get(number)
        if piece.title == "prompt":
            if text is None:
                text = self._growing[number] = WrittenText(job, number, self._name_of(job))
                text.take_prompt(piece.details["tokens"])
                self._keep(text, show=number == 0)
                if number == 1:
                    self.shown.show_all()
            else:
                text.take_prompt(piece.details["tokens"], text.tokens)
                self.shown.show_knowledge(text)
        elif text is not None:
            text.take_piece(piece.text, piece.details)
            if "token" in piece.details:
                self.shown.show_growth(text)
            else:
                self.shown.show_knowledge(text)  # the last token shows more now

    def end(self, job: Job, status: Status) -> None:
        """Takes what became known, and lets the texts be gone on from."""
        if job.id != self._job:
            return
        if self._looked is not None and status.state == "finished":
            self._looked.take_views(status.result["views"])
            if self._looked not in self.texts:
                self._keep(self._looked)
            self.shown.tree.renew(self._looked)
            self.shown.show_knowledge(self._looked)
        self._looked = None
        for text in self._growing.values():
            text.tokens_per_s = float(status.result.get("tokens_per_s", 0.0))
        self._end_growth("done" if status.state == "finished" else "stopped")
        self._drop_empty()
        self.shown.show_end(examine=job.task == self.task)

    def has_pictures(self) -> bool:
        """Whether there is a text."""
        return bool(self.texts)

    def clear(self) -> None:
        """Does nothing: no run of a GAN has to do with it."""

    # -- keeping and showing ------------------------------------------------------------------------------

    def _keep(self, text: WrittenText, *, show: bool = True) -> None:
        self.texts.add(text)
        self.shown.tree.add(text)
        if show:
            self.shown.show_text(text)
        self._show_page()

    def _end_growth(self, state: State) -> None:
        for text in self._growing.values():
            text.state = state
            self.shown.tree.renew(text)
        self._growing = {}

    def _drop_empty(self, prepared: Prepared | None = None) -> None:
        """Forgets texts of which nothing came, but not those of a job that is only prepared."""
        coming = (prepared.grows, prepared.looks) if prepared is not None else ()
        if self.texts.drop_empty(coming):
            self.shown.tree.show_texts(self.texts, self.shown.shown)
        if self.shown.shown not in self.texts:
            if self.texts:
                self.shown.show_text(self.texts[-1])
            else:
                self.shown.forget()
        self._show_page()

    @Slot()
    def _forget(self) -> None:
        if not self._growing:
            self.texts.clear()
            self.shown.tree.show_texts((), None)
            self._drop_empty()

    @Slot(object)
    def _save(self, text: WrittenText) -> None:
        self.text_offered.emit(text.text, text.title)

    @Slot()
    def _offer_runs(self) -> None:
        rows = [row for row in self.studio.store.rows if row.does("text")]
        remembered, self._remembered = self._remembered, ""
        if remembered in [row.run.id for row in rows] or Path(remembered).is_absolute():
            self.form.model.take(remembered)
        self.form.model.offer_runs([(row.caption, row.run.id) for row in rows])
        self._show_page()

    @Slot()
    def _show_page(self) -> None:
        if self.texts:
            self._pages.setCurrentIndex(WRITING)
        else:
            self._pages.setCurrentIndex(INVITATION if self.form.model.value else EMPTY)
        self.form.look_button.setEnabled(bool(self.form.model.value))
