"""What a score does not tell is said beside it, by training and evaluation alike."""

from pathlib import Path

import numpy as np
import pytest
from in_process import BACKEND, do
from PIL import Image

from core.evaluation.caveats import of_known, of_untested
from core.events import Log
from core.jobs import Job
from core.runs.run import Workspace


def draw(folder, counts):
    rng = np.random.default_rng(0)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(folder / name / f"{number}.png")
    return folder


def train(folder, data):
    workspace = Workspace(folder)
    settings = {"size": "tiny", "epochs": 1, "data": str(data)}
    run = workspace.create_run(Job(task="train", model="cnn", settings=settings, backend=BACKEND))[0]
    ending, events = do(workspace, "train", run=run)
    assert ending.state == "finished", ending.trace
    return workspace, run, ending.result, events


def said(events):
    return {event.message for event in events if isinstance(event, Log) and event.level == "warning"}


def test_classes_that_are_never_tested_are_named_beside_every_score(tmp_path):
    """Three classes of one picture have none to spare for the test."""
    data = draw(tmp_path / "data", {"cats": 40, "dogs": 40, "emu": 1, "fox": 1, "gnu": 1})
    workspace, run, result, events = train(tmp_path / "workspace", data)
    (caveat,) = result["caveats"]
    assert caveat["values"] == {"count": 3, "total": 5, "classes": "'emu', 'fox', 'gnu'"}
    assert caveat["message"] in said(events)
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    assert ending.result["caveats"] == [caveat]
    assert (
        "does not tell how well they are recognised: &#39;emu&#39;, &#39;fox&#39;, &#39;gnu&#39;."
        in Path(ending.result["report"]).read_text()
    )


def test_a_class_only_in_test_is_told_by_train_too(tmp_path):
    data = draw(
        tmp_path / "data", {"train/cats": 20, "train/dogs": 20, "test/cats": 10, "test/dogs": 10, "test/emu": 4}
    )
    _, _, result, events = train(tmp_path / "workspace", data)
    (caveat,) = result["caveats"]
    assert (caveat["message"], caveat["values"]) == (
        "No training picture shows these classes, so the model can't recognise them: {classes}.",
        {"classes": "'emu'"},
    )
    assert caveat["message"] in said(events)


def test_classes_that_other_data_lack_are_named_too(tmp_path):
    data = draw(tmp_path / "data", {"cats": 20, "dogs": 20})
    workspace, run, result, _ = train(tmp_path / "workspace", data)
    assert result["caveats"] == []
    other = draw(tmp_path / "other", {"cats": 2, "dogs": 0})
    for number in range(3):
        Image.new("L", (8, 8), 50 * number).save(other / "cats" / f"new{number}.png")
    ending, _ = do(workspace, "evaluate", {"run": run.id, "data": str(other)})
    messages = [row["message"] for row in ending.result["caveats"]]
    assert any(message.startswith("1 of {total} classes has no test picture") for message in messages)
    assert ending.result["caveats"][-1]["values"] == {"total": 2, "classes": "'dogs'"}


@pytest.mark.parametrize(("counts", "told"), [((0, 0, 5), None), ((3, 1, 5), "4 of 5"), ((4, 1, 5), "All 5")])
def test_known_pictures_are_counted(counts, told):
    sentences = [log.message.format(**log.values) for log in of_known(*counts)]
    assert [sentence[: len(told)] for sentence in sentences] == ([told] if told else [])


def test_nothing_is_said_where_there_is_nothing_to_say():
    assert of_untested(("a", "b"), (1, 2)) == []
