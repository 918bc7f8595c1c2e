import json
import os
import shutil
import subprocess
import sys

import pytest

from core.errors import UserError
from core.jobs import Job
from core.runs.find_text_model import find_text_model
from core.runs.run import Run, Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def run(workspace):
    return workspace.create_run(Job(task="train", model="cnn", name="first"))[0]


def test_a_new_run_is_queued_and_its_job_spells_out_every_setting(workspace):
    run, job = workspace.create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    record = run.record()
    assert record.status == "queued"
    assert record.job == job
    assert job.run == run.id
    assert "test_share" in job.settings


def test_ages_are_the_folders_that_are_numbers(run):
    assert run.ages() == []
    for name in ("000012", "000003", "5²", "notes"):
        (run.snapshots / name).mkdir(parents=True)
    assert run.ages() == [3, 12]


def test_a_run_is_found_by_id_name_start_and_folder(workspace, run):
    for text in (run.id, "first", run.id[:15], str(run.folder)):
        assert workspace.find(text).folder == run.folder
    with pytest.raises(UserError, match="no run 'second'"):
        workspace.find("second")


@pytest.mark.parametrize(
    ("text", "hint"),
    [("fisrt", "Did you mean 'first'? `pixelwright runs` lists"), ("nothing", "`pixelwright runs` lists")],
)
def test_a_mistyped_run_is_guessed_from_those_there_are(workspace, run, text, hint):
    with pytest.raises(UserError) as error:
        workspace.find(text)
    assert str(error.value).startswith(f"There is no run '{text}' in '{workspace.folder}'. {hint}")


def test_a_mistyped_writer_is_guessed_from_the_runs(workspace, run):
    with pytest.raises(UserError, match=r"no folder 'frist'\. Did you mean 'first'\?"):
        find_text_model("frist", workspace)


def test_runs_come_newest_first_and_a_damaged_one_is_told_apart(workspace, run):
    second, _ = workspace.create_run(Job(task="train", model="cnn"))
    second.update(created="2999-01-01T00:00:00")
    broken, _ = workspace.create_run(Job(task="train", model="cnn"))
    broken.record_path.write_text("{")
    assert [found.id for found in workspace.runs()] == [second.id, run.id]
    assert [found.id for found in workspace.damaged_runs()] == [broken.id]


def test_a_run_whose_process_was_killed_becomes_interrupted(workspace, run):
    run.update(status="running")
    code = (
        "import sys, time, pathlib\nfrom core.runs.run import Run\n"
        "with Run(pathlib.Path(sys.argv[1])).locked():\n print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(run.folder)], stdout=subprocess.PIPE)
    process.stdout.readline()
    try:
        assert run.in_use()
        assert workspace.mark_interrupted() == []
        with pytest.raises(UserError, match="another window"), run.locked():
            pass
        with pytest.raises(UserError, match="another window"):
            workspace.delete_run(run)
    finally:
        process.kill()
        process.communicate()
    assert [found.id for found in workspace.mark_interrupted()] == [run.id]
    assert run.record().status == "interrupted"
    assert run.resumable()


def test_a_run_that_has_ended_is_read_again_only_once_it_changes(workspace, run, monkeypatch):
    read = []
    record = Run.record
    monkeypatch.setattr(Run, "record", lambda self: (read.append(self.id), record(self))[1])
    for _ in range(3):
        assert workspace.mark_interrupted() == []
    assert read == [run.id]
    run.update(status="running")
    assert [found.id for found in workspace.mark_interrupted()] == [run.id]


def test_a_run_deleted_by_another_process_meanwhile_hinders_no_new_one(workspace, run, monkeypatch):
    record = Run.record
    read = []

    def read_then_delete(self):
        found = record(self)
        read.append(self.id)
        shutil.rmtree(self.folder)
        return found

    monkeypatch.setattr(Run, "record", read_then_delete)
    made, _ = workspace.create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    assert read == [run.id]
    monkeypatch.undo()
    assert made.record().name == "cnn digits"


@pytest.mark.parametrize(
    "changes",
    [
        {"result": {"metrics": None}},
        {"result": {"metrics": {"test_accuracy": "high"}}},
        {"result": []},
        {"dataset": {"classes": None}},
        {"dataset": {"counts": 3}},
    ],
)
def test_an_odd_run_from_elsewhere_is_damaged_and_hides_no_other(workspace, run, changes):
    odd, _ = workspace.create_run(Job(task="train", model="cnn"))
    odd.record_path.write_text(json.dumps({**json.loads(odd.record_path.read_text()), **changes}))
    assert [found.id for found in workspace.runs()] == [run.id]
    assert [found.id for found in workspace.damaged_runs()] == [odd.id]


def test_a_run_from_a_newer_version_is_refused_in_a_sentence(run):
    values = json.loads(run.record_path.read_text())
    run.record_path.write_text(json.dumps({**values, "format": 99}))
    with pytest.raises(UserError, match="newer version"):
        run.record()


def test_a_renamed_run_folder_still_opens(workspace, run):
    moved = run.folder.rename(run.folder.with_name("moved"))
    assert workspace.find("moved").record().id == "moved"
    assert moved.is_dir()


def test_deleting_removes_the_folder(workspace, run):
    workspace.delete_run(run)
    assert workspace.runs() == []
    assert list(workspace.runs_folder.iterdir()) == []


def test_a_deleted_run_is_refused_and_its_folder_not_made_anew(workspace, run):
    workspace.delete_run(run)
    assert not run.in_use()
    with pytest.raises(UserError, match="no longer there"), run.locked():
        pass
    with pytest.raises(UserError, match="no longer there"):
        workspace.delete_run(run)
    assert list(workspace.runs_folder.iterdir()) == []


def test_what_a_kill_left_behind_is_cleared_once_the_run_is_held(workspace, run):
    (run.checkpoints / "000001-00000000").mkdir(parents=True)
    litter = [run.folder / ".tmp-model", run.folder / ".old-x", run.checkpoints / ".tmp-y"]
    for folder in litter:
        folder.mkdir()
        (folder / "weights").write_bytes(b"half")
    old, new = run.folder / ".run.json.a.tmp", run.folder / ".report.html.b.tmp"
    for file in (old, new):
        file.write_text("half")
    os.utime(old, (0, 0))
    run.update(status="running")
    workspace.mark_interrupted()
    assert not any(path.exists() for path in (*litter, old))
    assert new.exists()
    assert (run.checkpoints / "000001-00000000").is_dir()


def test_nothing_is_cleared_of_a_run_that_a_living_process_holds(workspace, run):
    with run.locked():
        (run.folder / ".tmp-model").mkdir()
        run.update(status="running")
        workspace.mark_interrupted()
        assert (run.folder / ".tmp-model").exists()


def test_a_deletion_that_was_cut_short_is_finished(workspace, run):
    doomed = run.folder.rename(run.folder.with_name(f".deleted-{run.id}"))
    with Run(doomed).locked():
        workspace.mark_interrupted()
        assert doomed.exists()
    workspace.mark_interrupted()
    assert not doomed.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_read_only_workspace_is_told_in_a_sentence(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="cannot be written"):
        Workspace(tmp_path / "new").create_run(Job(task="train", model="cnn"))
