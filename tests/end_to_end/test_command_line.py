"""The command line as a user meets it: a process, its exit status, its last line of JSON.

What each command tells is seen in this process, which holds a backend already: another would load it for seconds.
"""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras_backend  # noqa: F401
import pytest

from core.cli.main import main

QUICK = ("--size", "tiny", "--epochs", "4", "--set", "batch_size=16")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("workspace")


def start(*words, **options):
    command = [sys.executable, "-m", "desktop_app", *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, encoding="utf-8", **options)


def pixelwright(*words, status=0):
    process = start(*words)
    stdout, stderr = process.communicate(timeout=280)
    assert process.returncode == status, stderr
    assert "Traceback" not in stderr
    return json.loads(stdout.splitlines()[-1]) if "--json" in words else stdout + stderr


@pytest.fixture
def here(workspace, capsys):
    """Runs a command in this process; returns its object of JSON."""

    def run(*words, status=0):
        found = main([*map(str, words), "--workspace", str(workspace), "--json"])
        stdout, stderr = capsys.readouterr()
        assert found == status, stderr
        assert "Traceback" not in stderr
        return json.loads(stdout.splitlines()[-1])

    return run


@pytest.fixture(scope="module")
def trained(pictures, workspace):
    """What a job file's run tells, as written by a command or the window: run alone it is told as its command is."""
    job = workspace / "job.json"
    pixelwright("train", "cnn", "--data", pictures, *QUICK, "--name", "discs", "--save-job", job, "--json")
    return pixelwright("run", job, "--workspace", workspace, "--json")


def test_train_returns_what_scripts_rely_on(trained):
    assert set(trained) >= {"run", "metrics", "epochs", "samples_per_s", "train_s"}
    assert trained["epochs"] == 4
    assert 0 <= trained["metrics"]["test_accuracy"] <= 1


def test_runs_lists_the_run(trained, workspace):
    rows = pixelwright("runs", "--workspace", workspace, "--json")["runs"]
    assert [(row["run"], row["name"], row["status"]) for row in rows] == [(trained["run"], "discs", "done")]


def test_classify_tells_labels_and_lists_what_it_skipped(trained, pictures, workspace, tmp_path):
    table = tmp_path / "result.csv"
    words = ("classify", "discs", pictures, "--top", 2, "--csv", table, "--workspace", workspace, "--json")
    result = pixelwright(*words)
    assert len(result["results"]) == 120
    assert [Path(row["path"]).name for row in result["skipped"]] == ["broken.png"]
    for row in result["results"]:
        assert row["label"] == row["top"][0]["label"]
        assert row["probability"] == pytest.approx(row["top"][0]["probability"])
        assert len(row["top"]) == 2
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == [row["label"] for row in result["results"]]


def test_evaluate_repeats_the_test_score_and_writes_a_report(trained, here):
    result = here("evaluate", "discs")
    assert result["metrics"]["test_accuracy"] == pytest.approx(trained["metrics"]["test_accuracy"])
    assert "discs" in Path(result["report"]).read_text(encoding="utf-8")


def test_a_finished_run_is_not_resumed(trained, workspace):
    said = pixelwright("resume", "discs", "--workspace", workspace, status=1)
    assert "already done" in said


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_keeps_the_work_and_resume_finishes_it(pictures, tmp_path):
    words = ("--data", pictures, "--size", "tiny", "--epochs", "400", "--workspace", tmp_path, "--json")
    process = start("train", "cnn", *words)
    history = None
    deadline = time.monotonic() + 120
    while history is None and time.monotonic() < deadline:
        time.sleep(0.1)
        history = next(tmp_path.glob("runs/*/history.csv"), None)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    run = json.loads(stdout.splitlines()[-1])["run"]
    assert pixelwright("runs", "--workspace", tmp_path, "--json")["runs"][0]["status"] == "stopped"

    # Fewer epochs than the job asks for would make it another job: shorten the record instead of waiting for 400.
    done = len(history.read_text().splitlines()) - 1
    record_path = tmp_path / "runs" / run / "run.json"
    record = json.loads(record_path.read_text(encoding="utf-8"))
    record["job"]["settings"]["epochs"] = done + 2
    record_path.write_text(json.dumps(record), encoding="utf-8")
    result = pixelwright("resume", run, "--workspace", tmp_path, "--json")
    assert result["epochs"] == done + 2
    assert len(history.read_text().splitlines()) - 1 == done + 2


