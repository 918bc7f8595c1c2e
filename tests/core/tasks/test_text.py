"""Writing with a GPT-2 from a folder: through the task, its events, and the command line."""

import json
import shutil
import time

import keras
import numpy as np
import pytest

from core.cli.main import main
from core.context import Context
from core.engine.engine import run_job
from core.events import Images, Log, Progress, Text
from core.jobs import Job
from core.models.gpt2.folder import gpt2_files
from core.models.gpt2.gpt2 import build
from core.runs.run import Workspace
from core.settings.gpt2 import Gpt2Settings

BACKEND = keras.backend.backend()
SETTINGS = Gpt2Settings.parse({"size": "tiny", "width": 32, "heads": 4, "context": 64})
CACHE = {}


@pytest.fixture(scope="module")
def folder(small_tokenizer, tmp_path_factory):
    keras.utils.set_random_seed(0)
    model = build(SETTINGS, small_tokenizer.size)
    rng = np.random.default_rng(0)
    for variable in model.weights:
        noise = 0.8 if variable.path.startswith("position") else 0.2
        variable.assign(float("gamma" in variable.path) + rng.normal(0, noise, variable.shape))
    place = tmp_path_factory.mktemp("gpt2")
    for name, content in gpt2_files(model, SETTINGS, small_tokenizer).items():
        (place / name).write_bytes(content)
    return place


def do(folder, workspace, task="text", act=lambda event, context: None, seed=0, **settings):
    """Runs a job in this process; what is compiled is kept from test to test."""
    job = Job(task=task, settings={"model": str(folder), **settings}, backend=BACKEND, seed=seed)
    events = []

    def listener(event):
        events.append(event)
        act(event, context)

    context = Context(job, Workspace(workspace), None, listener, CACHE)
    return run_job(context), events


def result_of(*arguments, **options):
    ending, events = do(*arguments, **options)
    assert ending.state == "finished", f"{ending.message} {ending.values} {ending.trace}"
    return ending.result, events


def test_tokens_stream_as_they_come(folder, tmp_path, small_tokenizer):
    result, events = result_of(folder, tmp_path, prompts=["the red"], max_tokens=12, alternatives=3)
    prompt, *texts = [event for event in events if isinstance(event, Text)]
    assert (prompt.title, prompt.text) == ("prompt", "the red")
    assert [row["token"] for row in prompt.details["tokens"]] == small_tokenizer.encode("the red")
    assert "".join(row["piece"] for row in prompt.details["tokens"]) == "the red"
    tokens = [event.details["token"] for event in texts if "token" in event.details]
    assert [tokens] == result["tokens"]
    assert "".join(event.text for event in texts) == result["continuations"][0]
    assert result["texts"] == ["the red" + result["continuations"][0]]
    assert result["texts"] == [small_tokenizer.decode(small_tokenizer.encode("the red") + tokens)]
    assert result["tokens_per_s"] > 0
    assert 0 < result["first_token_s"] < 12 / result["tokens_per_s"] + 0.1
    last = [event for event in events if isinstance(event, Progress)][-1]
    assert (last.phase, last.done, last.total) == ("write", 12, 12)
    json.dumps(result)
    (views,) = result["views"]
    for view in views:
        listed = [other["token"] for other in view["alternatives"]]
        assert (view["token"] == listed[0]) == (view["rank"] == 1)
        assert 0 < view["probability"] <= view["alternatives"][0]["probability"]


def test_a_seed_repeats_and_several_texts_differ(folder, tmp_path):
    options = {"prompts": ["the", "a small blue"], "count": 3, "max_tokens": 10}
    first, _ = result_of(folder, tmp_path, **options)
    assert len(first["texts"]) == 6
    assert all(text.startswith("the") for text in first["texts"][:3])
    assert all(text.startswith("a small blue") for text in first["texts"][3:])
    assert len({tuple(tokens) for tokens in first["tokens"]}) == 6
    assert result_of(folder, tmp_path, **options)[0]["tokens"] == first["tokens"]
    assert result_of(folder, tmp_path, seed=1, **options)[0]["tokens"] != first["tokens"]


def test_going_on_from_an_alternative_is_what_writing_on_would_give(folder, tmp_path, small_tokenizer):
    options = {"max_tokens": 8, "temperature": 0, "alternatives": 4}
    first, _ = result_of(folder, tmp_path, prompts=["the"], **options)
    prompt, other = small_tokenizer.encode("the"), first["views"][0][2]["alternatives"][1]
    chosen = [*prompt, *first["tokens"][0][:2], other["token"]]
    branch, _ = result_of(folder, tmp_path, prompt_ids=chosen, **options)
    assert branch["tokens"] != [first["tokens"][0][3:] + first["tokens"][0][:3]]
    assert branch["texts"][0] == small_tokenizer.decode(chosen + branch["tokens"][0])
    same, _ = result_of(folder, tmp_path, prompt_ids=[*prompt, *first["tokens"][0][:3]], **options)
    assert same["tokens"][0][:5] == first["tokens"][0][3:]


