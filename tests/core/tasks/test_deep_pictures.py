"""Classifiers of pictures of more than 8 bits: handwritten digits as a camera, a microscope or a scanner gives them."""

import json
import shutil

import numpy as np
import pytest
from in_process import BACKEND, do
from picture_bytes import tiff
from PIL import Image
from sklearn.datasets import load_digits

from core.events import Log
from core.jobs import Job
from core.models.shared.saved import load_model
from core.runs.run import Run, Workspace

SEEDS = range(5)
WITHIN = 0.04
HOT = 65535
NODATA = -9999.0


def as_counts(dtype, low, high):
    return lambda picture, random: np.rint(low + picture * (high - low)).astype(dtype)


def with_hot_pixels(picture, random):
    values = as_counts(np.uint16, 150, 400)(picture, random)
    values[tuple(random.integers(0, 24, (2, 2)))] = HOT
    return values


def with_nodata(picture, random):
    values = (picture * 37.5).astype(np.float32)
    values[:, :3], values[:2] = NODATA, np.nan
    return values


SETS = {
    "12 bits in 16": as_counts(np.uint16, 0, 4095),
    "dim": as_counts(np.uint16, 150, 400),
    "dim, with hot pixels": with_hot_pixels,
    "float above 1": lambda picture, random: (picture * 1.2).astype(np.float32),
    "float of any unit, with nodata": with_nodata,
    "CT": as_counts(np.int16, -1000, 1000),
    "white is zero": as_counts(np.uint16, 4095, 0),
}


def write_digits(folder, store=None, each=40):
    """Writes digits of 24 x 24 px, as 8-bit PNG or as TIFF of what `store` makes of a picture in [0, 1]."""
    random = np.random.default_rng(0)
    digits = load_digits()
    for label in range(10):
        (folder / str(label)).mkdir(parents=True)
        for number, place in enumerate(np.flatnonzero(digits.target == label)[:each]):
            small = Image.fromarray((digits.images[place] * 15.9).astype(np.uint8))
            picture = np.asarray(small.resize((24, 24), Image.Resampling.BICUBIC)) / 255
            if store is None:
                Image.fromarray(np.rint(picture * 255).astype(np.uint8)).save(folder / str(label) / f"{number}.png")
            else:
                options = {"photometric": "miniswhite"} if store is SETS["white is zero"] else {}
                (folder / str(label) / f"{number}.tif").write_bytes(tiff(store(picture, random), **options))
    return folder


def train(workspace, folder, seed=0, **changes):
    settings = {"data": str(folder), "size": "tiny", "epochs": 12, "lr": 0.004, "test_share": 0.3, **changes}
    run, _ = workspace.create_run(Job(task="train", model="cnn", settings=settings, backend=BACKEND, seed=seed))
    ending, events = do(workspace, "train", {}, run=run)
    assert ending.state == "finished", ending.trace
    return run, ending.result, [event for event in events if isinstance(event, Log)]


@pytest.fixture(scope="module")
def dim(tmp_path_factory):
    """A run that was trained on dim pictures."""
    folder = tmp_path_factory.mktemp("dim")
    workspace = Workspace(folder / "workspace")
    pictures = write_digits(folder / "digits", SETS["dim"], each=25)
    return workspace, pictures, *train(workspace, pictures, epochs=4)


def labels_of(workspace, run, pictures):
    ending, events = do(workspace, "classify", {"run": run.id, "paths": (str(pictures),)})
    assert ending.state == "finished", ending.trace
    said = [event.message for event in events if isinstance(event, Log)]
    return {row["path"]: row["label"] for row in ending.result["results"]}, said


def right(labels):
    return np.mean([path.split("/")[-2] == label for path, label in labels.items()])


def test_what_was_taken_is_said_and_kept_with_the_run_and_the_model(dim):
    _, _, run, _, logs = dim
    assert sum("250 of 250 pictures have more than 8 bits" in log.message.format(**log.values) for log in logs) == 1
    low, high = run.record().dataset["reading"].split("..")
    assert (150 <= int(low) < 160, 390 < float(high) <= 400) == (True, True)
    _, description = load_model(run.model_folder)
    assert description.reads == run.record().dataset["reading"]
    assert description.settings["intensity"] == "auto"


