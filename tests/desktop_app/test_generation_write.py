from __future__ import annotations

import time

import gan_runs
import pytest
import text_runs
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QAbstractButton, QLabel

from core.events import Status, Text
from core.jobs import Job
from desktop_app.panels.generation_write_view import ATTENTION, TEXTS


class Engine:
    """Stands in for the interactive engine: notes what it is asked, and answers when it is told to."""

    def __init__(self, window, monkeypatch) -> None:
        self.jobs: list[Job] = []
        self.cancelled: list[str] = []
        self._engines = window.engines
        submit = lambda job, folder="": self.jobs.append(job) if job.task != "describe" else None  # noqa: E731
        monkeypatch.setattr(window.engines.interactive, "submit", submit)
        monkeypatch.setattr(
            window.engines.interactive, "cancel", lambda job_id, *, grace_s=0: self.cancelled.append(job_id)
        )

    def answer(self, *events, job: Job | None = None) -> None:
        handle = self._engines.handle((job or self.jobs[-1]).id)
        if handle is not None:
            handle.deliver(events)


@pytest.fixture
def engine(window, monkeypatch):
    made = Engine(window, monkeypatch)
    yield made
    for job in made.jobs:
        made.answer(Status("cancelled"), job=job)


@pytest.fixture
def page(window, engine, qtbot, workspace):
    """The page that writes, shown, with one run."""
    run = text_runs.make_text_run(workspace, "my writer")
    window.store.refresh()
    panel = window.panels["generation"]
    made = panel.pages["write"]
    qtbot.waitUntil(lambda: made.form.model.value == run.id)
    window.show_panel("generation")
    panel.show_page("write")
    return made


def _press(window, qtbot, name: str) -> None:
    found = window.panel.findChild(QAbstractButton, name)
    assert found.isVisible(), name
    assert found.isEnabled(), name
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)


def _write(window, qtbot, engine, *tokens: int) -> None:
    """A text that begins with " red" and is done."""
    _press(window, qtbot, "generate")
    engine.answer(text_runs.prompted(0, 2), *text_runs.wrote(*tokens), text_runs.finished())


def _click_token(qtbot, page, place: int) -> None:
    text = page.shown.text
    start, end = text.span(place)
    cursor = QTextCursor(text.document())
    cursor.setPosition(start)
    left = text.cursorRect(cursor)
    cursor.setPosition(end)
    right = text.cursorRect(cursor)
    point = (left.center() + right.center()) / 2
    qtbot.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=point)


def _told(window) -> str:
    return " ".join(message.text.text() for message in window.messages.messages())


def test_without_a_model_the_page_leads_to_training(window, engine, qtbot, workspace):
    panel = window.panels["generation"]
    qtbot.waitUntil(lambda: panel.runs.ready)
    window.show_panel("generation")
    panel.show_page("write")
    assert panel.findChild(QLabel, "writeEmpty").isVisible()
    _press(window, qtbot, "generate")
    assert "Train a GPT-2 first" in _told(window)
    assert not engine.jobs
    _press(window, qtbot, "trainGpt2")
    assert window.panel is window.panels["training"]
    assert window.panel.setup.job().model == "gpt2"


def test_write_asks_for_what_is_shown_and_shows_tokens_as_they_come(page, window, engine, qtbot):
    page.form.prompt.setPlainText("a\nred")
    page.form.editors["temperature"].show_value(0.7)
    page.form.seed.show_value(5)
    _press(window, qtbot, "generate")
    (job,) = engine.jobs
    assert (job.task, job.seed, job.backend) == ("text", 5, "tensorflow")
    wanted = {"prompts": ("a\nred",), "temperature": 0.7, "alternatives": 20, "max_tokens": 64, "count": 1}
    assert {name: job.settings[name] for name in wanted} == wanted
    engine.answer(text_runs.prompted(0, 1))
    engine.answer(*text_runs.wrote(2))
    qtbot.waitUntil(lambda: page.shown.text.toPlainText() == "■ a red")
    assert not page.shown.more_button.isEnabled()
    engine.answer(*text_runs.wrote(4, 6, 0), text_runs.finished())
    assert page.shown.shown.text == "a red circle\n"
    assert page.shown.text.toPlainText() == "■ a red circle↵\n■ "
    assert page.shown.summary.text() == "6 tokens · perplexity 2.00 · written at 50 tokens/s"


