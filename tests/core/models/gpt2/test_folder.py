"""Folders of GPT-2 from elsewhere: read exactly, bounded before anything is built, and refused in a sentence."""

import json
import pickle
import struct

import keras
import keras_hub
import numpy as np
import pytest

from core.errors import UserError
from core.models.gpt2.folder import gpt2_files, open_gpt2
from core.models.gpt2.gpt2 import backbone_of, build
from core.models.shared.variables import named_variables, read_variables
from core.settings.gpt2 import Gpt2Settings

SETTINGS = Gpt2Settings.parse({"size": "tiny", "width": 32, "heads": 4, "context": 48})
IDS = np.random.default_rng(1).integers(0, 300, (2, 20)).astype(np.int32)


def logits_of(model, ids=IDS):
    return keras.ops.convert_to_numpy(model(ids))


def write(folder, files):
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def model(small_tokenizer):
    keras.utils.set_random_seed(0)
    model = build(SETTINGS, small_tokenizer.size)
    rng = np.random.default_rng(0)  # biases and norms too: fresh ones are all 0 or 1
    model.set_weights([weight + rng.normal(0, 0.1, weight.shape) for weight in model.get_weights()])
    return model


@pytest.fixture
def folder(model, small_tokenizer, tmp_path):
    return write(tmp_path / "gpt2", gpt2_files(model, SETTINGS, small_tokenizer))


def change_config(folder, **values):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def refusal(place):
    with pytest.raises(UserError) as caught:
        open_gpt2(place)
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    return str(caught.value)


def test_what_is_written_reads_back_equal(model, folder, small_tokenizer):
    opened = open_gpt2(folder)
    ours, theirs = (read_variables(named_variables(each)) for each in (model, opened.model))
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name])
    assert (opened.settings.layers, opened.settings.heads, opened.settings.width) == (2, 4, 32)
    assert opened.tokenizer.vocabulary == small_tokenizer.vocabulary