def test_beams_give_so_many_texts_the_best_first(folder, tmp_path):
    options = {"prompts": ["the"], "max_tokens": 6, "beams": 4, "alternatives": 1}
    result, events = result_of(folder, tmp_path, count=3, **options)
    assert len({tuple(tokens) for tokens in result["tokens"]}) == 3
    scores = [np.mean([np.log(view["probability"]) for view in views]) for views in result["views"]]
    assert scores == sorted(scores, reverse=True)
    assert sum(isinstance(event, Text) for event in events) >= 18
    assert result_of(folder, tmp_path, **options)[0]["tokens"] == result["tokens"][:1]


def test_contrastive_search_writes_something_else_than_greedy(folder, tmp_path):
    options = {"prompts": ["the red"], "max_tokens": 12, "temperature": 0}
    greedy, contrastive = (
        result_of(folder, tmp_path, contrastive=penalty, top_k=5, **options)[0]["tokens"][0] for penalty in (0.0, 0.8)
    )
    assert len(contrastive) == 12
    assert contrastive != greedy


def test_a_stop_word_ends_one_text_and_not_the_others(folder, tmp_path):
    options = {"prompts": ["the", "blue"], "max_tokens": 30, "temperature": 0}
    free, _ = result_of(folder, tmp_path, **options)
    word = free["continuations"][0][8:11]
    stopped, _ = result_of(folder, tmp_path, stop=[word], **options)
    for whole, cut in zip(free["continuations"], stopped["continuations"], strict=True):
        assert cut == whole.partition(word)[0]
    assert len(stopped["tokens"][0]) < 30


def test_stop_is_heard_at_the_next_token(folder, tmp_path):
    written = []

    def act(event, context):
        if isinstance(event, Text):
            written.append(time.process_time())
            if len(written) == 3:
                context.cancel()

    ending, _ = do(folder, tmp_path, act=act, prompts=["the"], max_tokens=50)
    assert ending.state == "cancelled"
    assert len(written) == 3
    assert time.process_time() - written[-1] < 1


def test_a_text_ends_at_the_context(folder, tmp_path):
    result, events = result_of(folder, tmp_path, prompts=["x" * 60], max_tokens=50, temperature=0)
    assert len(result["tokens"][0]) == 4
    assert any(isinstance(event, Log) and event.values == {"room": 4, "context": 64} for event in events)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"prompts": ["x" * 64]}, "64 tokens"),
        ({"prompt_ids": [1, 100_000]}, "no token 100000"),
        ({"model": "gpt2-of-nobody"}, "no run and no folder"),
        ({"beams": 3, "contrastive": 0.5}, "choose one"),
        ({"beams": 3, "count": 4}, "beams must be at least count"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(folder, tmp_path, settings, reason):
    ending, _ = do(settings.get("model", folder), tmp_path, **{"prompts": ["a"], **settings})
    assert ending.state == "failed"
    assert reason in ending.message.format(**ending.values)


@pytest.fixture
def diverged(folder, tmp_path):
    """The same model, whose last norm overflows."""
    from safetensors.numpy import load, save

    place = shutil.copytree(folder, tmp_path / "diverged")
    weights = place / "model.safetensors"
    values = load(weights.read_bytes())
    (norm,) = (name for name in values if name.endswith("ln_f.weight"))
    values[norm] = np.full_like(values[norm], 3e38)  # finite, and too large to reckon with
    weights.write_bytes(save(values))
    return place


@pytest.mark.parametrize("settings", [{}, {"temperature": 0}, {"beams": 3}, {"contrastive": 0.5}], ids=str)
def test_a_model_that_diverged_is_told_in_a_sentence(diverged, tmp_path, settings):
    ending, _ = do(diverged, tmp_path, prompts=["the"], max_tokens=4, **settings)
    assert ending.state == "failed"
    assert "diverged" in ending.message


def test_an_empty_prompt_begins_with_the_end_token(folder, tmp_path, small_tokenizer):
    empty, _ = result_of(folder, tmp_path, max_tokens=5, temperature=0)
    begun, _ = result_of(folder, tmp_path, max_tokens=5, temperature=0, prompt_ids=[small_tokenizer.end_id])
    assert empty["tokens"] == begun["tokens"]
    assert empty["texts"] == empty["continuations"]


def test_the_folder_of_a_trained_run_writes_as_the_run_does(folder, tmp_path, small_tokenizer):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "model.json").write_text("{}")  # which is how a training here signs its models
    foreign, _ = result_of(folder, tmp_path, prompts=["the red"], max_tokens=4, temperature=0)
    ours, _ = result_of(copy, tmp_path, prompts=["the red"], max_tokens=4, temperature=0)
    ids = [small_tokenizer.end_id, *small_tokenizer.encode("the red")]
    begun, _ = result_of(folder, tmp_path, prompt_ids=ids, max_tokens=4, temperature=0)
    assert ours["tokens"] == begun["tokens"] != foreign["tokens"]


