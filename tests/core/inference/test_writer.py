"""Writing with the cache gives what writing without it gives, and what transformers gives, token by token."""

import itertools

import keras
import numpy as np
import pytest

from core.inference.writer import Writer
from core.models.gpt2.folder import gpt2_files
from core.models.gpt2.gpt2 import backbone_of, build
from core.settings.gpt2 import Gpt2Settings
from core.text.rows.round_up import round_up
from core.text.sampling.beam import BeamSearch
from core.text.sampling.contrastive import contrastive_search
from core.text.sampling.sampling import Sampling, log_softmax, softmax
from core.text.sampling.writing import write

SETTINGS = Gpt2Settings.parse({"size": "tiny", "width": 32, "heads": 4, "context": 96})
NEW = 64
GREEDY = Sampling(temperature=0.0)


def varied(settings, vocabulary_size, seed=0):
    """A model that does not say the same word again and again: its weights are larger than fresh ones."""
    keras.utils.set_random_seed(seed)
    model = build(settings, vocabulary_size)
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        noise = 0.8 if variable.path.startswith("position") else 0.2
        variable.assign(float("gamma" in variable.path) + rng.normal(0, noise, variable.shape))
    return model


@pytest.fixture(scope="module")
def model(small_tokenizer):
    return varied(SETTINGS, small_tokenizer.size)


@pytest.fixture(scope="module")
def writer(model):
    return Writer(model, SETTINGS.context)


@pytest.fixture(scope="module")
def prompts(small_tokenizer):
    rng = np.random.default_rng(0)
    return [rng.integers(0, small_tokenizer.size, length).tolist() for length in (5, 1, 16, 27)]


def written(writer, prompts, sampling=GREEDY, new=NEW, seed=0, end_id=None):
    rngs = [np.random.default_rng([seed, row]) for row in range(len(prompts))]
    steps = write(writer.begin(prompts, new), prompts, sampling, rngs, [new] * len(prompts), end_id, 3)
    texts = [[] for _ in prompts]
    for step in steps:
        for row, view in step:
            texts[row].append(view)
    return texts


def test_packed_weights_give_what_the_layers_give(model, writer, prompts, monkeypatch):
    assert writer._packed
    monkeypatch.setattr("core.inference.writer.can_pack", lambda model: False)
    plain = Writer(model, SETTINGS.context)
    assert not plain._packed
    one, other = (each.begin(prompts, 4) for each in (writer, plain))
    for token in (3, 1, 2, 0):
        for writing in (one, other):
            writing.advance(np.full(len(prompts), token))
        assert np.allclose(one.logits(), other.logits(), atol=1e-4)
        assert np.allclose(one.hidden(), other.hidden(), atol=1e-4)


@pytest.mark.slow  # no task quantises: only the benchmark does
def test_a_quantised_model_writes_by_its_own_layers(small_tokenizer, prompts):
    quantised = varied(SETTINGS, small_tokenizer.size)
    quantised.quantize("int8")
    writer = Writer(quantised, SETTINGS.context)
    assert not writer._packed
    assert tokens_of(written(writer, prompts[:1], new=4)) == greedy_without_cache(quantised, prompts[:1], 4)


def tokens_of(views):
    return [[view.token for view in text] for text in views]


def logits_of(model, *texts):
    """The logits after each text, computed whole, without a cache."""
    padded = np.zeros((len(texts), SETTINGS.context), np.int32)  # one shape; what comes after a text is not seen
    for row, ids in enumerate(texts):
        padded[row, : len(ids)] = ids
    logits = keras.ops.convert_to_numpy(model(padded))
    return np.stack([logits[row, len(ids) - 1] for row, ids in enumerate(texts)])


def greedy_without_cache(model, prompts, new=NEW):
    texts = [list(prompt) for prompt in prompts]
    for _ in range(new):
        for text, logits in zip(texts, logits_of(model, *texts), strict=True):
            text.append(int(np.argmax(logits)))
    return [text[len(prompt) :] for text, prompt in zip(texts, prompts, strict=True)]


def test_greedy_with_the_cache_equals_greedy_without(model, writer, prompts):
    together = tokens_of(written(writer, prompts))
    assert together == greedy_without_cache(model, prompts)
    assert min(len(set(tokens)) for tokens in together) >= 20
    assert tokens_of(written(writer, prompts[:1])) == together[:1]


