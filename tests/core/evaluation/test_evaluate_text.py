"""Evaluation of a language model's run: what is scored, and what the report holds."""

import math
import re
from pathlib import Path

import pytest
from in_process import BACKEND, do

from core.context import Context
from core.data.sources.shapes import make_scene
from core.errors import UserError
from core.events import Progress, Saved
from core.jobs import Job
from core.runs.run import Workspace
from core.settings.text_fit import Gpt2Training
from core.text.corpus.corpus import load_corpus

SETTINGS = {"size": "tiny", "layers": 1, "width": 32, "count": 200, "epochs": 2, "lr": 0.01, "context": 32}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    job = Job(task="train", model="gpt2", settings=SETTINGS, backend=BACKEND, device="cpu", name="Tales <of> shapes")
    run = workspace.create_run(job)[0]
    ending, _ = do(workspace, "train", run=run)
    assert ending.state == "finished", ending.trace
    return workspace, run


@pytest.fixture(scope="module")
def evaluated(trained):
    workspace, run = trained
    ending, events = do(workspace, "evaluate", {"run": run.id})
    assert ending.state == "finished", ending.trace
    return ending.result, events


def test_the_report_is_one_file_that_needs_nothing_else(trained, evaluated):
    _, run = trained
    scored, events = evaluated
    assert scored["report"] == str(run.folder / "report.html")
    assert any(isinstance(event, Saved) and event.path == scored["report"] for event in events)
    page = Path(scored["report"]).read_text(encoding="utf-8")
    assert "<h1>Tales &lt;of&gt; shapes</h1>" in page
    assert "<svg" in page
    assert f"{scored['metrics']['perplexity']:.2f}" in page
    assert scored["hardest"]["texts"][0]["text"].split()[0] in page
    assert "drawn at temperature 0.7" in page
    assert 'src="http' not in page
    assert 'href="http' not in page.replace('xlink:href="#', "")
    assert "<script" not in page


def test_the_model_stands_beside_guessing(evaluated):
    scored, _ = evaluated
    baselines, metrics = scored["baselines"], scored["metrics"]
    assert metrics["perplexity"] == pytest.approx(math.exp(metrics["test_loss"]))
    assert metrics["perplexity"] < baselines["unigram"] < baselines["uniform"]
    assert metrics["test_loss_per_text"] == pytest.approx(metrics["test_loss"] * scored["tokens"] / scored["count"])


@pytest.mark.parametrize("kind", ["tokens", "texts"])
def test_the_hardest_are_harder_than_the_easiest(evaluated, kind):
    scored, _ = evaluated
    hardest, easiest = ([row["loss"] for row in scored[which][kind]] for which in ("hardest", "easiest"))
    assert hardest == sorted(hardest, reverse=True)
    assert easiest == sorted(easiest)
    assert min(hardest) > max(easiest)
    assert len(scored["hardest"][kind]) == {"tokens": 12, "texts": 5}[kind]


def test_it_writes_from_nothing_and_from_beginnings_of_texts_the_same_each_time(trained, evaluated):
    workspace, run = trained
    scored, _ = evaluated
    assert scored["written"][0]["start"] == ""
    assert len({row["start"] for row in scored["written"]}) == 4
    assert any(row["greedy"] for row in scored["written"])  # one may end at once
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    assert ending.result["written"] == scored["written"]


def test_all_other_texts_are_scored_whatever_would_be_cut_off_them(trained, tmp_path):
    workspace, run = trained
    lines = [f"{number} {sentence}" for number in range(30) for sentence in make_scene(7, number).sentences]
    (tmp_path / "more.txt").write_text("\n".join(lines))
    ending, _ = do(workspace, "evaluate", {"run": run.id, "data": str(tmp_path / "more.txt")})
    assert ending.state == "finished", ending.trace
    assert ending.result["count"] == 1  # one file; it was neither cut into pieces nor divided
    assert re.sub(r"\s", "", ending.result["hardest"]["texts"][0]["name"]).endswith("more.txt")
    assert Path(ending.result["report"]).name == "report-more.html"
    assert "unigram" not in ending.result["baselines"]
    (tmp_path / "tiny.txt").write_text("a circle")  # far too little to be divided
    ending, _ = do(workspace, "evaluate", {"run": run.id, "data": str(tmp_path / "tiny.txt")})
    assert ending.state == "finished", ending.trace
    assert ending.result["tokens"] >= 2


