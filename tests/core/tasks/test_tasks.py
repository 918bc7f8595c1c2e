"""From a job to a trained, scored and used model, on the embedded digits."""

import csv
import json
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from in_process import BACKEND, do
from PIL import Image

from core.errors import UserError
from core.events import Images, Log, Metric, Status
from core.jobs import Job
from core.runs.interval import wilson_interval
from core.runs.run import Run, Workspace
from core.training.loop.loop import Loop

SETTINGS = {"size": "tiny", "epochs": 4, "lr": 0.005}


def copied(run, folder):
    """Returns a workspace whose run, the second returned, holds what that one does."""
    workspace = Workspace(folder)
    return workspace, Run(shutil.copytree(run.folder, workspace.runs_folder / run.id))


def queue(workspace, model="cnn", **settings):
    return workspace.create_run(Job(task="train", model=model, settings={**SETTINGS, **settings}, backend=BACKEND))[0]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    run = queue(workspace)
    ending, events = do(workspace, "train", {}, run=run)
    assert ending.state == "finished", ending.trace
    return workspace, run, ending.result, events


def test_a_training_ends_with_a_model_and_an_honest_score(trained):
    _, run, result, events = trained
    assert set(result) >= {"run", "metrics", "epochs", "samples_per_s", "train_s", "classes"}
    assert result["run"] == run.id
    assert result["epochs"] == 4
    assert result["metrics"]["test_accuracy"] > 0.7
    assert result["samples_per_s"] > 0
    assert result["leaks"] == 0
    record = run.record()
    assert record.status == "done"
    assert record.result == json.loads(json.dumps(result))
    assert sum(record.dataset["counts"].values()) == 1797
    assert {"keras", "python", BACKEND} <= set(record.versions)
    assert isinstance(events[-1], Status)


def test_classes_that_cannot_be_learnt_or_scored_are_told_before_the_first_step_and_in_the_result(tmp_path):
    """Four classes in given splits: one only to test with, one only to train on, and one that is empty."""
    rng = np.random.default_rng(0)
    for folder, count in {"train/a": 6, "train/b": 6, "train/c": 6, "test/a": 3, "test/b": 3, "test/d": 3}.items():
        (tmp_path / "data" / folder).mkdir(parents=True)
        for number in range(count):
            picture = rng.integers(0, 256, (8, 8, 3), np.uint8)
            Image.fromarray(picture).save(tmp_path / "data" / folder / f"{number}.png")
    (tmp_path / "data" / "train" / "e").mkdir()
    workspace = Workspace(tmp_path / "workspace")
    ending, events = do(workspace, "train", {}, run=queue(workspace, data=str(tmp_path / "data"), epochs=1))
    assert ending.result["unseen_classes"] == {"untrained": ["d"], "untested": ["c"], "empty": ["e"]}
    first_step = next(place for place, event in enumerate(events) if isinstance(event, Metric))
    said = [(event.message, event.values) for event in events[:first_step] if isinstance(event, Log)]
    for beginning, values in (
        ("No picture lies", {"folders": "'e'"}),
        ("No training picture shows these classes", {"classes": "'d'"}),
        ("1 of {total} classes has no test picture", {"total": 4, "classes": "'c'"}),
    ):
        assert any(message.startswith(beginning) and found == values for message, found in said)


def test_the_run_folder_holds_what_it_should(trained):
    _, run, _, _ = trained
    names = {path.name for path in run.folder.iterdir()}
    assert {"run.json", "history.csv", "metrics.jsonl", "checkpoints", "model"} <= names
    model = {path.name for path in run.model_folder.iterdir()}
    assert model == {"manifest.json", "model.json", "model.keras", "weights.safetensors"}


