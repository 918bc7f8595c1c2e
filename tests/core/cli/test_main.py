"""The command line inside this process: what needs no backend."""

import json
import os
import signal
import time
import zipfile

import pytest
from PIL import Image

from core import __version__, catalog
from core.cli import headless
from core.cli import main as cli
from core.cli import settings as command_settings
from core.errors import UserError
from core.events import Status
from core.jobs import Job
from core.runs.run import Workspace


@pytest.fixture
def call(tmp_path, capsys, monkeypatch):
    """Runs a command in a workspace of its own, where no backend can be loaded; returns status, stdout and stderr."""

    def refuse(*_):
        raise AssertionError("a backend was asked for")

    monkeypatch.setattr("core.engine.backend.prepare", refuse)
    monkeypatch.setenv("PIXELWRIGHT_WORKSPACE", str(tmp_path / "workspace"))

    def run(*words):
        status = cli.main([str(word) for word in words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def _pictures(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)
    return folder


def _hostile_zip(folder):
    folder.mkdir()
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        archive.writestr("../a/1.png", b"")
    return folder / "set.zip"


def _empty(folder):
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_empty, "No pictures found"),
        (lambda folder: _pictures(folder, "1.png", "2.png"), "lie in no class folders"),
        (lambda folder: _pictures(folder, "cats/1.png", "cats/2.png"), "only one class"),
        (_hostile_zip, "not safe to read"),
        (lambda folder: folder, "There is no file, folder"),
        (lambda _: "shapes-clips", "not single pictures. Choose the data set 'shapes'"),
    ],
)
def test_a_mistake_in_the_data_is_told_before_a_backend_is_loaded_or_a_run_made(call, tmp_path, make, said):
    data = make(tmp_path / "data")
    status, _, stderr = call("train", "cnn", "--data", data)
    assert (status, said in stderr) == (1, True), stderr
    (tmp_path / "job.json").write_text(json.dumps({"task": "train", "model": "cnn", "settings": {"data": str(data)}}))
    status, _, stderr = call("run", tmp_path / "job.json")
    assert (status, said in stderr) == (1, True), stderr
    assert not (tmp_path / "workspace" / "runs").exists()


@pytest.fixture
def run_id(tmp_path):
    """A run that was stopped."""
    made, _ = Workspace(tmp_path / "workspace").create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    made.update(status="stopped")
    return made.id


@pytest.fixture
def gan_id(tmp_path):
    """A run of a GAN that was stopped."""
    job = Job(task="train", model="dcgan", settings={"data": "digits"})
    made, _ = Workspace(tmp_path / "workspace").create_run(job)
    made.update(status="stopped")
    return made.id