def test_all_that_use_the_run_read_as_it_did(dim, tmp_path):
    workspace, pictures, run, result, _ = dim
    labels, said = labels_of(workspace, run, pictures)
    assert right(labels) > 0.7
    assert said == []
    own, _ = do(workspace, "evaluate", {"run": run.id})
    assert own.result["metrics"]["test_accuracy"] == pytest.approx(result["metrics"]["test_accuracy"])
    few = write_digits(tmp_path / "few", SETS["dim"], each=40)  # of which alone another range would be found
    for file in few.rglob("*.tif"):
        if int(file.parent.name) > 1 or int(file.stem) < 25:  # others than the run knows
            file.unlink()
    labels, _ = labels_of(workspace, run, few)
    other, _ = do(workspace, "evaluate", {"run": run.id, "data": str(few)})
    assert len(labels) == other.result["count"] == 30
    assert other.result["metrics"]["test_accuracy"] == pytest.approx(right(labels))


def test_a_checkpoint_reads_as_its_run_did(dim, tmp_path):
    workspace, pictures, run, _, _ = dim
    there = Workspace(tmp_path / "there")
    copy = Run(shutil.copytree(run.folder, there.runs_folder / run.id))
    shutil.rmtree(copy.model_folder)
    assert labels_of(there, copy, pictures)[0] == labels_of(workspace, run, pictures)[0]


def test_pictures_of_more_bits_are_told_of_where_the_run_has_seen_8(tmp_path, dim):
    workspace, pictures, *_ = dim
    run, _, logs = train(workspace, write_digits(tmp_path / "eight", each=8), epochs=1)
    assert not any("8 bits" in log.message for log in logs)
    assert "reading" not in run.record().dataset
    _, said = labels_of(workspace, run, pictures / "0")
    assert [message for message in said if "the run has learnt from pictures of 8" in message]


def test_pictures_of_another_range_than_the_runs_are_told_of(tmp_path, dim):
    workspace, _, run, _, _ = dim
    others = write_digits(tmp_path / "others", as_counts(np.uint16, 30000, 60000), each=1)
    _, said = labels_of(workspace, run, others)
    assert any("More than half of the values of {count} pictures lie outside" in message for message in said)


def test_an_old_run_reads_as_it_was_trained_and_goes_on(tmp_path, dim):
    workspace, pictures, *_ = dim
    run, _, logs = train(workspace, pictures, epochs=1, intensity="picture")
    assert any("as earlier versions did" in log.message for log in logs)
    record = json.loads(run.record_path.read_text())
    del record["job"]["settings"]["intensity"]  # as it was written then
    record["job"]["format"], record["status"] = 1, "stopped"
    record["job"]["settings"]["epochs"] = 2
    run.record_path.write_text(json.dumps(record))
    assert run.record().job.settings["intensity"] == "picture"
    ending, _ = do(workspace, None, run=run)
    assert ending.state == "finished", ending
    assert load_model(run.model_folder)[1].reads == "picture"


@pytest.fixture(scope="module")
def at_8_bits(tmp_path_factory):
    """The test accuracy of each seed on the same pictures at 8 bits."""
    folder = tmp_path_factory.mktemp("eight")
    workspace = Workspace(folder / "workspace")
    pictures = write_digits(folder / "digits")
    return [train(workspace, pictures, seed)[1]["metrics"]["test_accuracy"] for seed in SEEDS]


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_a_classifier_learns_as_it_does_from_8_bits(tmp_path, at_8_bits, name):
    workspace = Workspace(tmp_path / "workspace")
    pictures = write_digits(tmp_path / "digits", SETS[name])
    found = [train(workspace, pictures, seed)[1]["metrics"]["test_accuracy"] for seed in SEEDS]
    print(f"{name}: {np.mean(found):.3f}, at 8 bits {np.mean(at_8_bits):.3f}, by seed {np.round(found, 3).tolist()}")
    assert np.mean(found) > np.mean(at_8_bits) - WITHIN
    assert np.mean(at_8_bits) > 0.85


@pytest.mark.slow
def test_scaled_one_by_one_a_hot_pixel_would_spoil_it(tmp_path, at_8_bits):
    workspace = Workspace(tmp_path / "workspace")
    pictures = write_digits(tmp_path / "digits", with_hot_pixels)
    _, result, _ = train(workspace, pictures, intensity="picture")
    print(f"scaled one by one: {result['metrics']['test_accuracy']:.3f}")
    assert result["metrics"]["test_accuracy"] < np.mean(at_8_bits) - 0.3