def test_a_keras_preset_opens_too(model, small_tokenizer, tmp_path):
    backbone_of(model).save_to_preset(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["registered_name"] == "keras_hub>GPT2Backbone"
    files = small_tokenizer.files()
    assets = tmp_path / "assets" / "tokenizer"
    assets.mkdir(parents=True)
    write(assets, {"vocabulary.json": files["vocab.json"], "merges.txt": files["merges.txt"]})
    np.testing.assert_array_equal(logits_of(open_gpt2(tmp_path).model), logits_of(model))
    assert keras_hub.models.GPT2Backbone.from_preset(str(tmp_path)).num_layers == 2  # a real preset
    change = config | {"config": config["config"] | {"hidden_dim": 4096, "num_layers": 40}}
    (tmp_path / "config.json").write_text(json.dumps(change))
    assert "smaller than what config.json describes" in refusal(tmp_path) or "memory" in refusal(tmp_path)


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float64"])
def test_weights_of_other_precision_become_float32(model, folder, small_tokenizer, kind):
    from safetensors.numpy import load, save

    path = folder / "model.safetensors"
    path.write_bytes(save({name: value.astype(np.dtype(kind)) for name, value in load(path.read_bytes()).items()}))
    opened = open_gpt2(folder).model
    assert {weight.dtype for weight in opened.get_weights()} == {np.dtype("float32")}
    assert np.abs(logits_of(opened) - logits_of(model)).max() < 0.2


def test_weights_without_the_prefix_and_with_old_buffers_open(model, folder):
    from safetensors.numpy import load, save

    path = folder / "model.safetensors"
    tensors = {name.removeprefix("transformer."): value for name, value in load(path.read_bytes()).items()}
    tensors |= {"h.0.attn.bias": np.ones((1, 1, 48, 48), np.float32), "lm_head.weight": tensors["wte.weight"]}
    path.write_bytes(save(tensors))
    np.testing.assert_array_equal(logits_of(open_gpt2(folder).model), logits_of(model))
    path.write_bytes(save(tensors | {"lm_head.weight": tensors["wte.weight"] + 1}))
    assert "head has weights of its own" in refusal(folder)


def test_a_bare_name_is_refused_without_a_call():
    assert "nothing is fetched" in refusal("gpt2")
    assert "nothing is fetched" in refusal("gpt2_base_en")
    assert "nothing is fetched" in refusal("hf://openai-community/gpt2")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pkl", "tf_model.h5"])
@pytest.mark.parametrize("with_config", [True, False])
def test_pickled_weights_are_refused_unopened(folder, name, with_config):
    (folder / "model.safetensors").unlink()
    if not with_config:
        (folder / "config.json").unlink()
    (folder / name).write_bytes(pickle.dumps(SpyPickle()))
    told = refusal(folder)
    assert name in told
    assert "model.safetensors" in told
    assert name in refusal(folder / name)
    assert not SpyPickle.opened


class SpyPickle:
    opened = False

    def __reduce__(self):
        return setattr, (SpyPickle, "opened", True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_type": "llama"}, "'llama', not gpt2"),
        ({"n_layer": 10**6}, "48"),
        ({"n_embd": 10**9, "n_head": 1}, "4096"),
        ({"n_embd": -32}, "4"),
        ({"n_embd": "32"}, "n_embd is no number"),
        ({"n_layer": True}, "n_layer is no number"),
        ({"n_head": 5}, "heads must divide width"),
        ({"vocab_size": 10**12}, "vocab_size is no number of tokens"),
        ({"vocab_size": 305}, "but its model knows 305 tokens"),
        ({"n_embd": 4096, "n_layer": 48, "n_inner": 32_768}, "memory"),
        ({"n_embd": 64}, "damaged, or of another model"),
        ({"n_layer": 3}, "h.2.ln_1.weight is missing"),
        ({"activation_function": "relu"}, "relu"),
        ({"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx is not false"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(folder, monkeypatch, change, reason):
    monkeypatch.setattr("core.models.shared.size.memory_bytes", lambda: 8 * 2**30)
    change_config(folder, **change)
    assert reason in refusal(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"config": {}}', b"{}", b"[" * 10**5, b"1" * 10**5])
def test_a_broken_config_is_refused(folder, content):
    (folder / "config.json").write_bytes(content)
    refusal(folder)


@pytest.mark.parametrize("damage", ["cut", "header", "empty", "long header"])
def test_damaged_weights_are_refused(folder, damage):
    path = folder / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(
        {
            "cut": content[:-100],
            "header": content[:8] + b"x" * 20 + content[28:],
            "empty": b"",
            "long header": struct.pack("<Q", 2**60) + content[8:],
        }[damage]
    )
    assert "damaged" in refusal(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"layer_norm_epsilon": 1e-2, "n_inner": 48},
        {"n_layer": 1, "n_head": 1},
        {"activation_function": "gelu_pytorch_tanh"},
    ],
)
def test_logits_equal_those_of_transformers(small_tokenizer, tmp_path, changes):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    values = {"vocab_size": small_tokenizer.size, "n_positions": 48, "n_embd": 32, "n_layer": 3, "n_head": 4}
    theirs = transformers.GPT2LMHeadModel(transformers.GPT2Config(**values | changes)).eval()
    with torch.no_grad():
        for weight in theirs.parameters():
            weight += 0.2 * torch.randn_like(weight)
        theirs.save_pretrained(tmp_path)
        write(tmp_path, small_tokenizer.files())
        wanted = theirs(torch.from_numpy(IDS.astype(np.int64))).logits.numpy()
    found = logits_of(open_gpt2(tmp_path).model)
    assert np.ptp(wanted) > 5
    assert np.abs(found - wanted).max() < 1e-4


def test_transformers_opens_what_is_written(model, folder):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    theirs = transformers.GPT2LMHeadModel.from_pretrained(folder).eval()
    with torch.no_grad():
        found = theirs(torch.from_numpy(IDS.astype(np.int64))).logits.numpy()
    assert np.abs(found - logits_of(model)).max() < 1e-4


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("name", ["transformer.wte.weight", "transformer.h.1.mlp.c_fc.bias"])
def test_weights_that_are_no_numbers_are_refused_with_their_file(folder, value, name):
    from safetensors.numpy import load, save

    path = folder / "model.safetensors"
    tensors = {key: one.astype(np.float64) for key, one in load(path.read_bytes()).items()}
    tensors[name].flat[3] = value
    path.write_bytes(save(tensors))
    said = refusal(folder)
    assert str(path) in said
    assert "no numbers" in said


def test_a_preset_with_weights_that_are_no_numbers_is_refused(small_tokenizer, tmp_path):
    model = build(SETTINGS, small_tokenizer.size)
    bias = named_variables(model)["model/transformer_layer_1/feedforward_intermediate_dense/bias"]
    bias.assign(np.full(bias.shape, np.nan))
    backbone_of(model).save_to_preset(tmp_path)
    files = small_tokenizer.files()
    assets = tmp_path / "assets" / "tokenizer"
    assets.mkdir(parents=True)
    write(assets, {"vocabulary.json": files["vocab.json"], "merges.txt": files["merges.txt"]})
    said = refusal(tmp_path)
    assert "model.weights.h5" in said
    assert "no numbers" in said