def file_of_sentences(path, scenes, seed=0):
    lines = [sentence for number in range(scenes) for sentence in make_scene(seed, number).sentences]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def of_a_file(tmp_path_factory):
    """A run that has learnt a file, cut into pieces."""
    folder = tmp_path_factory.mktemp("of a file")
    data = file_of_sentences(folder / "tale.txt", 150)
    workspace = Workspace(folder / "workspace")
    job = Job(task="train", model="gpt2", settings={**SETTINGS, "data": str(data)}, backend=BACKEND, device="cpu")
    run = workspace.create_run(job)[0]
    ending, _ = do(workspace, "train", run=run)
    assert ending.state == "finished", ending.trace
    return workspace, run, data, ending.result


def test_the_runs_own_text_at_another_place_is_scored_by_its_own_test_split(of_a_file, tmp_path):
    workspace, run, data, own = of_a_file
    moved = tmp_path / "moved.txt"
    moved.write_bytes(data.read_bytes())
    ending, _ = do(workspace, "evaluate", {"run": run.id, "data": str(moved)})
    assert ending.state == "finished", ending.trace
    assert ending.result["metrics"]["perplexity"] == pytest.approx(own["metrics"]["perplexity"], rel=1e-4)
    assert ending.result["seen"]["train"] > ending.result["seen"]["unseen"] > 0
    assert ending.result["caveats"][0]["message"].startswith("'{data}' holds what the run was trained on")


def test_what_is_known_of_a_longer_text_is_scored_apart(of_a_file, tmp_path):
    workspace, run, data, _ = of_a_file
    longer = tmp_path / "longer.txt"
    news = "".join(f"Nobody has read about the {number} bright yellow umbrellas.\n" for number in range(20))
    longer.write_text(data.read_text() + news)
    ending, _ = do(workspace, "evaluate", {"run": run.id, "data": str(longer)})
    assert ending.state == "finished", ending.trace
    scored, total = ending.result, len(longer.read_text())
    assert sum(scored["seen"].values()) == total
    assert len(news) <= scored["seen"]["unseen"] < 0.4 * total  # with the run's own test split
    assert scored["metrics"]["known_perplexity"] < scored["metrics"]["perplexity"]
    share = 1 - scored["seen"]["unseen"] / total
    (caveat,) = scored["caveats"]
    assert caveat["values"] == {"share": f"{share:.1%}"}
    page = Path(scored["report"]).read_text(encoding="utf-8")
    assert f"{share:.1%} of the text is known from training or validation" in page
    assert "perplexity on known text" in page


def test_a_perplexity_of_known_text_alone_is_not_called_a_score(of_a_file, tmp_path):
    workspace, run, data, _ = of_a_file
    corpus = load_corpus(Gpt2Training.parse({**SETTINGS, "data": str(data)}), 0, Context(run.record().job, workspace))
    (tmp_path / "known.txt").write_text(corpus.splits["train"][0].text)
    ending, _ = do(workspace, "evaluate", {"run": run.id, "data": str(tmp_path / "known.txt")})
    assert ending.state == "finished", ending.trace
    assert set(ending.result["metrics"]) == {"known_perplexity", "known_loss"}
    assert "this is no score on new text" in ending.result["caveats"][0]["message"]


def test_other_texts_than_those_it_was_trained_on_have_no_test_split(of_a_file, tmp_path):
    """Nor where the run has lost its checkpoints, which would refuse them."""
    workspace, run, data, _ = of_a_file
    before = data.read_bytes()
    kept = run.checkpoints.rename(tmp_path / "checkpoints")
    data.write_bytes(before + b"One line more.\n")
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    data.write_bytes(before)
    kept.rename(run.checkpoints)
    assert ending.state == "failed"
    assert "have changed since the run" in ending.message


def test_only_the_test_part_of_other_texts_is_scored_where_they_have_one(trained, tmp_path):
    workspace, run = trained
    for split, count in (("train", 5), ("test", 3)):
        (tmp_path / "data" / split).mkdir(parents=True)
        for number in range(count):
            (tmp_path / "data" / split / f"{number}.txt").write_text(f"a red circle is there {number}")
    ending, _ = do(workspace, "evaluate", {"run": run.id, "data": str(tmp_path / "data")})
    assert ending.state == "finished", ending.trace
    assert ending.result["count"] == 3


def test_a_report_that_cannot_be_written_costs_no_score(trained, monkeypatch):
    def refuse(*_):
        raise UserError("The disk is full.")

    workspace, run = trained
    monkeypatch.setattr("core.evaluation.evaluate_text.write_atomic", refuse)
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    assert (ending.state, ending.result["report"], ending.result["error"]) == ("finished", "", "The disk is full.")


@pytest.mark.parametrize("phase", ["evaluate", "write"])
def test_stop_is_heard(trained, phase):
    def act(event, context):
        if isinstance(event, Progress) and event.phase == phase:
            context.cancel()

    workspace, run = trained
    ending, _ = do(workspace, "evaluate", {"run": run.id}, act=act)
    assert ending.state == "cancelled"