TRAIN = ("train", "cnn", "--data", "digits")
STYLIZE = ("stylize", "--content", "photo.png", "--style", "photo.png", "--out", "a.png")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        # What is named and is not there, or does not fit: 1.
        (("train", "rnn", "--data", "digits"), 1, "There is no model 'rnn'. Did you mean 'cnn'? Choose one of: cnn"),
        (("train", "cnn", "--data", "nowhere"), 1, "There is no file, folder or embedded data set 'nowhere'."),
        (("check", "nowhere"), 1, "There is no file, folder or embedded data set 'nowhere'."),
        ((*TRAIN, "--backend", "theano"), 1, "There is no backend 'theano'. Choose one of: tensorflow"),
        ((*TRAIN, "--device", "abacus"), 1, "There is no device 'abacus'. Choose auto, cpu or gpu:N"),
        ((*TRAIN, "--size", "huge"), 1, "The setting 'size' does not fit"),
        ((*TRAIN, "--set", "colours=3"), 1, "There is no setting 'colours'."),
        (("resume", "RUN", "--backend", "theano"), 1, "There is no backend 'theano'. Choose one of: tensorflow"),
        (("resume", "RUN", "--device", "abacus"), 1, "There is no device 'abacus'. Choose auto, cpu or gpu:N"),
        (("evaluate", "RUN", "--backend", "theano"), 1, "There is no backend 'theano'. Choose one of: tensorflow"),
        (("classify", "RUN", "a.png", "--device", "abacus"), 1, "There is no device 'abacus'."),
        (("resume", "nothing"), 1, "There is no run 'nothing'"),
        (("evaluate", "nothing"), 1, "There is no run 'nothing'"),
        (("classify", "nothing", "a.png"), 1, "There is no run 'nothing'"),
        (("run", "missing.json"), 1, "missing.json"),
        (("generate", "nothing", "--out", "a.png"), 1, "There is no run 'nothing'"),
        (
            ("generate", "RUN", "--out", "a.png"),
            1,
            "draws no pictures: it is a CNN. Name a run that was trained with `train dcgan`",
        ),
        (
            ("interpolate", "RUN", "--out", "a.png"),
            1,
            "draws no pictures: it is a CNN. Name a run that was trained with `train dcgan`",
        ),
        (("interpolate", "GAN", "--out", "a.jpg"), 1, "does not end in one of .png, .gif, .mp4"),
        (("interpolate", "GAN", "--out", "no/a.mp4"), 1, "There is no folder 'WORK/no' to write 'a.mp4' into"),
        (("generate", "GAN", "--out", "photo.png"), 1, "is no file that this command has written"),
        (("interpolate", "GAN", "--out", "a.png", "--steps", "1"), 1, "The setting 'steps' does not fit"),
        (("interpolate", "GAN", "--out", "a.png", "--from", "-2"), 1, "The setting 'from_seed' does not fit"),
        (("interpolate", "GAN", "--out", "a.png", "--set", "bends=3"), 1, "There is no setting 'bends'."),
        ((*STYLIZE, "--backbone", "photo.png"), 1, "'photo.png' is no .keras file. Name a run, or a .keras file."),
        ((*STYLIZE, "--backbone", "no.keras"), 1, "There is no file 'no.keras'."),
        ((*STYLIZE, "--backbone", "no"), 1, "There is no run 'no'"),
        (("inpaint", "GAN", "photo.png", "--mask", "workspace", "--out", "a.png"), 1, "'workspace' is a folder, not a"),
        (("inpaint", "GAN", "workspace", "--mask", "photo.png", "--out", "a.png"), 1, "'workspace' is a folder, not a"),
        # Words that make no sense: 2.
        (("bake",), 2, "bake"),
        (("train", "cnn"), 2, "--data"),
        (("train", "--data", "digits"), 2, "MODEL"),
        ((*TRAIN, "--colour", "red"), 2, "--colour"),
        ((*TRAIN, "--epochs", "many"), 2, "--epochs"),
        ((*TRAIN, "--epochs", "0"), 2, "--epochs"),
        ((*TRAIN, "--seed", "3000000000"), 2, "--seed"),
        ((*TRAIN, "--set", "epochs"), 2, "KEY=VALUE"),
        (("classify", "RUN"), 2, "PATH"),
        (("generate", "GAN"), 2, "--out"),
        (("interpolate", "GAN", "--out", "a.png", "--method", "zigzag"), 2, "'--method': 'zigzag' is not one of"),
        (("interpolate", "GAN", "--out", "a.png", "--steps", "few"), 2, "--steps"),
    ],
)
def test_a_mistake_is_told_in_a_line_and_in_json_with_its_exit_status(
    call, run_id, gan_id, tmp_path, monkeypatch, words, status, said
):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (4, 4)).save("photo.png")
    words = [{"RUN": run_id, "GAN": gan_id}.get(word, word) for word in words]
    said = said.replace("WORK", str(tmp_path))
    for as_json in ((), ("--json",)):
        found, stdout, stderr = call(*words, *as_json)
        assert found == status
        assert said in stderr
        assert len(stderr.splitlines()) == 1
        assert [json.loads(line)["error"] for line in stdout.splitlines()] == ([stderr.strip()] if as_json else [])


@pytest.mark.parametrize("name", command_settings.NAMES)
def test_every_setting_that_can_be_set_is_listed(call, name):
    row = {**catalog.TASKS, **catalog.MODELS}[name]
    status, stdout, _ = call("settings", name, "--json")
    listed = json.loads(stdout)["settings"]
    assert status == 0
    assert [setting["name"] for setting in listed] == list(catalog.load(row.settings).model_fields)
    assert all(setting["help"] and setting["takes"] for setting in listed)
    said = call("settings", name)[1]
    assert all(setting["help"] in said for setting in listed)


def test_a_setting_is_told_with_what_it_takes(call):
    said = call("settings", "dcgan")[1]
    assert "\nfilters=32\n" in said
    assert "It takes a whole number from 4 to 256. By size: tiny=16 fast=32 strong=64." in said
    assert "epochs=100\n    How often every training picture is seen. It takes a whole number" in said
    assert call("settings", "inpaint")[1].startswith("run\n    The trained run that draws. It takes text.\n")
    status, _, stderr = call("settings", "rnn")
    assert (status, "There is no model or command 'rnn'. Did you mean 'cnn'? Choose" in stderr) == (1, True)