def test_each_way_asks_for_its_own_settings(page, window, engine, qtbot):
    for key, value in {
        "greedy": ("temperature", 0.0),
        "beams": ("beams", 4),
        "contrastive": ("contrastive", 0.6),
    }.items():
        page.form.way.setCurrentIndex(page.form.way.findData(key))
        assert page.form.settings()[value[0]] == value[1]
    assert not page.form.editors["temperature"].widget.isVisible()
    assert page.form.editors["top_k"].widget.isVisible()
    assert "beams" not in page.form.settings()
    _press(window, qtbot, "generate")
    assert engine.jobs[0].typed_settings().contrastive == 0.6


def test_a_clicked_token_tells_what_the_model_thought(page, window, engine, qtbot):
    _write(window, qtbot, engine, 1, 4)
    inspector = page.shown.inspector
    assert "Click a token" in inspector.hint.text()
    _click_token(qtbot, page, 3)
    assert page.shown.text.chosen == 3
    assert inspector.summary.text().startswith("“ circle” · probability 50.0% · rank 1 · as undecided as among 2.0")
    assert [choice.name for choice in inspector.alternatives.choices()] == ["“ circle”", "“ blue”", "“ square”"]
    assert [choice.written for choice in inspector.alternatives.choices()] == [True, False, False]
    qtbot.keyClick(page.shown.text, Qt.Key.Key_Home)
    assert page.shown.text.chosen == 0
    assert "nothing before it" in inspector.hint.text()
    qtbot.keyClick(page.shown.text, Qt.Key.Key_Right)
    assert "belongs to the prompt" in inspector.hint.text()


def test_an_alternative_branches_off_and_the_first_text_stays(page, window, engine, qtbot):
    _write(window, qtbot, engine, 1, 4)
    first = page.shown.shown
    _click_token(qtbot, page, 3)
    assert not page.shown.inspector.branch_button.isEnabled()
    page.shown.inspector.alternatives.setCurrentRow(1)
    _press(window, qtbot, "writeBranch")
    job = engine.jobs[-1]
    assert job.settings["prompt_ids"] == (0, 2, 1, 3)
    assert job.settings["count"] == 1
    engine.answer(text_runs.prompted(0, 2, 1, 3), *text_runs.wrote(5), text_runs.finished())
    branch = page.shown.shown
    assert branch.parent is first
    assert (branch.text, first.text) == (" reda blue square", " reda circle")
    assert branch.tokens[3].probability == 0.25  # what the model thought of the token that was chosen instead
    assert branch.tokens[3].rank == 2
    assert branch.begins == 2  # what it shares with the first text is no prompt
    page.shown.tabs.setCurrentIndex(TEXTS)
    tree = page.shown.tree.list
    assert tree.topLevelItemCount() == 1
    assert tree.topLevelItem(0).childCount() == 1
    assert tree.topLevelItem(0).child(0).text(0) == "blue square"
    assert tree.topLevelItem(0).child(0).text(1) == "my writer"
    tree.setCurrentItem(tree.topLevelItem(0))
    assert page.shown.shown is first
    assert page.shown.text.toPlainText() == "■  reda circle"


def test_a_text_goes_on_from_its_end(page, window, engine, qtbot):
    _write(window, qtbot, engine, 1)
    _press(window, qtbot, "writeMore")
    assert engine.jobs[-1].settings["prompt_ids"] == (0, 2, 1)
    engine.answer(text_runs.prompted(0, 2, 1), *text_runs.wrote(4), text_runs.finished())
    assert page.shown.shown.text == " reda circle"
    assert len(page.texts) == 2


