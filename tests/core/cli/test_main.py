"""The command line inside this process: what needs no backend."""

import json

import pytest
from PIL import Image

from core import __version__
from core.cli.commands import installation

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
        (("classify", "GAN", "a.png"), 1, "can't classify: it is a DCGAN. Name a run that was trained with"),
        (
            ("inpaint", "RUN", "photo.png", "--mask", "photo.png", "--out", "a.png"),
            1,
            "draws no pictures: it is a CNN. Name a run that was trained with `train dcgan`",
        ),
        ((*STYLIZE, "--backbone", "GAN"), 1, "is of no use for this: it is a DCGAN. Name a run that was trained with"),
        (("generate", "GAN", "--out", "a.png", "--label", "egiht"), 1, "can't draw 'egiht'. Did you mean 'eight'?"),
        (("interpolate", "GAN", "--out", "a.png", "--to-label", "ten"), 1, "can't draw 'ten'. It has learnt: 1"),
        (
            ("inpaint", "GAN", "photo.png", "--mask", "photo.png", "--out", "a.png", "--label", "egiht"),
            1,
            "can't draw 'egiht'. Did you mean 'eight'?",
        ),
        (("inpaint", "GAN", "photo.png", "--mask", "no.png", "--out", "a.png"), 1, "There is no picture 'no.png'."),
        (("inpaint", "GAN", "no.png", "--mask", "photo.png", "--out", "a.png"), 1, "There is no picture 'no.png'."),
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


@pytest.mark.parametrize("words", [("bake",), (*TRAIN, "--colour", "red"), (*TRAIN, "--set", "epochs")])
def test_bad_usage_and_where_to_read_about_it_are_two_sentences(call, words):
    said = call(*words)[2]
    problem, _, hint = said.partition(" `pixelwright")
    assert problem.endswith((".", "?", "!"))
    assert not problem.endswith("..")
    assert hint.endswith("--help` shows how to use it.\n")


def test_the_version_and_the_help_are_told(call):
    assert call("--version") == (0, f"Pixelwright {__version__}\n", "")
    status, stdout, _ = call("--help")
    assert (status, "classify" in stdout) == (0, True)


def test_ctrl_c_where_no_job_catches_it_is_told_too(call, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(installation, "examine", interrupt)
    status, stdout, stderr = call("doctor", "--json")
    assert (status, json.loads(stdout), stderr) == (130, {"status": "stopped"}, "Stopped.\n")


@pytest.mark.parametrize("words", [("runs",), ("resume", "x"), ("evaluate", "x"), ("classify", "x", "a.png")])
def test_a_workspace_that_is_not_there_is_told(call, tmp_path, words):
    status, _, stderr = call(*words, "--workspace", tmp_path / "mistyped")
    assert (status, "There is no workspace" in stderr, "mistyped" in stderr) == (1, True, True)
    assert not (tmp_path / "mistyped").exists()