def test_examining_tells_each_token_and_each_head(folder, tmp_path, small_tokenizer):
    text = "the red circle is above"
    result, events = result_of(folder, tmp_path, task="examine_text", text=text, alternatives=2)
    ids = small_tokenizer.encode(text)
    assert result["tokens"] == ids
    assert "".join(view["text"] for view in result["views"]) == text
    assert "".join(view["piece"] for view in result["views"]) == text
    assert "probability" not in result["views"][0]
    assert result["perplexity"] == pytest.approx(
        np.exp(-np.mean([np.log(view["probability"]) for view in result["views"][1:]]))
    )
    (attention,) = [event for event in events if isinstance(event, Images)]
    assert [tuple(one.values()) for one in attention.details] == [
        (layer, head) for layer in range(2) for head in range(4)
    ]
    for picture in attention.pictures:
        assert picture.shape == (len(ids), len(ids), 1)
        assert picture[0, 0, 0] == 255
        assert np.abs(picture.sum(axis=1) / 255 - 1).max() < 0.05


def test_what_was_written_is_examined_alike(folder, tmp_path, small_tokenizer):
    options = {"prompts": ["the red"], "max_tokens": 6, "temperature": 0, "alternatives": 2}
    written, _ = result_of(folder, tmp_path, **options)
    ids = small_tokenizer.encode("the red") + written["tokens"][0]
    examined, _ = result_of(folder, tmp_path, task="examine_text", text_ids=ids, alternatives=2, attention=False)
    for one, other in zip(examined["views"][-6:], written["views"][0], strict=True):
        assert (one["token"], one["rank"]) == (other["token"], other["rank"])
        assert one["probability"] == pytest.approx(other["probability"], rel=1e-3)


def test_the_command_writes(folder, tmp_path, capsys):
    words = ["text", str(folder), "--prompt", "the red", "--max-tokens", "5", "--temperature", "0", "--count", "2"]
    assert main([*words, "--json", "--backend", BACKEND]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [len(tokens) for tokens in result["tokens"]] == [5, 5]
    assert result["texts"][0] == result["texts"][1]
    assert result["texts"][0].startswith("the red")
    assert {"tokens_per_s", "first_token_s"} <= result.keys()


def test_the_command_refuses_in_a_sentence(tmp_path, capsys):
    assert main(["text", "gpt2", "--prompt", "a", "--backend", BACKEND, "--workspace", str(tmp_path)]) == 1
    told = capsys.readouterr().err.strip()
    assert "nothing is fetched from the network" in told
    assert "\n" not in told


@pytest.fixture
def little_memory(monkeypatch):
    """Room for three texts of 64 places."""
    from core.models.gpt2.cache import text_bytes
    from core.models.gpt2.folder import open_gpt2

    def shrink(folder):
        one = text_bytes(open_gpt2(folder).model, 16, 64)
        monkeypatch.setattr("core.inference.writer.memory_bytes", lambda: 4 * 3 * one + 4)

    return shrink


def test_beams_that_memory_does_not_hold_are_refused_in_a_sentence(folder, tmp_path, little_memory):
    little_memory(folder)
    options = {"prompts": ["the"], "max_tokens": 6}
    result_of(folder, tmp_path, beams=3, **options)
    ending, _ = do(folder, tmp_path, beams=4, **options)
    assert ending.state == "failed"
    assert "GB of memory" in ending.message
    assert "beams" in ending.hint
    assert ending.values["count"] == 4


def test_a_thousand_candidates_are_tried_a_few_at_a_time(folder, tmp_path, little_memory):
    options = {"prompts": ["the"], "max_tokens": 6, "contrastive": 0.5, "top_k": 1000}
    whole = result_of(folder, tmp_path, **options)[0]
    little_memory(folder)
    assert result_of(folder, tmp_path, **options)[0]["tokens"] == whole["tokens"]


def test_as_many_texts_are_drawn_at_a_time_as_memory_holds(folder, tmp_path, little_memory):
    options = {"prompts": ["the"], "max_tokens": 6, "count": 5}
    whole = result_of(folder, tmp_path, **options)[0]
    little_memory(folder)
    assert result_of(folder, tmp_path, **options)[0]["tokens"] == whole["tokens"]