WAY = ("interpolate", "GAN", "--out", "way.gif", "--json")


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        (("--from", "3", "--to", "4"), {"from_seed": 3, "to_seed": 4, "method": "spherical"}, ""),
        (
            ("--method", "arithmetic", "--to", "4", "--minus", "9", "--label", "1", "--to-label", "2"),
            {"to_seed": 4, "less_seed": 9, "label": "1", "to_label": "2"},
            "",
        ),
        (("--method", "arithmetic", "--set", "less_seed=9"), {"less_seed": 9}, ""),
        (("--method", "walk", "--from", "3"), {"method": "walk", "from_seed": 3}, ""),
        (("--method", "walk", "--to", "4"), {"method": "walk"}, "--to is left out: --method walk does not use it.\n"),
        (("--set", "method=walk", "--to", "4"), {}, "--to is left out: --method walk does not use it.\n"),
        (("--minus", "4"), {}, "--minus is left out: --method spherical does not use it.\n"),
    ],
)
def test_each_option_of_a_way_is_a_setting_and_one_without_use_is_told(
    call, gan_id, tmp_path, monkeypatch, words, settings, said
):
    monkeypatch.chdir(tmp_path)
    jobs = []
    monkeypatch.setattr("core.cli.pictures.run_here", lambda job, _: jobs.append(job) or {"count": 0, "files": []})
    status, _, stderr = call(*(gan_id if word == "GAN" else word for word in WAY), *words)
    assert (status, stderr) == (0, said)
    found = jobs[0].typed_settings().model_dump()
    assert {name: found[name] for name in settings} == settings


@pytest.mark.parametrize("words", [("bake",), (*TRAIN, "--colour", "red"), (*TRAIN, "--set", "epochs")])
def test_bad_usage_and_where_to_read_about_it_are_two_sentences(call, words):
    said = call(*words)[2]
    problem, _, hint = said.partition(" `pixelwright")
    assert problem.endswith((".", "?", "!"))
    assert not problem.endswith("..")
    assert hint.endswith("--help` tells how it is used.\n")


def test_check_names_every_embedded_set_and_train_those_it_takes(call):
    assert "shapes-clips" in call("check", "--help")[1]
    assert "shapes-clips" not in call("train", "--help")[1]


def test_the_version_and_the_help_are_told(call):
    assert call("--version") == (0, f"Pixelwright {__version__}\n", "")
    status, stdout, _ = call("--help")
    assert (status, "classify" in stdout) == (0, True)


def test_ctrl_c_where_no_job_catches_it_is_told_too(call, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "examine", interrupt)
    status, stdout, stderr = call("doctor", "--json")
    assert (status, json.loads(stdout), stderr) == (130, {"status": "stopped"}, "Stopped.\n")


@pytest.mark.parametrize("words", [("runs",), ("resume", "x"), ("evaluate", "x"), ("classify", "x", "a.png")])
def test_a_workspace_that_is_not_there_is_told(call, tmp_path, words):
    status, _, stderr = call(*words, "--workspace", tmp_path / "mistyped")
    assert (status, "There is no workspace" in stderr, "mistyped" in stderr) == (1, True, True)
    assert not (tmp_path / "mistyped").exists()


@pytest.fixture
def job_list(tmp_path):
    """A list of three trainings on a folder of pictures."""
    data = _pictures(tmp_path / "data", *(f"{name}/{number}.png" for name in "ab" for number in range(10)))
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


def test_ctrl_c_as_data_is_looked_at_keeps_what_the_list_has_done(call, job_list, second_fails):
    second_fails(KeyboardInterrupt())
    status, stdout, _ = call("run", job_list, "--json")
    said = json.loads(stdout)
    assert (status, said["status"]) == (130, "stopped")
    assert [(row["status"], row.get("epochs")) for row in said["runs"]] == [("finished", 3), ("cancelled", None)]


def test_the_look_at_a_lists_data_is_shown(call, job_list, second_fails):
    second_fails(RuntimeError("broken"))
    assert "Looking for pictures" in call("run", job_list)[2]


def test_before_the_first_training_there_are_no_runs(call):
    status, stdout, _ = call("runs", "--json")
    assert (status, json.loads(stdout)["runs"]) == (0, [])