def test_evaluation_repeats_the_test_score(trained):
    workspace, run, result, _ = trained
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    assert ending.state == "finished", ending.trace
    scored = ending.result
    assert scored["metrics"]["test_accuracy"] == pytest.approx(result["metrics"]["test_accuracy"])
    assert scored["metrics"]["test_loss"] == pytest.approx(result["metrics"]["test_loss"], rel=1e-4)
    assert 0 <= scored["metrics"]["ece"] < 0.5
    shared = {"test_accuracy", "test_accuracy_low", "test_accuracy_high", "test_loss", "ece"}
    assert set(scored["metrics"]) == shared == {name for name in result["metrics"] if "validation" not in name}
    assert wilson_interval(scored["metrics"]["test_accuracy"], 359) == (
        scored["metrics"]["test_accuracy_low"],
        scored["metrics"]["test_accuracy_high"],
    )
    matrix = np.array(scored["confusion"])
    assert matrix.sum() == scored["count"] == 359
    assert np.trace(matrix) / matrix.sum() == pytest.approx(scored["metrics"]["test_accuracy"])
    assert [row["count"] for row in scored["classes"]] == matrix.sum(axis=1).tolist()


def test_the_report_is_one_file_that_needs_nothing_else(trained):
    workspace, run, _, _ = trained
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert ending.result["report"] == str(run.folder / "report.html")
    assert "Confusion" in page
    assert "<svg" in page
    assert "Worst mistakes" in page
    assert 'src="http' not in page
    assert 'href="http' not in page.replace('xlink:href="#', "")


def test_a_report_that_cannot_be_written_costs_no_score(trained, monkeypatch):
    def refuse(*_):
        raise UserError("The disk is full.")

    workspace, run, _, _ = trained
    monkeypatch.setattr("core.evaluation.evaluate_classifier.write_atomic", refuse)
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    assert (ending.state, ending.result["report"], ending.result["error"]) == ("finished", "", "The disk is full.")
    assert ending.result["count"] == 359


def test_a_damaged_history_costs_neither_score_nor_report(trained, tmp_path):
    workspace, run = copied(trained[1], tmp_path)
    lines = run.history_path.read_bytes().splitlines(keepends=True)
    lines[2] = b"1,abc,\xff\x00,\n"
    run.history_path.write_bytes(b"".join(lines))
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    assert ending.state == "finished", ending.trace
    assert "<h2>Training</h2>" in Path(ending.result["report"]).read_text(encoding="utf-8")
    assert "error" not in ending.result
    run.history_path.write_bytes(b"".join(line.partition(b",")[2] for line in lines))  # without the epochs
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    assert ending.state == "finished", ending.trace
    assert "<h2>Training</h2>" not in Path(ending.result["report"]).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Folders "0" to "9" with eight digits each, and two that aren't there for the run."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    folder = tmp_path_factory.mktemp("pictures")
    for place in range(80):
        inside = folder / str(digits.target[place])
        inside.mkdir(exist_ok=True)
        Image.fromarray((digits.images[place] / 16 * 255).astype(np.uint8)).save(inside / f"{place}.png")
    return folder


def test_other_data_is_matched_by_class_name(trained, pictures, tmp_path):
    workspace, run, _, _ = trained
    ending, _ = do(workspace, "evaluate", {"run": run.id, "data": str(pictures)})
    assert ending.state == "finished", ending.trace
    assert ending.result["count"] == 80
    assert ending.result["metrics"]["test_accuracy"] > 0.7
    assert ending.result["report"] != str(run.folder / "report.html")


def test_other_data_may_have_one_class_and_strangers(trained, pictures, tmp_path):
    workspace, run, _, _ = trained
    (tmp_path / "7").mkdir()
    (tmp_path / "seven").mkdir()
    for place, path in enumerate(sorted((pictures / "7").iterdir())):
        picture = path.read_bytes()
        (tmp_path / "7" / path.name).write_bytes(picture)
        if place < 2:
            (tmp_path / "seven" / path.name).write_bytes(picture)
    ending, events = do(workspace, "evaluate", {"run": run.id, "data": str(tmp_path)})
    assert ending.state == "finished", ending.trace
    assert ending.result["count"] == len(list((tmp_path / "7").iterdir()))
    assert any(isinstance(event, Log) and event.values.get("classes") == "seven" for event in events)