def test_greedy_equals_that_of_transformers(model, writer, prompts, small_tokenizer, tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    for name, content in gpt2_files(model, SETTINGS, small_tokenizer).items():
        (tmp_path / name).write_bytes(content)
    theirs = transformers.GPT2LMHeadModel.from_pretrained(tmp_path).eval()
    options = {"max_new_tokens": NEW, "min_new_tokens": NEW, "do_sample": False, "pad_token_id": 0}
    theirs.generation_config.eos_token_id = None
    ours = tokens_of(written(writer, prompts))
    for prompt, tokens in zip(prompts, ours, strict=True):
        ids = torch.tensor([prompt])
        found = theirs.generate(ids, attention_mask=torch.ones_like(ids), **options)
        assert found[0, len(prompt) :].tolist() == tokens


def test_a_bucket_is_compiled_once(model, prompts):
    writer = Writer(model, SETTINGS.context)
    for batch in (prompts[:1], prompts[1:2], [prompts[0][:3]]):
        written(writer, batch, new=20)
    expected = 1
    assert writer.traces == {"prompt": expected, "step": expected}
    written(writer, prompts, new=20)
    if keras.backend.backend() != "torch":  # which traces nothing
        assert writer.traces == {"prompt": 2, "step": 2}


def test_a_warm_bucket_needs_no_more_compiling(model, prompts):
    writer = Writer(model, SETTINGS.context)
    writer.warm_up(writer.bucket(prompts, 20))
    before = writer.traces
    written(writer, prompts, new=20)
    assert writer.traces == before


def test_a_text_does_not_depend_on_its_neighbours(writer, prompts):
    sampling = Sampling(temperature=0.8, top_k=50, top_p=0.95)
    together = tokens_of(written(writer, prompts, sampling))
    assert tokens_of(written(writer, prompts[:2], sampling)) == together[:2]
    assert tokens_of(written(writer, prompts, sampling)) == together
    assert tokens_of(written(writer, prompts, sampling, seed=1)) != together


def test_a_text_ends_with_its_end_token_or_at_its_limit(model, writer, prompts):
    free = tokens_of(written(writer, prompts))
    end_id = free[0][9]
    ended = tokens_of(written(writer, prompts, end_id=end_id))
    for tokens, cut in zip(free, ended, strict=True):
        assert cut == tokens[: tokens.index(end_id) + 1 if end_id in tokens else NEW]


def test_the_context_can_be_filled_to_its_end(model, writer):
    full = list(range(SETTINGS.context - 2))
    short = [1, 2, 3]
    rngs = [np.random.default_rng(0)] * 2
    texts = [[], []]
    for step in write(writer.begin([full, short], 8), [full, short], GREEDY, rngs, [2, 8], None, 0):
        for row, view in step:
            texts[row].append(view.token)
    assert texts == [*greedy_without_cache(model, [full], 2), *greedy_without_cache(model, [short], 8)]


def test_the_view_tells_what_the_model_thought(model, writer, prompts):
    (views,) = written(writer, prompts[:1], Sampling(temperature=1.5), new=6)
    text = list(prompts[0])
    for view in views:
        probabilities = softmax(logits_of(model, text)[0])
        assert view.probability == pytest.approx(probabilities[view.token], abs=1e-5)
        assert view.rank == 1 + (probabilities > probabilities[view.token]).sum()
        assert view.entropy == pytest.approx(-(probabilities * np.log(probabilities)).sum(), abs=1e-4)
        assert [token for token, _ in view.alternatives] == np.argsort(-probabilities)[:3].tolist()
        text.append(view.token)


def test_attention_looks_back_and_sums_to_one(writer, prompts):
    attention = writer.attention(prompts[3])
    assert attention.shape == (2, 4, 27, 27)
    np.testing.assert_allclose(attention.sum(axis=-1), 1, atol=1e-5)
    assert np.abs(np.triu(attention, 1)).max() == 0
    assert np.ptp(attention[..., -1, :]) > 0.01


def test_attention_is_that_of_transformers(model, writer, prompts, small_tokenizer, tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    for name, content in gpt2_files(model, SETTINGS, small_tokenizer).items():
        (tmp_path / name).write_bytes(content)
    theirs = transformers.GPT2LMHeadModel.from_pretrained(tmp_path, attn_implementation="eager").eval()
    with torch.no_grad():
        found = theirs(torch.tensor([prompts[3]]), output_attentions=True).attentions
    np.testing.assert_allclose(writer.attention(prompts[3]), torch.stack(found)[:, 0].numpy(), atol=1e-5)


@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
@pytest.mark.parametrize("end_id", [None, 2])
def test_a_beam_as_wide_as_everything_finds_the_best_of_everything(length_penalty, end_id):
    settings = Gpt2Settings.parse({"size": "tiny", "width": 16, "context": 32})
    model = varied(settings, 5, seed=3)
    writer, prompt, length = Writer(model, 32), [1, 3, 0], 3

    texts = list(itertools.product(range(5), repeat=length))
    logits = keras.ops.convert_to_numpy(model(np.array([[*prompt, *text] for text in texts], np.int32)))
    scores = {}
    for text, steps in zip(texts, log_softmax(logits[:, len(prompt) - 1 :]), strict=True):
        cut = text[: text.index(end_id) + 1] if end_id in text else text
        scores[cut] = sum(steps[place, token] for place, token in enumerate(cut)) / len(cut) ** length_penalty
    wanted = sorted(scores, key=scores.get, reverse=True)

    search = BeamSearch(5**length, length, end_id, length_penalty)
    found = search.run(writer.begin([prompt], length), prompt, lambda done: None)
    assert [one.tokens for one in found] == wanted
    assert [one.score(length_penalty) for one in found] == pytest.approx([scores[text] for text in wanted], abs=1e-4)
    greedy = BeamSearch(1, length).run(writer.begin([prompt], length), prompt, lambda done: None)
    assert list(greedy[0].tokens) == tokens_of(written(writer, [prompt], new=length))[0]


def test_wider_beams_find_more_probable_texts(writer, prompts):
    best = []
    for beams in (1, 4, 12):
        search = BeamSearch(beams, 12, alternatives=1)
        (first, *_) = search.run(writer.begin(prompts[:1], 12), prompts[0], lambda done: None)
        assert sum(np.log(view.probability) for view in first.views) == pytest.approx(first.log_probability, abs=1e-3)
        best.append(first.log_probability)
    assert best == sorted(best)
    assert best[-1] > best[0]


def test_beams_equal_those_of_transformers(model, writer, prompts, small_tokenizer, tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    for name, content in gpt2_files(model, SETTINGS, small_tokenizer).items():
        (tmp_path / name).write_bytes(content)
    theirs = transformers.GPT2LMHeadModel.from_pretrained(tmp_path).eval()
    theirs.generation_config.eos_token_id = None
    ids = torch.tensor(prompts[:1])
    options = {"max_new_tokens": 16, "num_beams": 4, "do_sample": False, "pad_token_id": 0}
    found = theirs.generate(ids, attention_mask=torch.ones_like(ids), **options)[0, ids.shape[1] :].tolist()
    ours = BeamSearch(4, 16).run(writer.begin(prompts[:1], 16), prompts[0], lambda done: None)
    assert list(ours[0].tokens) == found


def test_contrastive_search_equals_its_definition(model, writer, prompts):
    prompt = prompts[0]
    steps = contrastive_search(
        writer.begin([prompt], 10), prompt, candidates=4, degeneration=0.6, length=10, end_id=None
    )
    found = [view.token for view in steps]

    def unit_features(texts):
        ids = np.zeros((len(texts), 32), np.int32)
        ids[:, : len(texts[0])] = texts
        hidden = keras.ops.convert_to_numpy(backbone_of(model)({"token_ids": ids, "padding_mask": np.ones_like(ids)}))
        hidden = hidden[:, : len(texts[0])].astype(np.float64)
        return hidden / np.linalg.norm(hidden, axis=-1, keepdims=True)

    text = list(prompt)
    for _ in range(10):
        probabilities = softmax(logits_of(model, text)[0])
        tokens = np.argsort(-probabilities)[:4].tolist()
        scores = {
            token: 0.4 * probabilities[token] - 0.6 * (vectors[:-1] @ vectors[-1]).max()
            for token, vectors in zip(tokens, unit_features([[*text, token] for token in tokens]), strict=True)
        }
        text.append(max(scores, key=scores.get))
    assert found == text[len(prompt) :]
    greedy = contrastive_search(
        writer.begin([prompt], 10), prompt, candidates=4, degeneration=0.0, length=10, end_id=None
    )
    assert [view.token for view in greedy] == greedy_without_cache(model, [prompt], 10)[0]


def test_buckets_waste_no_more_than_they_must():
    assert [round_up(length, 16) for length in (1, 16, 17, 33, 48, 49, 65, 97, 500)] == [
        16, 16, 32, 48, 48, 64, 96, 128, 512,
    ]  # fmt: skip


def test_prompts_that_do_not_fit_are_a_programming_error(writer):
    for wrong in ([[]], [list(range(SETTINGS.context + 1))]):
        with pytest.raises(ValueError, match="prompts must have"):
            writer.begin(wrong, 4)


@pytest.mark.parametrize("at_once", [1, 3, 5])
def test_trying_a_few_tokens_at_a_time_writes_the_same(writer, prompts, at_once):
    prompt, checks = prompts[0], []

    def search(**options):
        writing = writer.begin([prompt], 8)
        steps = contrastive_search(
            writing, prompt, candidates=5, degeneration=0.6, length=8, end_id=None, alternatives=2, **options
        )
        return [(view.token, view.rank) for view in steps]

    assert search(at_once=at_once, check=lambda: checks.append(1)) == search()
    assert len(checks) == 8 * -(-5 // at_once)


def test_looking_changes_nothing(writer, prompts):
    writing, other = writer.begin(prompts[:1], 4), writer.begin(prompts[:1], 4)
    hidden = writing.look(np.array([3, 4]), np.array([0, 0]))
    other.advance(np.array([3, 4]), np.array([0, 0]))
    np.testing.assert_allclose(hidden, other.hidden(), atol=1e-5)
    fresh = writer.begin(prompts[:1], 4)
    np.testing.assert_allclose(writing.logits(), fresh.logits(), atol=1e-5)
    for one in (writing, fresh):
        one.advance(np.array([5]))
    np.testing.assert_allclose(writing.logits(), fresh.logits(), atol=1e-5)


def test_a_text_takes_at_least_its_cache_and_a_longer_one_more(model, writer):
    short, long = (writer.room(writer.bucket([[0] * 8], new)) for new in (32, 96))
    assert short.text_bytes > 2 * 2 * 64 * 32 * 4  # layers, keys and values, places, width, bytes
    assert long.text_bytes > short.text_bytes
    assert long.texts < short.texts