def test_a_text_that_has_ended_does_not_go_on(page, window, engine, qtbot):
    _write(window, qtbot, engine, 1, 0)
    assert not page.shown.more_button.isEnabled()
    assert page.shown.more_button.toolTip() == "The text has come to its end."


def test_a_stop_word_stays_away_when_the_text_is_looked_at(page, window, engine, qtbot):
    _press(window, qtbot, "generate")
    cut = Text("", details={"number": 0, **text_runs.view(4)})  # the token that brought the stop word
    engine.answer(text_runs.prompted(0, 1), *text_runs.wrote(2), cut, text_runs.finished())
    page.shown.tabs.setCurrentIndex(ATTENTION)
    engine.answer(*text_runs.examined(0, 1, 2, 4))
    assert page.shown.shown.text == "a red"
    assert page.shown.shown.perplexity == pytest.approx(2.0)  # of what was written, as before


def test_a_click_in_the_text_leaves_the_list_of_texts(page, window, engine, qtbot):
    page.form.editors["count"].show_value(2)
    _press(window, qtbot, "generate")
    engine.answer(text_runs.prompted(0, number=0), text_runs.prompted(0, number=1))
    engine.answer(*text_runs.wrote(1, number=0), text_runs.finished())
    assert page.shown.tabs.currentIndex() == TEXTS
    _click_token(qtbot, page, 1)
    assert page.shown.inspector.isVisible()
    assert "“a”" in page.shown.inspector.summary.text()


def test_a_failed_look_changes_nothing(page, window, engine, qtbot):
    _write(window, qtbot, engine, 1)
    shown = page.shown.shown
    _press(window, qtbot, "writeLook")
    engine.answer(Status("failed", "The text has {count} tokens.", values={"count": 99}))
    assert list(page.texts) == [shown]
    assert page.shown.shown is shown
    assert "99 tokens" in _told(window)
    _press(window, qtbot, "generate")
    assert "99 tokens" not in _told(window)


def test_stop_keeps_what_was_written(page, window, engine, qtbot):
    _press(window, qtbot, "generate")
    engine.answer(text_runs.prompted(0), *text_runs.wrote(1, 2))
    _press(window, qtbot, "stopGenerating")
    assert engine.cancelled == [engine.jobs[0].id]
    engine.answer(Status("cancelled"))
    assert page.shown.shown.text == "a red"
    assert page.shown.shown.state == "stopped"
    assert page.shown.more_button.isEnabled()


def test_a_failure_is_told_and_leaves_no_empty_text(page, window, engine, qtbot):
    _press(window, qtbot, "generate")
    engine.answer(text_runs.prompted())
    engine.answer(Status("failed", "The prompt has {count} tokens.", values={"count": 3}))
    assert "The prompt has 3 tokens." in _told(window)
    assert not len(page.texts)
    assert page.view.currentIndex() == 1  # the invitation


def test_attention_is_asked_for_when_it_is_looked_at(page, window, engine, qtbot):
    _write(window, qtbot, engine, 1, 4)
    view = page.shown
    view.tabs.setCurrentIndex(ATTENTION)
    job = engine.jobs[-1]
    assert (job.task, job.settings["text_ids"]) == ("examine_text", (0, 2, 1, 4))
    engine.answer(*text_runs.examined(0, 2, 1, 4))
    assert view.shown.attention.shape == (2, 2, 4, 4)
    assert view.shown.tokens[1].probability == 0.5  # the prompt's too are known now
    assert view.attention.layer.maximum() == 2
    assert view.attention.head.count() == 3
    _click_token(qtbot, page, 3)
    assert view.attention.weights(3).tolist() == [0.5, 0.0, 0.0, 0.5]  # the mean of both heads
    view.attention.head.setCurrentIndex(2)
    assert view.attention.weights(3).tolist() == [1.0, 0.0, 0.0, 0.0]
    count = len(engine.jobs)
    view.tabs.setCurrentIndex(TEXTS)
    view.tabs.setCurrentIndex(ATTENTION)
    assert len(engine.jobs) == count  # known already


