"""A GPT-2 by clicks, with real engines: train it, write, look at a token, branch off, look at its attention, stop."""

from __future__ import annotations

import sys
import time

import pytest
from lateness import Lateness
from window_steps import PATIENCE_MS, click, wait

from core.jobs import Job, installed_backends
from desktop_app.panels.generation_write_view import ATTENTION, TEXTS

HEAVY = ("keras", "tensorflow", "jax", "torch", "tokenizers")
SETTINGS = {"data": "shapes", "size": "tiny", "count": 400, "epochs": 2, "batch_size": 16, "vocabulary": 512}


def _train(qtbot, window, backend: str):
    """Trains a small GPT-2 on built-in sentences, and shows the page that writes with it."""
    handle = window.engines.start(Job(task="train", model="gpt2", settings=SETTINGS, backend=backend))
    with qtbot.waitSignal(handle.ended, timeout=PATIENCE_MS) as ended:
        pass
    assert ended.args[0].state == "finished", ended.args[0].message
    window.store.refresh()
    panel = window.panels["generation"]
    page = panel.pages["write"]
    wait(qtbot, window, lambda: bool(page.form.model.value))
    window.show_panel("generation")
    panel.show_page("write")
    return panel, page


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_write_look_branch_off_and_see_what_heads_attend_to(window, qtbot):
    before = set(sys.modules)
    panel, page = _train(qtbot, window, "tensorflow")

    # Write: the text is seen growing.
    page.form.prompt.setPlainText("a red")
    page.form.editors["max_tokens"].show_value(40)
    lengths: set[int] = set()
    click(qtbot, window, "generate")
    wait(qtbot, window, lambda: lengths.add(page.shown.text.count) or (page.texts and not panel.jobs.busy))
    first = page.shown.shown
    assert first.text.startswith("a red")
    assert first.written > 1
    assert len(lengths) > 2

    # What else might have come; the text goes on from there.
    page.shown.look_at(first.begins)
    alternatives = page.shown.inspector.alternatives
    assert alternatives.count() == 20
    other = next(place for place, choice in enumerate(alternatives.choices()) if not choice.written)
    alternatives.setCurrentRow(other)
    click(qtbot, window, "writeBranch")
    wait(qtbot, window, lambda: len(page.texts) == 2 and not panel.jobs.busy)
    branch = page.shown.shown
    assert branch.parent is first
    assert branch.ids[: first.begins] == first.ids[: first.begins]
    assert branch.tokens[first.begins].token == first.tokens[first.begins].alternatives[other].token

    # What each head attends to: every row is shared out among the tokens before.
    page.shown.tabs.setCurrentIndex(ATTENTION)
    wait(qtbot, window, lambda: branch.attention is not None and not panel.jobs.busy)
    count = len(branch.tokens)
    assert branch.attention.shape == (2, 2, count, count)
    assert abs(branch.attention.sum(axis=-1, dtype=float) - 255).max() < 25  # a byte a weight, each rounded
    assert branch.tokens[1].probability is not None  # the prompt's tokens too are known now

    page.shown.tabs.setCurrentIndex(TEXTS)
    assert page.shown.tree.list.topLevelItem(0).childCount() == 1
    assert not {name.partition(".")[0] for name in sys.modules.keys() - before} & set(HEAVY)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", installed_backends())
def test_writing_never_holds_up_the_window_and_stops_at_any_token(window, qtbot, backend):
    panel, page = _train(qtbot, window, backend)
    page.form.editors["max_tokens"].show_value(40)
    meter = Lateness(window)
    click(qtbot, window, "generate")
    wait(qtbot, window, lambda: page.texts and not panel.jobs.busy)
    page.form.editors["count"].show_value(1000)
    click(qtbot, window, "generate")
    wait(qtbot, window, lambda: len(page.texts) > 40 and page.texts[-1].written > 2)
    began = time.perf_counter()
    click(qtbot, window, "stopGenerating")
    answered = time.perf_counter() - began
    wait(qtbot, window, lambda: not panel.jobs.busy)
    stopped = time.perf_counter() - began
    meter.stop()
    print(f"{backend}: {meter.report()}; Stop answered in {1000 * answered:.1f} ms, ended in {stopped:.2f} s")
    assert page.texts[-1].state == "stopped"
    assert page.texts[-1].written < 38
    assert stopped < 5
    assert meter.p99_ms() <= 20
    assert meter.worst_ms() <= 100
