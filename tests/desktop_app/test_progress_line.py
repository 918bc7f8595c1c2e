from __future__ import annotations

import pytest

from core.events import Progress
from desktop_app.translation import translator
from desktop_app.widgets.progress_line import ProgressLine, rate_text

SEARCH = Progress("inpaint", 30, 100, "steps", 171_506.5, 12.0)


@pytest.fixture
def line(qtbot):
    """A shown line, as wide as the left side of a panel."""
    made = ProgressLine()
    qtbot.addWidget(made)
    made.resize(306, 40)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_what_is_done_can_be_read_and_the_speed_gives_way(line, qtbot):
    line.show_progress(SEARCH)
    qtbot.waitUntil(lambda: line.phase.shown_text() == "Searching for what fits the hole")
    assert line.numbers.text() == "12 s left"
    assert line.phase.toolTip() == ""
    line.resize(600, 40)
    assert line.numbers.text() == "171,506 a second · 12 s left"


def test_a_text_without_room_ends_in_an_ellipsis_and_is_told_whole(line, qtbot):
    line.rest("A sentence that is far too long for the narrow left side of a panel.")
    qtbot.waitUntil(lambda: line.phase.shown_text().endswith("…"))
    assert line.phase.toolTip() == line.phase.text()
    assert line.phase.width() <= 306
    line.resize(700, 40)
    qtbot.waitUntil(lambda: line.phase.shown_text() == line.phase.text())
    assert line.phase.toolTip() == ""


@pytest.mark.parametrize(("rate", "text"), [(3.25, "3.2 a second"), (99.96, "100.0 a second"), (171.4, "171 a second")])
def test_decimals_are_told_of_small_speeds_only(qapp, rate, text):
    translator().set_language("en")
    assert rate_text(Progress("inpaint", 1, 2, "steps", rate)) == text