def test_a_failed_look_is_not_asked_for_again_by_itself(page, window, engine, qtbot):
    _write(window, qtbot, engine, 1)
    page.shown.tabs.setCurrentIndex(ATTENTION)
    engine.answer(Status("failed", "No."))
    assert len(engine.jobs) == 2
    assert len(page.texts) == 1


def test_the_prompt_can_be_looked_at_alone(page, window, engine, qtbot):
    page.form.prompt.setPlainText("a red circle")
    _press(window, qtbot, "writeLook")
    (job,) = engine.jobs
    assert (job.task, job.settings["text"]) == ("examine_text", "a red circle")
    engine.answer(*text_runs.examined(0, 1, 2, 4))
    assert page.shown.shown.text == "a red circle"
    assert page.shown.shown.begins == 4
    assert page.shown.summary.text() == "4 tokens · perplexity 2.00"


def test_a_new_text_takes_the_place_of_one_that_grows(page, window, engine, qtbot):
    _press(window, qtbot, "generate")
    engine.answer(text_runs.prompted(0), *text_runs.wrote(1))
    old = engine.jobs[0]
    _press(window, qtbot, "generate")
    assert old.id in engine.cancelled
    engine.answer(*text_runs.wrote(2, 2), job=old)  # which comes too late
    engine.answer(text_runs.prompted(0), *text_runs.wrote(4), text_runs.finished())
    assert [text.text for text in page.texts] == ["a", " circle"]
    assert page.texts[0].state == "stopped"


def test_several_texts_come_side_by_side(page, window, engine, qtbot):
    page.form.editors["count"].show_value(2)
    _press(window, qtbot, "generate")
    engine.answer(text_runs.prompted(0, number=0), text_runs.prompted(0, number=1))
    engine.answer(*text_runs.wrote(1, number=0), *text_runs.wrote(2, number=1), *text_runs.wrote(4, number=0))
    engine.answer(Text("!", details={"number": 1}), text_runs.finished())
    assert [text.text for text in page.texts] == ["a circle", " red!"]
    assert page.shown.shown is page.texts[0]


def test_a_text_is_copied_and_saved(page, window, engine, qtbot, monkeypatch, tmp_path):
    _write(window, qtbot, engine, 1, 6)
    _press(window, qtbot, "writeCopy")
    assert QGuiApplication.clipboard().text() == " reda\n"
    monkeypatch.setattr("desktop_app.panels.generation_saving.ask_where", lambda *_: tmp_path / "文.txt")
    _press(window, qtbot, "writeSave")
    qtbot.waitUntil(lambda: "Saved" in _told(window))
    assert (tmp_path / "文.txt").read_bytes() == b" reda\n"


def test_dropped_files_become_prompt_or_model(page, window, engine, qtbot, tmp_path):
    (tmp_path / "prompt.txt").write_text("a blue square", encoding="utf-16")
    window._take_paths([tmp_path / "prompt.txt"])
    qtbot.waitUntil(lambda: page.form.prompt.toPlainText() == "a blue square")
    (tmp_path / "gpt2").mkdir()
    window._take_paths([tmp_path / "gpt2"])
    qtbot.waitUntil(lambda: page.form.model.value == str(tmp_path / "gpt2"))
    (tmp_path / "long.txt").write_text("a" * 100_000)
    window._take_paths([tmp_path / "long.txt"])
    qtbot.waitUntil(lambda: "too long for a prompt" in _told(window))


def test_a_trained_run_is_written_with(page, window, engine, qtbot, workspace):
    other = text_runs.make_text_run(workspace, "other")
    window.store.refresh()
    qtbot.waitUntil(lambda: window.store.row(other.id) is not None)
    window.panels["generation"].show_page("draw")
    window._hand_over("generation", other.id)
    assert window.panel.page is page
    assert page.form.model.value == other.id


def test_all_texts_are_forgotten(page, window, engine, qtbot):
    _write(window, qtbot, engine, 1)
    page.shown.tabs.setCurrentIndex(TEXTS)
    _press(window, qtbot, "writeClear")
    assert not len(page.texts)
    assert page.view.currentIndex() == 1


