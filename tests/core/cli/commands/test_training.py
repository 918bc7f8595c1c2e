import json
import zipfile

import pytest

from core.cli.commands import training
from core.jobs import Job


def _hostile_zip(folder, _):
    folder.mkdir()
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        archive.writestr("../a/1.png", b"")
    return folder / "set.zip"


def _empty(folder, _):
    folder.mkdir()
    return folder


def _unreadable(folder, make):
    for path in make(folder, "cats/1.png", "cats/2.png", "dogs/1.png").rglob("*.png"):
        path.write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_unreadable, "None of the 3 pictures"),
        (lambda folder, make: make(folder, "train/1.png", "test/1.png"), "taken for splits, and hold their pictures"),
        (lambda *_: "digts", "Did you mean 'digits'?"),
        (_empty, "No pictures found"),
        (lambda folder, make: make(folder, "1.png", "2.png"), "lie in no class folders"),
        (lambda folder, make: make(folder, "cats/1.png", "cats/2.png"), "only one class"),
        (_hostile_zip, "not safe to read"),
        (lambda folder, _: folder, "There is no file, folder"),
        (lambda *_: "shapes-clips", "not single pictures. Choose the data set 'shapes'"),
    ],
)
def test_a_mistake_in_the_data_is_told_before_a_backend_is_loaded_or_a_run_made(
    call, tmp_path, make_pictures, make, said
):
    data = make(tmp_path / "data", make_pictures)
    status, _, stderr = call("train", "cnn", "--data", data)
    assert (status, said in stderr) == (1, True), stderr
    (tmp_path / "job.json").write_text(json.dumps({"task": "train", "model": "cnn", "settings": {"data": str(data)}}))
    status, _, stderr = call("run", tmp_path / "job.json")
    assert (status, said in stderr) == (1, True), stderr
    assert not (tmp_path / "workspace" / "runs").exists()


@pytest.mark.parametrize("content", [b"", b" \n", b"\0\0\0"])
def test_a_text_that_holds_none_is_told_before_a_backend_is_loaded(call, tmp_path, content):
    (tmp_path / "story.txt").write_bytes(content)
    status, _, stderr = call("train", "gpt2", "--data", tmp_path / "story.txt")
    assert (status, "None of the 1 texts" in stderr) == (1, True), stderr
    assert not (tmp_path / "workspace" / "runs").exists()


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        ("TEXT", "is no classifier: it can't be the feature extractor. Name a classifier's run"),
        ("GAN", "is no classifier: it can't be the feature extractor. Name a classifier's run"),
        ("nobody", "There is no run 'nobody'"),
        ("none.h5", "There is no file 'none.h5'."),
    ],
)
def test_a_feature_extractor_of_no_use_is_told_before_a_backend_is_loaded_or_a_run_made(
    call, tmp_path, gan_id, text_id, judge, said
):
    judge = {"TEXT": text_id, "GAN": gan_id}.get(judge, judge)
    status, _, stderr = call("train", "dcgan", "--data", "digits", "--set", f"judge={judge}")
    assert (status, said in stderr) == (1, True), stderr
    assert {path.name for path in (tmp_path / "workspace" / "runs").iterdir()} == {gan_id, text_id}


def test_accuracies_are_told_as_percent(call, monkeypatch, tmp_path):
    result = {"run": "x", "metrics": {"test_accuracy": 0.975, "test_loss": 0.1}}
    monkeypatch.setattr(training, "run_here", lambda *_: result)
    assert call("train", "cnn", "--data", "digits")[1] == "test_accuracy: 97.50%\ntest_loss: 0.1000\nRun: x\n"
    assert json.loads(call("train", "cnn", "--data", "digits", "--json")[1]) == result


def test_an_accuracy_is_told_with_its_interval_and_what_it_does_not_tell(call, monkeypatch):
    metrics = {"test_accuracy": 0.975, "test_accuracy_low": 0.9, "test_accuracy_high": 0.99}
    caveats = [{"message": "Nothing is known of {classes}.", "values": {"classes": "cats"}}]
    monkeypatch.setattr(training, "run_here", lambda *_: {"run": "x", "metrics": metrics, "caveats": caveats})
    said = "test_accuracy: 97.50% (95 % interval: 90.00% to 99.00%)\nNothing is known of cats.\nRun: x\n"
    assert call("train", "cnn", "--data", "digits")[1] == said


def test_resume_takes_the_place_where_the_data_are_now(call, run_id, tmp_path, make_pictures, monkeypatch):
    asked = []
    monkeypatch.setattr(training, "run_here", lambda job, *_: asked.append(job) or {"run": run_id})
    data = make_pictures(tmp_path / "moved", "cats/1.png", "dogs/1.png")
    assert call("resume", run_id, "--data", data)[0] == 0
    assert call("resume", run_id)[0] == 0
    assert [job.settings["data"] for job in asked] == [str(data), "digits"]
    status, _, stderr = call("resume", run_id, "--data", tmp_path / "nowhere")
    assert (status, "There is no file, folder" in stderr) == (1, True)


def test_a_job_file_replaces_no_picture(call, tmp_path, make_pictures):
    picture = make_pictures(tmp_path / "new", "1.png") / "1.png"
    before = picture.read_bytes()
    assert call("train", "cnn", "--data", "digits", "--save-job", picture)[0] == 1
    assert picture.read_bytes() == before


def test_a_job_file_holds_every_setting_and_those_named_by_an_option_win(call, tmp_path):
    words = ("--epochs", "3", "--set", "epochs=9", "--set", "batch-size=16", "--seed", "7", "--backend", "jax")
    status, stdout, _ = call("train", "cnn", "--data", "digits", "--save-job", tmp_path / "job.json", *words, "--json")
    (job,) = Job.load(tmp_path / "job.json")
    assert (status, json.loads(stdout)) == (0, {"job": str(tmp_path / "job.json")})
    assert (job.settings["epochs"], job.settings["batch_size"], job.seed, job.backend) == (3, 16, 7, "jax")
    assert job == job.complete()
