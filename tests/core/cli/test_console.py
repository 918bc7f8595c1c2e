import pytest

from core.cli.console import ConsoleListener
from core.engine.phases import PHASES, phase_text
from core.events import Metric, Progress


@pytest.fixture
def told(capsys):
    """Tells a listener of events; returns the lines that it writes where no terminal is."""

    def tell(*events):
        with ConsoleListener() as listener:
            for event in events:
                listener(event)
        said = capsys.readouterr()
        assert said.out == ""
        return said.err.splitlines()

    return tell


def test_numbers_that_are_not_there_are_left_out(told):
    values = {"loss": 0.5, "fid": float("nan"), "kid": float("nan"), "fid_floor": 2.0}
    assert told(Metric(step=9, epoch=5, values=values, per="epoch")) == ["epoch 5  loss 0.5  fid_floor 2"]


def test_phases_are_told_in_words(told):
    assert told(
        Progress("import", detail="JAX"),
        Progress("decode", 1, 1797, "pictures"),
        Progress("judge", detail="epoch 5 of 15"),
        Progress("train", 64, 12800, "samples", 10.0, detail="epoch 1 of 3"),
        Progress("report"),
    ) == [
        "Loading JAX",
        "Reading pictures, 1 of 1,797",
        "Training the feature extractor: epoch 5 of 15",
        "Training: epoch 1 of 3, 64 of 12,800",
        "Writing the report",
    ]


def test_a_phase_without_words_is_told_by_its_key():
    assert phase_text(Progress("polish")) == "Polish"
    assert "polish" not in PHASES
