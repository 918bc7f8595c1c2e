"""A report is an extra: whatever goes wrong with it, what the evaluation found stays."""

from pathlib import Path

import pytest

from core.context import Context
from core.errors import UserError
from core.jobs import Job
from core.reports.with_report import with_report
from core.runs.run import Workspace


@pytest.fixture
def context(tmp_path):
    return Context(Job(task="evaluate"), Workspace(tmp_path))


def failing(error):
    def write() -> Path:
        raise error

    return write


@pytest.mark.parametrize(
    "error",
    [ValueError("Axis limits cannot be NaN"), KeyError("epoch"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no")],
)
def test_a_report_that_cannot_be_drawn_costs_no_result(context, error):
    found = with_report({"count": 3}, failing(error), context)
    assert (found["count"], found["report"]) == (3, "")
    assert found["error"].startswith(f"The report can't be drawn: {type(error).__name__}: ")


def test_a_report_that_cannot_be_written_says_why(context):
    found = with_report({"count": 3}, failing(UserError("The disk is full.")), context)
    assert found == {"count": 3, "report": "", "error": "The disk is full."}


def test_a_report_is_named(context, tmp_path):
    assert with_report({}, lambda: tmp_path / "report.html", context) == {"report": str(tmp_path / "report.html")}
