"""From texts to a trained, saved and scored GPT-2."""

import csv
import json
import math
import shutil
from collections import Counter

import keras
import numpy as np
import pytest
from in_process import BACKEND, do

from core.context import Context
from core.data.sources.shapes import entropy, parse
from core.engine.engine import run_job
from core.events import Log, Metric
from core.inference.trained_text import trained_text_model
from core.jobs import Job
from core.models.gpt2.folder import open_gpt2
from core.models.shared.variables import named_variables, read_variables
from core.runs.run import Run, Workspace

TINY = {"size": "tiny", "layers": 1, "width": 32, "count": 400, "epochs": 4, "lr": 0.01, "batch_size": 32}


def queue(workspace, **settings):
    job = Job(task="train", model="gpt2", settings={**TINY, **settings}, backend=BACKEND, device="cpu", seed=3)
    return workspace.create_run(job)[0]


def stop_at(step):
    def act(event, context):
        if isinstance(event, Metric) and event.per == "batch" and event.step >= step:
            context.cancel()

    return act


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    run = queue(workspace, dropout=0.1)
    ending, events = do(workspace, "train", run=run)
    assert ending.state == "finished", ending.trace
    return workspace, run, ending.result, events


def test_learns_far_more_than_how_often_each_token_comes(trained):
    workspace, run, result, _ = trained
    gpt2, _ = trained_text_model(run, Context(run.record().job, workspace))
    corpus = training_texts(workspace, run)
    counts = Counter(token for text in corpus for token in (*gpt2.tokenizer.encode(text), gpt2.tokenizer.end_id))
    total = sum(counts.values())
    unigram = -sum(count / total * math.log(count / total) for count in counts.values())
    assert unigram > 3
    assert result["metrics"]["test_loss"] < 0.5 * unigram
    assert result["metrics"]["perplexity"] == pytest.approx(math.exp(result["metrics"]["test_loss"]))
    assert result["metrics"]["test_loss_per_text"] > entropy() * 0.9


def training_texts(workspace, run):
    from core.text.corpus.corpus import load_corpus

    job = run.record().job
    corpus = load_corpus(job.typed_settings(), job.seed, Context(job, workspace))
    return [passage.text for passage in corpus.splits["train"]]


def test_says_what_scripts_rely_on(trained):
    _, run, result, events = trained
    assert set(result) >= {"run", "metrics", "epochs", "samples_per_s", "tokens_per_s", "train_s", "counts", "tokens"}
    assert result["epochs"] == 4
    record = run.record()
    assert record.status == "done"
    assert record.result == json.loads(json.dumps(result))
    assert sum(record.dataset["counts"].values()) == sum(result["counts"].values())
    with run.history_path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "loss", "perplexity", "val_loss", "val_perplexity"]
    for row in rows:
        assert float(row["val_perplexity"]) == pytest.approx(math.exp(float(row["val_loss"])))
    running = [event for event in events if isinstance(event, Metric) and event.per == "batch"]
    assert {"loss", "perplexity", "lr"} <= running[0].values.keys()


def test_the_model_is_a_folder_that_gpt2_programs_open(trained):
    _, run, _, _ = trained
    names = {path.name for path in run.model_folder.iterdir()}
    assert names == {"manifest.json", "model.json", "config.json", "model.safetensors", "vocab.json", "merges.txt"}
    assert open_gpt2(run.model_folder).settings.layers == 1


def test_evaluation_repeats_the_test_score(trained):
    workspace, run, result, _ = trained
    ending, _ = do(workspace, "evaluate", {"run": run.id})
    assert ending.state == "finished", ending.trace
    assert ending.result["metrics"]["perplexity"] == pytest.approx(result["metrics"]["perplexity"], rel=1e-5)
    assert ending.result["tokens"] == result["tokens"]["test"]


def test_other_texts_are_scored_as_a_whole(trained, tmp_path):
    workspace, run, result, _ = trained
    (tmp_path / "odd.txt").write_text("square red a is there\n" * 40)
    ending, _ = do(workspace, "evaluate", {"run": run.id, "data": str(tmp_path / "odd.txt")})
    assert ending.state == "finished", ending.trace
    assert ending.result["metrics"]["perplexity"] > 3 * result["metrics"]["perplexity"]


