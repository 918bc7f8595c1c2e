import json
import os
import signal
import time

import pytest

from core.cli import headless
from core.events import Status


@pytest.fixture
def job_list(tmp_path, make_pictures):
    """A list of three trainings on a folder of pictures."""
    data = make_pictures(tmp_path / "data", *(f"{name}/{number}.png" for name in "ab" for number in range(10)))
    job = {"task": "train", "model": "cnn", "settings": {"data": str(data)}}
    path = tmp_path / "jobs.json"
    path.write_text(json.dumps([{**job, "name": str(number)} for number in range(3)]))
    return path


@pytest.fixture
def second_fails(monkeypatch):
    """Makes the look at the second job's data raise something; no job is really run."""

    def install(error):
        make_run = headless.make_run

        def make(job, *rest):
            if job.name == "1":
                raise error
            return make_run(job, *rest)

        monkeypatch.setattr(headless, "make_run", make)
        monkeypatch.setattr(headless, "_run_elsewhere", lambda *_: Status("finished", result={"epochs": 3}))

    return install


def test_a_list_of_jobs_goes_on_after_one_that_crashes_as_its_data_is_looked_at(call, job_list, second_fails):
    second_fails(RuntimeError("broken"))
    status, stdout, stderr = call("run", job_list, "--json")
    rows = json.loads(stdout)["runs"]
    assert (status, [row["status"] for row in rows]) == (1, ["finished", "failed", "finished"])
    assert rows[1]["error"] in stderr
    assert "RuntimeError: broken" in rows[1]["error"]


def test_a_job_that_tells_of_an_error_has_failed(call, job_list, monkeypatch):
    lost = {"report": "", "error": "The report can't be written: the disk is full."}
    monkeypatch.setattr(headless, "_run_elsewhere", lambda *_: Status("finished", result=lost))
    status, stdout, stderr = call("run", job_list)
    assert (status, "0 jobs done, 3 failed." in stdout) == (1, True)
    assert stderr.count(lost["error"]) == 3
    rows = json.loads(call("run", job_list, "--json")[1])["runs"]
    assert [(row["status"], row["error"]) for row in rows] == [("failed", lost["error"])] * 3


def test_ctrl_c_as_data_is_looked_at_keeps_what_the_list_has_done(call, job_list, second_fails):
    second_fails(KeyboardInterrupt())
    status, stdout, _ = call("run", job_list, "--json")
    said = json.loads(stdout)
    assert (status, said["status"]) == (130, "stopped")
    assert [(row["status"], row.get("epochs")) for row in said["runs"]] == [("finished", 3), ("cancelled", None)]


def test_the_look_at_a_lists_data_is_shown(call, job_list, second_fails):
    second_fails(RuntimeError("broken"))
    assert "Looking through the data" in call("run", job_list)[2]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("pause_s", [0.0, 0.1])
def test_a_second_ctrl_c_still_tells_how_to_go_on(call, monkeypatch, pause_s):
    monkeypatch.setattr(headless, "ONE_PRESS_S", 0.05)

    def work(context):
        signal.raise_signal(signal.SIGINT)
        time.sleep(pause_s)
        signal.raise_signal(signal.SIGINT)
        assert (context.cancelled, pause_s) == (True, 0.0)
        return Status("cancelled")

    monkeypatch.setattr(headless, "run_job", work)
    status, stdout, stderr = call("train", "cnn", "--data", "digits", "--json")
    assert (status, f"Go on with: pixelwright resume {json.loads(stdout)['run']}" in stderr) == (130, True)
