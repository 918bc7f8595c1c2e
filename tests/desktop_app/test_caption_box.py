from __future__ import annotations

import pytest

from core.jobs import Job
from desktop_app.store import RunRow
from desktop_app.widgets.caption_box import CaptionBox


@pytest.fixture
def caption(workspace):
    """The caption of a run with a long name."""
    job = Job(task="train", model="dcgan", settings={"data": "digits"}, name="A name that is far too long for any box")
    run, _ = workspace.create_run(job)
    return RunRow(run, run.update(created="2026-11-26T15:04:05")).caption


@pytest.fixture
def box(qtbot, caption):
    """A shown box with that caption."""
    made = CaptionBox()
    qtbot.addWidget(made)
    made.addItem(caption)
    made.resize(280, made.sizeHint().height())
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_a_narrow_box_shortens_the_name_and_keeps_the_date(box, caption):
    assert box.currentText() == caption
    assert box.shown_text().startswith("A name")
    assert box.shown_text().endswith("… · digits · 2026-11-26 15:04")
    assert box.fontMetrics().horizontalAdvance(box.shown_text()) < 280


def test_a_wide_box_shows_it_all(box, caption):
    box.resize(700, box.height())
    assert box.shown_text() == caption


def test_a_box_with_nothing_chosen_can_be_drawn(box):
    box.setCurrentIndex(-1)
    assert not box.grab().isNull()