def test_data_without_a_known_class_is_a_sentence(trained, pictures, tmp_path):
    workspace, run, _, _ = trained
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        Image.new("L", (8, 8)).save(tmp_path / name / "1.png")
    ending, _ = do(workspace, "evaluate", {"run": run.id, "data": str(tmp_path)})
    assert ending.state == "failed"
    assert "has the name of one that the run knows" in ending.message


def test_classifies_files_and_folders(trained, pictures, tmp_path):
    workspace, run, _, _ = trained
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    ending, events = do(
        workspace, "classify", {"run": run.id, "paths": [str(pictures), str(bad)], "top": 3, "thumbnails": True}
    )
    assert ending.state == "finished", ending.trace
    results = ending.result["results"]
    assert len(results) == 80
    assert [row["path"] for row in ending.result["skipped"]] == [str(bad)]
    assert ending.result["skipped"][0]["reason"]
    right = sum(row["label"] == row["path"].split("/")[-2] for row in results)
    assert right > 60
    for row in results:
        assert len(row["top"]) == 3
        assert row["top"][0] == {"label": row["label"], "probability": row["probability"]}
        assert row["top"][0]["probability"] >= row["top"][1]["probability"]
    shown = [event for event in events if isinstance(event, Images)]
    assert [detail for event in shown for detail in event.details] == results
    assert sum(len(event.pictures) for event in shown) == 80


def test_classifying_reads_pictures_as_training_did(trained, pictures):
    """The same files, classified and evaluated, are equally often right."""
    workspace, run, _, _ = trained
    classified, _ = do(workspace, "classify", {"run": run.id, "paths": [str(pictures)]})
    evaluated, _ = do(workspace, "evaluate", {"run": run.id, "data": str(pictures)})
    right = np.mean([row["label"] == row["path"].split("/")[-2] for row in classified.result["results"]])
    assert evaluated.result["metrics"]["test_accuracy"] == pytest.approx(right)


def test_a_model_stays_loaded(trained, pictures):
    workspace, run, _, _ = trained
    cache = {}
    for _ in range(2):
        do(workspace, "classify", {"run": run.id, "paths": [str(pictures / "3")]}, cache=cache)
    assert len(cache["models"]) == 1
    first = next(iter(cache["models"].values()))
    do(workspace, "classify", {"run": run.id, "paths": [str(pictures / "3")]}, cache=cache)
    assert next(iter(cache["models"].values())) is first


def test_describes_a_model_before_it_is_trained(tmp_path):
    for model in ("cnn", "vit"):
        ending, _ = do(Workspace(tmp_path), "describe", {"size": "tiny"}, model=model)
        assert ending.state == "finished", ending.trace
        assert ending.result["parameters"] > 1000
        assert ending.result["flops"] > 1000
        assert ending.result["shape"] == [8, 8, 1]


def test_stop_keeps_a_model_that_can_classify(tmp_path, pictures):
    workspace = Workspace(tmp_path)
    run = queue(workspace, epochs=500)

    def stop(event, context):
        if isinstance(event, Metric) and event.per == "epoch" and event.epoch == 2:
            threading.Timer(0.05, context.cancel).start()

    ending, _ = do(workspace, "train", {}, run=run, act=stop)
    assert ending.state == "cancelled"
    assert run.record().status == "stopped"
    assert run.resumable()
    ending, _ = do(workspace, "classify", {"run": run.id, "paths": [str(pictures / "3")]})
    assert ending.state == "finished", ending.trace


def test_stop_takes_effect_within_two_seconds(tmp_path):
    workspace = Workspace(tmp_path)
    run = queue(workspace, size="fast", epochs=500)
    asked = []

    def stop(event, context):
        if isinstance(event, Metric) and not asked:
            asked.extend((time.process_time(), time.perf_counter()))
            context.cancel()

    do(workspace, "train", {}, run=run, act=stop)
    assert time.process_time() - asked[0] < 2
    assert time.perf_counter() - asked[1] < 20  # on a machine that other programs keep busy


