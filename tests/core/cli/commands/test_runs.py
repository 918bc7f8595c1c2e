import json

import pytest

from core import catalog
from core.cli.commands import runs
from core.jobs import Job
from core.runs.run import Workspace


def test_before_the_first_training_there_are_no_runs(call):
    status, stdout, _ = call("runs", "--json")
    assert (status, json.loads(stdout)["runs"]) == (0, [])


def test_runs_are_rows_of_one_line_with_their_reasons_below(call, run_id, tmp_path):
    run = Workspace(tmp_path / "workspace").find(run_id)
    run.history_path.write_text("epoch,loss\n0,1.0\n1,0.5\n")
    run.update(status="failed", name="[bold]x", message="It diverged.\n" + "Lower the learning rate. " * 20)
    stdout = call("runs")[1].splitlines()
    titles = [cell.strip() for cell in stdout[1].split("┃")[1:-1]]
    assert titles == ["id", "name", "status", "score", "epochs", "data", "created"]
    assert any("[bold]x" in line for line in stdout)
    (row,) = (line for line in stdout if line.startswith("│"))
    assert [cell.strip() for cell in row.split("│")[3:7]] == ["failed", "", "2", "digits"]
    assert stdout[-1].startswith(f"{run_id}: It diverged. Lower")
    assert len(stdout[-1]) < 140
    assert json.loads(call("runs", "--json")[1])["runs"][0]["epochs"] == 2


@pytest.mark.parametrize("scores", [("wer",), ("error", "wer")])
def test_whatever_a_kind_names_as_its_score_is_told(tmp_path, monkeypatch, scores):
    monkeypatch.setattr(runs, "SCORES", [*runs.SCORES, *scores])
    run, _ = Workspace(tmp_path).create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    run.update(status="done", result={"metrics": {"wer": 0.25}})
    row = runs._row(run)
    assert (row["wer"], runs._score(row)) == (0.25, "wer 0.25")


def test_the_scores_that_kinds_name_are_rows_of_the_table():
    assert {name for kind in catalog.KINDS.values() for name in kind.scores} == set(runs.TOLD)


@pytest.mark.parametrize(
    ("metrics", "told"),
    [
        ({"fid": 1.5}, "FID 1.50"),
        ({"fid": 1.5, "floor": 0.5}, "FID 1.50 (floor 0.50)"),
        ({"fid": 1.5, "floor": 0.5, "count": 1000.0}, "FID 1.50 (1,000 pictures, floor 0.50)"),
    ],
)
def test_a_distance_is_told_with_what_is_known_of_it(tmp_path, metrics, told):
    run, _ = Workspace(tmp_path).create_run(Job(task="train", model="dcgan", settings={"data": "digits"}))
    run.update(status="done", result={"metrics": metrics})
    assert runs._score(runs._row(run)) == told