def test_check_tells_the_splits_and_counts_in_words(call, tmp_path):
    folder = _pictures(tmp_path / "data", *(f"{name}/{number}.png" for name in "ab" for number in range(10)))
    for number, path in enumerate(sorted(folder.rglob("*.png"))):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path)
    (folder / "a" / "bad.png").write_bytes(b"")
    (folder / "a" / "notes.txt").write_text("")
    status, stdout, _ = call("check", folder)
    assert status == 0
    assert "20 readable pictures, 1 unreadable file, 0 groups of duplicates." in stdout
    assert "Splits: 14 train, 2 validation, 4 test." in stdout
    assert "1 picture cannot be read" in stdout
    assert "1 file is no part of the data set." in stdout


def test_where_a_result_goes_is_looked_at_before_the_work(call, run_id, tmp_path):
    pictures = _pictures(tmp_path / "new", "1.png", "2.png")
    before = (pictures / "1.png").read_bytes()
    assert call("classify", run_id, "--csv", pictures / "1.png", pictures / "2.png")[0] == 1
    assert (pictures / "1.png").read_bytes() == before
    status, _, stderr = call("classify", run_id, pictures, "--csv", tmp_path / "missing" / "out.csv")
    assert (status, "There is no folder" in stderr) == (1, True)
    assert call(*TRAIN, "--save-job", pictures / "1.png")[0] == 1
    assert (pictures / "1.png").read_bytes() == before
    assert not (tmp_path / "missing").exists()


def test_a_workspace_that_cannot_be_written_is_told_before_an_evaluation(call, run_id, monkeypatch):
    def refuse(folder):
        raise UserError("'{path}' cannot be written (full).", path=folder)

    monkeypatch.setattr(cli, "check_writable", refuse)
    status, _, stderr = call("evaluate", run_id)
    assert (status, "cannot be written" in stderr) == (1, True)


def test_a_result_that_cannot_be_written_is_printed(call, run_id, tmp_path, monkeypatch):
    def refuse(*_):
        raise UserError("The disk is full.")

    row = {"path": "1.png", "label": "cat", "probability": 1.0, "top": []}
    monkeypatch.setattr(cli, "write_csv", refuse)
    monkeypatch.setattr(cli, "run_here", lambda *_: {"results": [dict(row)], "skipped": []})
    words = ("classify", run_id, "1.png", "--csv", tmp_path / "out.csv")
    status, stdout, stderr = call(*words)
    assert (status, "cat" in stdout, stderr) == (1, True, "The disk is full.\n")
    said = json.loads(call(*words, "--json")[1])
    assert (said["results"], said["error"]) == ([row], "The disk is full.")


def test_check_tells_what_training_would_refuse_and_how_many_groups_there_are(call, tmp_path):
    status, stdout, _ = call("check", _pictures(tmp_path / "one", "cats/1.png", "cats/2.png"))
    assert (status, "Training would refuse this data" in stdout) == (0, True)
    folder = _pictures(tmp_path / "two", "cats/tom/1.png", "cats/tim/1.png", "dogs/rex/1.png")
    assert "3 groups of pictures" in call("check", folder, "--set", "group_by=folder")[1]


def test_of_several_runs_with_one_name_the_one_taken_is_told(call, tmp_path):
    place = Workspace(tmp_path / "workspace")
    made = [place.create_run(Job(task="train", model="cnn", name="pets"))[0] for _ in range(2)]
    for run, created in zip(made, ("2026-01-01T10:00:00", "2026-01-02T10:00:00"), strict=True):
        run.update(status="done", created=created)
    stderr = call("resume", "pets")[2]
    assert stderr.splitlines()[0] == f"2 runs fit 'pets': the newest is taken, {made[1].id}."
    assert len(call("resume", made[0].id)[2].splitlines()) == 1


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
    assert cli._score(cli._row(run)) == told


def test_accuracies_are_told_as_percent(call, monkeypatch, tmp_path):
    result = {"run": "x", "metrics": {"test_accuracy": 0.975, "test_loss": 0.1}}
    monkeypatch.setattr(cli, "run_here", lambda *_: result)
    assert call(*TRAIN)[1] == "test_accuracy: 97.50%\ntest_loss: 0.1000\nRun: x\n"
    assert json.loads(call(*TRAIN, "--json")[1]) == result


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
    status, stdout, stderr = call(*TRAIN, "--json")
    assert (status, f"Go on with: pixelwright resume {json.loads(stdout)['run']}" in stderr) == (130, True)
