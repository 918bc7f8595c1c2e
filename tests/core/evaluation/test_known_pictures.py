"""What `evaluate --data` makes of pictures that the run knows: by content, wherever they lie."""

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from in_process import BACKEND, do
from PIL import Image

from core.jobs import Job
from core.runs.run import Run, Workspace
from core.runs.seen import read_seen

SETTINGS = {"size": "tiny", "epochs": 40, "lr": 0.01, "batch_size": 16, "keep": "last", "crop": 0.0}
COUNT = 60  # of each class: noise, so that a label can only be known by heart


def draw(folder, names, seed=0):
    rng = np.random.default_rng(seed)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(path)
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run that has learnt noise by heart, and the folder with it."""
    folder = tmp_path_factory.mktemp("known")
    data = draw(folder / "data", [f"{name}/{number:03}.png" for name in "ab" for number in range(COUNT)])
    workspace = Workspace(folder / "workspace")
    job = Job(task="train", model="cnn", settings={**SETTINGS, "data": str(data)}, backend=BACKEND, seed=3)
    run = workspace.create_run(job)[0]
    ending, _ = do(workspace, "train", run=run)
    assert ending.state == "finished", ending.trace
    return workspace, run, data, ending.result


def scored(workspace, run, data):
    ending, _ = do(workspace, "evaluate", {"run": run.id, "data": str(data)}, seed=0)
    assert ending.state == "finished", ending.trace
    return ending.result


def test_the_runs_own_pictures_at_another_place_are_scored_by_its_own_test_split(trained, tmp_path):
    workspace, run, data, own = trained
    result = scored(workspace, run, shutil.copytree(data, tmp_path / "moved"))
    assert result["count"] == own["counts"]["test"] == 24
    for name in ("test_accuracy", "test_loss", "ece"):
        assert result["metrics"][name] == pytest.approx(own["metrics"][name], rel=1e-4)
    assert result["seen"] == {"train": 84, "validation": 12, "unseen": 24}
    (caveat,) = result["caveats"]
    assert caveat["message"].startswith("'{data}' holds what the run was trained on")
    assert "holds what the run was trained on" in Path(result["report"]).read_text(encoding="utf-8")


def test_known_pictures_among_others_are_scored_apart(trained, tmp_path):
    workspace, run, data, own = trained
    moved = shutil.copytree(data, tmp_path / "moved")
    draw(moved, ["a/new1.png", "b/new2.png", "b/new3.png"], seed=9)
    result = scored(workspace, run, moved)
    assert result["seen"] == {"train": 84, "validation": 12, "unseen": 27}
    assert result["count"] == sum(row["count"] for row in result["classes"]) == 27
    metrics = result["metrics"]
    assert metrics["known_accuracy"] > metrics["test_accuracy_high"]  # 96 pictures, of which 84 are known by heart
    right = own["metrics"]["test_accuracy"] * 24
    assert right - 1e-6 <= metrics["test_accuracy"] * 27 <= right + 3 + 1e-6
    (caveat,) = result["caveats"]
    assert caveat["values"] == {"known": 96, "count": 123, "train": 84, "validation": 12}
    page = Path(result["report"]).read_text(encoding="utf-8")
    assert "96 of 123 pictures are known from training (84) or validation (12)" in page
    assert f"{100 * metrics['known_accuracy']:.2f} %" in page


def test_a_score_over_known_pictures_alone_is_not_called_a_test(trained, tmp_path):
    workspace, run, data, _ = trained
    for name in "ab":
        (tmp_path / "some" / name).mkdir(parents=True)
    seen = read_seen(run)
    known = {path: seen.places(digest_of_file(path))[0][0] for path in sorted(data.rglob("*.png"))}
    for number, path in enumerate(path for path, trained_on in known.items() if trained_on):
        shutil.copy(path, tmp_path / "some" / path.parent.name / f"{number}.png")  # under another name
    result = scored(workspace, run, tmp_path / "some")
    assert result["count"] == result["seen"]["train"] == 84
    assert "test_accuracy" not in result["metrics"]
    assert result["metrics"]["known_accuracy"] > 0.7
    assert "this is no score on new pictures" in result["caveats"][0]["message"]
    assert "accuracy on known pictures" in Path(result["report"]).read_text(encoding="utf-8")


def digest_of_file(path):
    from core.data.decode import decode
    from core.data.digests import digest_of

    return np.array([digest_of(decode(path))], np.uint64)


def test_what_was_seen_is_kept_in_little_room_and_checked(trained, tmp_path):
    run = Run(shutil.copytree(trained[1].folder, tmp_path / "run"))
    assert {path.name: path.stat().st_size for path in run.seen.glob("*.u64")} == {
        "train.u64": 84 * 8,
        "validation.u64": 12 * 8,
    }
    content = bytearray((run.seen / "train.u64").read_bytes())
    content[5] ^= 1
    (run.seen / "train.u64").write_bytes(content)
    assert read_seen(run) is None


def earlier(trained, folder):
    """Returns the run as an earlier version would have left it."""
    workspace = Workspace(folder / "workspace")
    run = Run(shutil.copytree(trained[1].folder, workspace.runs_folder / trained[1].id))
    shutil.rmtree(run.seen)
    return workspace, run


@contextmanager
def gone(data):
    """Has the data be somewhere else."""
    elsewhere = data.rename(data.with_name("elsewhere"))
    try:
        yield elsewhere
    finally:
        elsewhere.rename(data)


def test_of_a_run_of_an_earlier_version_its_own_data_tell_what_was_seen(trained, tmp_path):
    workspace, run = earlier(trained, tmp_path)
    moved = draw(shutil.copytree(trained[2], tmp_path / "moved"), ["a/new.png"], seed=9)
    assert scored(workspace, run, moved)["seen"] == {"train": 84, "validation": 12, "unseen": 25}
    assert not run.seen.exists()  # reading writes nothing


def test_where_nothing_tells_what_was_seen_it_is_said(trained, tmp_path):
    workspace, run = earlier(trained, tmp_path)
    moved = draw(shutil.copytree(trained[2], tmp_path / "moved"), ["a/new.png"], seed=9)
    with gone(trained[2]):
        result = scored(workspace, run, moved)
    assert (result["count"], result["seen"]) == (121, None)
    assert result["caveats"][0]["message"].startswith("It is not known which of these were seen in training")
    assert json.loads(json.dumps(result)) == result


def test_a_run_of_an_earlier_version_is_known_by_its_moved_data(trained, tmp_path):
    workspace, run = earlier(trained, tmp_path)
    with gone(trained[2]) as moved:
        result = scored(workspace, run, moved)
    assert (result["count"], result["seen"]["unseen"]) == (24, 24)


def test_the_data_being_gone_is_told_with_what_to_do(trained):
    workspace, run, data, _ = trained
    with gone(data):
        ending, _ = do(workspace, "evaluate", {"run": run.id})
    assert ending.state == "failed"
    assert ending.message.startswith("The data of the run '{run}' are no longer at '{data}'")