def test_a_list_of_jobs_goes_on_after_one_that_fails(pictures, tmp_path):
    good = {"task": "check", "settings": {"data": str(pictures)}}
    bad = {"task": "check", "settings": {"data": str(tmp_path / "nowhere")}}
    (tmp_path / "jobs.json").write_text(json.dumps([bad, good]), encoding="utf-8")
    rows = pixelwright("run", tmp_path / "jobs.json", "--workspace", tmp_path, "--json", status=1)["runs"]
    assert [row["status"] for row in rows] == ["failed", "finished"]


def test_classifying_nothing_is_an_error(trained, here, tmp_path):
    assert "nope.png" in here("classify", "discs", tmp_path / "nope.png", status=1)["error"]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_in_a_list_of_jobs_stops_it_and_says_so(pictures, tmp_path):
    job = {"task": "train", "model": "cnn", "settings": {"data": str(pictures), "epochs": 5000, "size": "tiny"}}
    (tmp_path / "jobs.json").write_text(json.dumps([job, job]), encoding="utf-8")
    process = start("run", tmp_path / "jobs.json", "--workspace", tmp_path, "--json")
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("runs/*/history.csv")) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert [row["status"] for row in json.loads(stdout.splitlines()[-1])["runs"]] == ["cancelled"]
    (record,) = (json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.glob("runs/*/run.json"))
    assert record["status"] == "stopped"


def test_check_counts_and_lists_unreadable_files(pictures, tmp_path):
    result = pixelwright("check", pictures, "--workspace", tmp_path, "--json")
    assert result["samples"] == 120
    assert result["classes"] == {"blue": 40, "green": 40, "red": 40}
    assert [Path(row["path"]).name for row in result["unreadable"]] == ["broken.png"]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("train", "cnn", "--data", "nowhere"), 1, "nowhere"),
        (("train", "rnn", "--data", "digits"), 1, "cnn"),
        (("train", "cnn", "--data", "digits", "--set", "epochs=-1"), 1, "epochs"),
        (("train", "cnn", "--data", "digits", "--set", "epochs"), 2, "KEY=VALUE"),
        (("train", "cnn", "--data", "digits", "--backend", "theano"), 1, "tensorflow"),
        (("train", "cnn", "--data", "digits", "--set", "size=[1]"), 1, "size"),
        (("train", "cnn", "--data", "digits", "--set", "directions=[left"), 2, "JSON"),
        (("train", "cnn", "--data", "digits", "--device", "abacus"), 1, "There is no device 'abacus'. Choose auto"),
        (("check", "digits", "--seed", "3000000000"), 2, "seed"),
        (("check", "~nosuchuser/x"), 1, "~nosuchuser/x"),
        (("train", "cnn"), 2, "--data"),
        (("resume", "nothing"), 1, "nothing"),
        (("run", "missing.json"), 1, "missing.json"),
        (("bake",), 2, "bake"),
    ],
)
def test_a_mistake_is_told_in_a_line_with_its_exit_status(words, status, said, tmp_path):
    options = ("--workspace", tmp_path) if words != ("bake",) else ()
    output = pixelwright(*words, *options, status=status)
    assert said in output
    if status == 1:
        assert len(output.strip().splitlines()) == 1


def test_an_error_is_json_too(tmp_path):
    result = pixelwright("resume", "nothing", "--workspace", tmp_path, "--json", status=1)
    assert "nothing" in result["error"]


def test_evaluate_on_other_data_matches_classes_by_name(trained, here, pictures, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(pictures / "red", other / "red")
    shutil.copytree(pictures / "blue", other / "purple")
    result = here("evaluate", "discs", "--data", other)
    assert sum(result["seen"].values()) == 40
    assert result["count"] == result["seen"]["unseen"]


def test_evaluate_on_loose_pictures_is_refused_in_a_sentence(trained, here, pictures):
    assert "red" in here("evaluate", "discs", "--data", pictures / "red", status=1)["error"]