def test_groups_stay_together_in_training_and_in_its_evaluation(tmp_path, pictures):
    """The digits' files are called by their number: those of one first digit are a group."""
    workspace = Workspace(tmp_path)
    groups = {"data": str(pictures), "group_by": "name", "group_pattern": "^([0-9])"}
    run = queue(workspace, epochs=1, test_share=0.3, **groups)
    ending, _ = do(workspace, "train", {}, run=run)
    assert ending.state == "finished", ending.trace
    counts = ending.result["counts"]
    assert counts["test"] > 11
    assert all(count % 11 <= 3 for count in counts.values())  # seven groups of eleven and three of one
    scored, _ = do(workspace, "evaluate", {"run": run.id})
    assert scored.result["count"] == counts["test"]
    assert scored.result["metrics"]["test_accuracy"] == ending.result["metrics"]["test_accuracy"]


def test_every_file_left_out_is_listed_in_the_run(tmp_path, pictures):
    workspace, data = Workspace(tmp_path / "workspace"), tmp_path / "data"
    shutil.copytree(pictures, data)
    for number in range(25):  # more than the log names
        (data / "0" / f"broken{number}.png").write_bytes(b"")
    (data / "=notes.txt").write_text("")
    run = queue(workspace, data=str(data), epochs=1)
    ending, _ = do(workspace, "train", {}, run=run)
    assert ending.state == "finished", ending.trace
    with run.skipped_path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == run.record().dataset["skipped"] == 26
    assert {Path(row["path"]).name for row in rows} >= {"broken0.png", "broken24.png", "=notes.txt"}
    assert all(row["reason"].endswith(".") for row in rows)


@pytest.mark.parametrize("broken", [0, 1])
def test_a_list_of_skipped_files_that_is_held_open_ends_no_training(tmp_path, pictures, broken):
    workspace, data = Workspace(tmp_path / "workspace"), tmp_path / "data"
    shutil.copytree(pictures, data)
    for number in range(broken):
        (data / "0" / f"broken{number}.png").write_bytes(b"")
    run = queue(workspace, data=str(data), epochs=1)
    run.skipped_path.mkdir()  # no more to be replaced or removed than a file that another program holds
    ending, events = do(workspace, "train", {}, run=run)
    assert ending.state == "finished", ending.trace
    told = [event for event in events if isinstance(event, Log) and "be updated" in event.message]
    assert [(event.level, event.values["path"]) for event in told] == [("warning", str(run.skipped_path))]


def test_changed_data_are_not_trained_on(tmp_path, pictures):
    workspace = Workspace(tmp_path / "workspace")
    data = tmp_path / "data"
    for source in pictures.glob("*/*.png"):
        target = data / source.parent.name / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    run = queue(workspace, data=str(data), epochs=2)
    ending, _ = do(workspace, "train", {}, run=run)
    assert ending.state == "finished", ending.trace
    Image.new("L", (8, 8), 128).save(data / "3" / "new.png")
    ending, _ = do(workspace, "train", {}, run=run)
    assert ending.state == "failed"
    assert "has changed since the run" in ending.message


@pytest.mark.parametrize("keep", ["best", "last"])
def test_a_run_that_was_killed_is_used_with_its_checkpoints(tmp_path, pictures, keep):
    """The kill is between the last checkpoint and the model; the model that was saved says what is right."""
    workspace = Workspace(tmp_path)
    run = queue(workspace, epochs=6, lr=0.02, keep=keep)
    do(workspace, "train", {}, run=run)
    classified = {"run": run.id, "paths": [str(pictures)]}
    before = [do(workspace, "classify", classified)[0], do(workspace, "evaluate", {"run": run.id})[0]]
    shutil.rmtree(run.model_folder)
    run.update(status="interrupted", result={})
    files = sorted(run.checkpoints.rglob("*"))
    after, events = do(workspace, "classify", classified)
    assert after.result["results"] == before[0].result["results"]
    assert any(isinstance(event, Log) and "saved no model yet" in event.message for event in events)
    assert do(workspace, "evaluate", {"run": run.id})[0].result["metrics"] == before[1].result["metrics"]
    assert sorted(run.checkpoints.rglob("*")) == files
    for path in run.checkpoints.rglob("variables.safetensors"):
        path.write_bytes(b"")
    spoilt = do(workspace, "classify", classified)[0]
    assert (spoilt.state, "no checkpoint of it is intact" in spoilt.message) == ("failed", True)