def test_a_job_of_another_page_ends_the_writing(page, window, engine, qtbot, workspace):
    run = gan_runs.make_gan_run(workspace)
    window.store.refresh()
    panel = window.panels["generation"]
    _press(window, qtbot, "generate")
    engine.answer(text_runs.prompted(0), *text_runs.wrote(1))
    panel.show_page("draw")
    qtbot.waitUntil(lambda: panel.runs.run is not None and panel.runs.run.id == run.id)
    _press(window, qtbot, "generate")
    assert engine.jobs[-1].task == "generate"
    panel.show_page("write")
    assert page.texts[0].state == "stopped"
    assert page.shown.more_button.isEnabled()


def test_what_was_held_back_to_the_end_is_shown(page, window, engine, qtbot):
    _press(window, qtbot, "generate")
    held_back = Text("", details={"number": 0, **text_runs.view(2)})
    engine.answer(text_runs.prompted(0, 1), held_back)
    engine.answer(Text(" red", details={"number": 0}), text_runs.finished())
    assert page.shown.shown.text == "a red"
    assert page.shown.text.toPlainText() == "■ a red"


def test_positions_hold_behind_every_sign(page, qtbot):
    pieces = ["\ufeff", "👋", "e\u0301", "\r\n", "\t", "", "好", "\ufffe", "end"]
    text = page.shown.text
    text.show_tokens(pieces, [0.0] * len(pieces), shade="warning")
    start, end = text.span(8)
    assert text.toPlainText().encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le") == "end"
    assert [text.place_at(text.span(place)[0]) for place in (1, 2, 3, 4, 6, 7, 8)] == [1, 2, 3, 4, 6, 7, 8]


def test_a_long_text_in_one_bundle_holds_up_nothing(page, window, engine, qtbot):
    _press(window, qtbot, "generate")
    engine.answer(text_runs.prompted(0))
    tokens = text_runs.wrote(*[1, 2, 4] * 1000)
    began = time.thread_time()
    engine.answer(*tokens, text_runs.finished())
    assert time.thread_time() - began < 2  # it took 20 s while each token looked at all others
    assert page.shown.text.count == 3001


def test_only_the_oldest_texts_are_forgotten(page, window, engine, qtbot, monkeypatch):
    monkeypatch.setattr("desktop_app.written_texts.MOST_TOKENS", 10)
    for _ in range(4):
        _write(window, qtbot, engine, 1, 4)  # four tokens each
    assert len(page.texts) == 3  # two from before, and the one written last
    assert page.shown.shown is page.texts[-1]
    assert page.shown.tree.list.currentItem() is not None


def test_the_attention_of_few_texts_is_kept(page, window, engine, qtbot, monkeypatch):
    monkeypatch.setattr("desktop_app.written_texts.MOST_LOOKED_AT", 2)
    page.shown.tabs.setCurrentIndex(ATTENTION)
    for _ in range(3):
        _write(window, qtbot, engine, 1, 4)
        engine.answer(*text_runs.examined(0, 2, 1, 4))
    assert [text.attention is not None for text in page.texts] == [False, True, True]


def test_a_run_that_is_gone_is_not_chosen_again(qtbot, workspace, preferences):
    from desktop_app.app import make_window

    preferences.set("writing_model", "20200101-000000-gpt2-gone")
    window = make_window(workspace, preferences)
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.painted, timeout=10_000):
        window.show()
    page = window.panels["generation"].pages["write"]
    with qtbot.waitSignal(window.store.runs_changed):
        window.store.refresh()
    assert page.form.model.value == ""
    window.close()


@pytest.mark.parametrize("name", ["A red square. A blue circle.", ".hidden", "..."])
def test_a_saved_text_is_a_text_file(page, window, engine, qtbot, monkeypatch, tmp_path, name):
    asked = []
    monkeypatch.setattr("desktop_app.panels.generation_saving.ask_where", lambda *words: asked.append(words[2]))
    window.panels["generation"].saving.save_text("a", name)
    assert "." not in asked[0].name
    assert asked[0].name