def test_writes_sentences(trained):
    workspace, run, _, _ = trained
    settings = {"model": str(run.folder), "prompts": [""], "temperature": 0.0, "max_tokens": 30}
    ending, _ = do(workspace, "text", settings)
    assert ending.state == "finished", ending.trace
    parse(ending.result["texts"][0])


def weights(workspace, run):
    gpt2, _ = trained_text_model(run, Context(run.record().job, workspace))
    return read_variables(named_variables(gpt2.model))


def queue_short(workspace):
    return queue(workspace, dropout=0.2, keep="last", epochs=2, count=100, batch_size=16, weight_decay=0.1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A short training without a stop: its run, its result and its weights."""
    workspace = Workspace(tmp_path_factory.mktemp("whole"))
    run = queue_short(workspace)
    ending, _ = do(workspace, "train", run=run)
    assert ending.state == "finished", ending.trace
    return run, ending.result, weights(workspace, run)


def test_stopped_within_an_epoch_and_resumed_ends_as_if_it_had_not_been(whole, tmp_path, monkeypatch):
    monkeypatch.setattr("core.training.loop.loop.REPORT_INTERVAL_S", 0.0)
    workspace = Workspace(tmp_path)
    cut = queue_short(workspace)
    ending, _ = do(workspace, "train", run=cut, act=stop_at(9))
    assert ending.state == "cancelled"
    ending, _ = do(workspace, "train", run=cut)
    assert ending.state == "finished", ending.trace
    run, result, expected = whole
    assert run.history_path.read_bytes() == cut.history_path.read_bytes()
    assert result["metrics"] == ending.result["metrics"]
    found = weights(workspace, cut)
    for key, value in expected.items():
        if "seed_generator" not in key:
            np.testing.assert_array_equal(found[key], value, err_msg=key)


def test_goes_on_from_a_gpt2_with_its_own_tokenizer(trained, tmp_path):
    workspace, run, _, _ = trained
    base = shutil.copytree(run.model_folder, tmp_path / "base")
    (tmp_path / "more.txt").write_text("there is a large red circle\n" * 30 + "there is a small blue cross\n" * 30)
    more = queue(workspace, gpt2=str(base), data=str(tmp_path / "more.txt"), documents="line", epochs=20, keep="last")
    ending, _ = do(workspace, "train", run=more)
    assert ending.state == "finished", ending.trace
    assert (more.model_folder / "vocab.json").read_bytes() == (base / "vocab.json").read_bytes()
    first = float(next(csv.DictReader(more.history_path.read_text().splitlines()))["loss"])
    assert first < 3  # it began with what it knew
    assert ending.result["parameters"] == run.record().result["parameters"]


def test_a_new_model_takes_a_tokenizer_from_elsewhere(trained, tmp_path):
    workspace, run, _, _ = trained
    folder = tmp_path / "tokenizer"
    folder.mkdir()
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(run.model_folder / name, folder / name)
    (tmp_path / "texts.txt").write_text("there is a large red circle\n" * 40)
    new = queue(workspace, tokenizer=str(folder), data=str(tmp_path / "texts.txt"), documents="line", layers=1)
    described = run_job(Context(new.record().job.model_copy(update={"task": "describe", "run": ""}), workspace))
    ending, _ = do(workspace, "train", run=new)
    assert ending.state == "finished", ending.trace
    assert (new.model_folder / "vocab.json").read_bytes() == (folder / "vocab.json").read_bytes()
    assert ending.result["parameters"] == described.result["parameters"]
    (folder / "merges.txt").unlink()
    other = queue(workspace, tokenizer=str(folder), data=str(tmp_path / "texts.txt"), documents="line")
    ending, _ = do(workspace, "train", run=other)
    assert ending.state == "failed"
    assert "merges.txt" in f"{ending.message} {ending.values}"


def test_changed_texts_are_refused_on_resuming(tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    path = tmp_path / "texts.txt"
    path.write_text("".join(f"a line about number {number}\n" for number in range(300)))
    run = queue(workspace, data=str(path), epochs=3)
    ending, _ = do(workspace, "train", run=run, act=stop_at(1))
    assert ending.state == "cancelled"
    path.write_text(path.read_text() + "another line\n")
    ending, _ = do(workspace, "train", run=run)
    assert ending.state == "failed"
    assert "has changed since the run" in ending.message


def test_bad_files_are_listed(tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "good.txt").write_text("".join(f"a line about number {number}\n" for number in range(300)))
    (tmp_path / "texts" / "bad.txt").write_bytes(b"\0\0\0")
    run = queue(workspace, data=str(tmp_path / "texts"), epochs=1)
    ending, _ = do(workspace, "train", run=run, act=stop_at(1))
    assert ending.state == "cancelled", ending.trace
    with run.skipped_path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["reason"] for row in rows] == ["It is no text: it holds zero bytes."]


def test_a_mistake_in_the_data_is_told_before_a_run_is_made(tmp_path):
    from core.engine.engine import make_run
    from core.errors import UserError

    job = Job(task="train", model="gpt2", settings={"data": str(tmp_path / "nowhere.txt")}, backend=BACKEND)
    with pytest.raises(UserError, match="no file, folder or embedded text"):
        make_run(job, Workspace(tmp_path / "workspace"))
    assert not (tmp_path / "workspace").exists()


def test_a_damaged_tokenizer_is_told(trained, tmp_path):
    workspace = Workspace(tmp_path)
    run = Run(shutil.copytree(trained[1].folder, workspace.runs_folder / trained[1].id))
    (run.folder / "tokenizer" / "vocab.json").write_bytes(b"{}")
    ending, _ = do(workspace, "train", run=run)
    assert ending.state == "failed"
    assert "tokenizer of the run" in ending.message


def test_a_run_that_was_cut_off_is_used_with_its_checkpoint(tmp_path):
    workspace = Workspace(tmp_path)
    run = queue(workspace)
    do(workspace, "train", run=run, act=stop_at(30))
    shutil.rmtree(run.model_folder)
    run.update(status="interrupted")
    ending, events = do(workspace, "evaluate", {"run": run.id})
    assert ending.state == "finished", ending.trace
    assert any("checkpoint's weights are used" in event.message for event in events if isinstance(event, Log))
    ending, _ = do(workspace, "text", {"model": run.id, "prompts": ["there is"], "max_tokens": 5})
    assert ending.state == "finished", ending.trace
    assert ending.result["texts"][0].startswith("there is")
    assert 1 <= len(ending.result["tokens"][0]) <= 5


def test_it_writes_as_it_has_learnt_with_the_end_token_first(trained):
    workspace, run, *_ = trained
    gpt2, _ = trained_text_model(run, Context(run.record().job, workspace))
    prompt = gpt2.tokenizer.encode("there is a")
    settings = {"model": run.id, "prompts": ["there is a"], "temperature": 0.0, "max_tokens": 1, "alternatives": 3}
    ending, _ = do(workspace, "text", settings)
    assert ending.state == "finished", ending.trace
    logits = keras.ops.convert_to_numpy(gpt2.model(keras.ops.convert_to_tensor([[gpt2.tokenizer.end_id, *prompt]])))
    expected = np.exp(logits[0, -1] - logits[0, -1].max())
    expected /= expected.sum()
    view = ending.result["views"][0][0]
    assert view["token"] == expected.argmax()
    assert view["probability"] == pytest.approx(expected.max(), rel=1e-3)


def test_the_size_is_told_before_training(trained):
    workspace, run, result, _ = trained
    job = run.record().job.model_copy(update={"task": "describe", "run": ""})
    told = run_job(Context(job, workspace)).result
    vocabulary = 4096 - open_gpt2(run.model_folder).tokenizer.size
    assert told["parameters"] == result["parameters"] + 32 * vocabulary