@pytest.mark.parametrize("keep", ["best", "last"])
def test_a_run_that_was_killed_after_it_went_on_is_used_with_its_newer_checkpoints(tmp_path, pictures, keep):
    """Stopped after an epoch, resumed, and killed after six, with the first epoch's model still in its place."""
    workspace = Workspace(tmp_path)
    run = queue(workspace, epochs=6, lr=0.02, keep=keep)

    def stop(event, context):
        if isinstance(event, Metric) and event.per == "epoch":
            context.cancel()

    do(workspace, "train", {}, run=run, act=stop)
    classified, cache = {"run": run.id, "paths": [str(pictures)]}, {}
    first, events = do(workspace, "classify", classified, cache=cache)
    assert not [event for event in events if isinstance(event, Log)]
    old = shutil.copytree(run.model_folder, tmp_path / "old")
    do(workspace, "train", {}, run=run)
    right = do(workspace, "classify", classified)[0].result["results"]
    assert right != first.result["results"]
    shutil.rmtree(run.model_folder)
    old.rename(run.model_folder)
    run.update(status="interrupted", result={})
    after, events = do(workspace, "classify", classified, cache=cache)
    assert after.result["results"] == right
    assert any(isinstance(event, Log) and "after it had been resumed" in event.message for event in events)


def test_checkpoints_of_another_model_are_a_sentence(trained, tmp_path, pictures):
    workspace, run = copied(trained[1], tmp_path)
    shutil.rmtree(run.model_folder)
    run.update(dataset={**run.record().dataset, "shape": [9, 9, 3]})
    ending, _ = do(workspace, "classify", {"run": run.id, "paths": [str(pictures)]})
    assert ending.state == "failed"
    assert "do not belong to it" in ending.message


def test_a_run_without_a_model_is_a_sentence(tmp_path, pictures):
    workspace = Workspace(tmp_path)
    run = queue(workspace)
    ending, _ = do(workspace, "classify", {"run": run.id, "paths": [str(pictures)]})
    assert ending.state == "failed"
    assert "holds no trained model yet" in ending.message


def test_a_single_step_has_a_speed_too(tmp_path):
    workspace = Workspace(tmp_path)
    run = queue(workspace, epochs=1, batch_size=2000)
    ending, _ = do(workspace, "train", {}, run=run)
    assert ending.result["samples_per_s"] > 0


def diverge_in(monkeypatch, epoch):
    """Has the loss be no number at the end of that epoch."""
    end = Loop._end_epoch

    def diverge(self):
        if self.state.epoch == epoch:
            self.state.train_logs = {"loss": float("nan")}
        end(self)

    monkeypatch.setattr(Loop, "_end_epoch", diverge)


def test_a_training_that_diverges_still_saves_its_best_epoch(tmp_path, monkeypatch):
    diverge_in(monkeypatch, 1)
    workspace = Workspace(tmp_path)
    run = queue(workspace, epochs=2)
    ending, _ = do(workspace, "train", {}, run=run)
    assert ending.state == "failed"
    assert "diverged" in ending.message
    assert json.loads((run.model_folder / "model.json").read_bytes())["epochs"] == 1


def test_a_run_that_diverged_is_used_with_the_best_epoch_that_it_saved(tmp_path, monkeypatch, pictures):
    diverge_in(monkeypatch, 2)
    monkeypatch.setattr("core.training.supervised.fit.is_better", lambda row, best: best is None)
    workspace = Workspace(tmp_path)
    run = queue(workspace, epochs=3, keep="last")
    assert do(workspace, "train", {}, run=run)[0].state == "failed"
    ending, events = do(workspace, "classify", {"run": run.id, "paths": [str(pictures / "3")]})
    assert ending.state == "finished", ending.trace
    assert not [event for event in events if isinstance(event, Log)]
