import json

import pytest

from core import catalog
from core.cli.commands import job_files
from core.cli.main import COMMANDS

TOLD = {
    "train": ({"metrics": {"perplexity": 3.0}, "run": "r1"}, "perplexity: 3.0000\nRun: r1"),
    "evaluate": ({"metrics": {"test_accuracy": 0.5}, "report": "a.html"}, "test_accuracy: 50.00%\nReport: a.html"),
    "classify": ({"results": [{"path": "a.png", "label": "cat", "probability": 0.5}], "skipped": []}, "50.0%"),
    "generate": ({"count": 2, "files": ["a.png"]}, "Wrote 2 pictures: a.png"),
    "interpolate": ({"count": 2, "files": ["a.gif"]}, "Wrote 2 pictures: a.gif"),
    "inpaint": ({"label": "cat", "files": ["a.png"]}, "Filled as: cat\na.png"),
    "stylize": ({"loss_first": 1.0, "loss_last": 0.5, "files": ["a.png"]}, "Loss: 1.0000, at the end 0.5000.\na.png"),
    "text": ({"texts": ["Once."], "tokens_per_s": 9.0, "first_token_s": 0.1, "compile_s": 2.0}, "Once."),
    "check": (
        {"classes": {"cat": 7}, "samples": 7, "unreadable": [], "duplicate_groups": 0, "splits": {}, "groups": None},
        "7 readable pictures",
    ),
    "describe": ({"parameters": 12}, '{"parameters": 12}'),
}


def test_every_task_with_a_command_of_its_own_is_told_as_that_tells_it():
    assert {command.__name__ for command in COMMANDS} & set(catalog.TASKS) <= set(job_files.SHOWN) <= set(catalog.TASKS)


@pytest.mark.parametrize("task", TOLD)
def test_a_job_files_result_is_told(call, tmp_path, monkeypatch, task):
    result, told = TOLD[task]
    job = {"task": task, "model": "cnn", "settings": {}}
    monkeypatch.setattr(job_files, "place_job", lambda job: job)
    monkeypatch.setattr(job_files, "run_here", lambda *_: result)
    monkeypatch.setattr(job_files, "run_list", lambda jobs, _: [{"status": "finished", **result} for _ in jobs])
    for jobs in ([job], [job, job]):
        (tmp_path / "job.json").write_text(json.dumps(jobs))
        status, stdout, _ = call("run", tmp_path / "job.json")
        assert (status, stdout.count(told.removesuffix("}").removeprefix("{"))) == (0, len(jobs))
