"""The tokenizer writes what GPT-2's does, and refuses what is none."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.text.tokenizer.tokenizer import BYTE_OF, END, Tokenizer

MERGES = [("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), ("Ġ", "w"), ("o", "r"), ("Ġw", "or")]


def vocabulary(merges=MERGES, specials=(END,)):
    tokens = [*sorted(BYTE_OF), *dict.fromkeys(left + right for left, right in merges), *specials]
    return {token: number for number, token in enumerate(tokens)}


def write(folder, vocab=None, merges=None):
    files = Tokenizer(vocabulary(), MERGES).files()
    (folder / "vocab.json").write_bytes(files["vocab.json"] if vocab is None else vocab)
    (folder / "merges.txt").write_bytes(files["merges.txt"] if merges is None else merges)
    return folder


@pytest.fixture
def small():
    return Tokenizer(vocabulary(), MERGES)


def test_joins_in_the_order_of_the_merges(small):
    tokens = [small.token_text(token_id) for token_id in small.encode("hello world")]
    assert tokens == ["hello", " wor", "l", "d"]


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_every_text_comes_back(text):
    tokenizer = Tokenizer(vocabulary(), MERGES)
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_the_end_token_is_one_token_wherever_it_stands(small):
    ids = small.encode(f"hello{END}hello")
    assert ids == [small.vocabulary["hello"], small.end_id, small.vocabulary["hello"]]
    assert small.decode(ids) == f"hello{END}hello"
    assert small.token_text(small.end_id) == END


def test_half_a_character_is_shown_as_its_bytes(small):
    ids = small.encode("👋")
    assert [small.token_text(token_id) for token_id in ids] == ["\\xf0", "\\x9f", "\\x91", "\\x8b"]
    assert small.decode(ids) == "👋"
    assert small.decode(ids[:2]) == "\ufffd"


def test_a_lone_surrogate_is_no_crash(small):
    assert small.decode(small.encode("a\ud800b")) == "a?b"


def test_files_read_back_equal(small, tmp_path):
    again = Tokenizer.load(write(tmp_path))
    assert again.vocabulary == small.vocabulary
    assert again.merges == small.merges
    assert again.encode("hello world") == small.encode("hello world")


def test_windows_line_ends_are_read(tmp_path):
    merges = Tokenizer(vocabulary(), MERGES).files()["merges.txt"].replace(b"\n", b"\r\n")
    assert Tokenizer.load(write(tmp_path, merges=merges)).merges == MERGES


def test_one_token_that_two_merges_make_is_counted_once():
    merges = [("a", "b"), ("b", "c"), ("ab", "c"), ("a", "bc")]
    assert Tokenizer(vocabulary(merges), merges).size == 256 + 3 + 1


def refusal(folder):
    with pytest.raises(UserError) as caught:
        Tokenizer.load(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_entries_that_no_merge_makes_are_refused(tmp_path):
    extra = vocabulary(specials=("<s>", "<pad>", "</s>", "<unk>", END))
    told = refusal(write(tmp_path, json.dumps(extra).encode()))
    assert "does not fit its merges" in told
    assert "268 entries" in told


def test_merges_of_another_model_are_refused(tmp_path):
    assert "they make 'zz', which it lacks" in refusal(write(tmp_path, merges=b"#version: 0.2\nz z\n"))


@pytest.mark.parametrize(
    ("vocab", "reason"),
    [
        (b"{", "no valid JSON"),
        (b"[" * 100_000, "no valid JSON"),
        (b"[1, 2]", "no list of tokens"),
        (b"{}", "no list of tokens"),
        (b'{"a": "b"}', "numbers from 0 up"),
        (b'{"a": 0, "b": 0}', "numbers from 0 up"),
        (b'{"a": 0, "b": 2}', "numbers from 0 up"),
        (b'{"a": 0, "b": true}', "numbers from 0 up"),
        (b'{"[PAD]": 0, "##ing": 1}', "256 bytes"),
    ],
)
def test_a_broken_vocabulary_is_refused(tmp_path, vocab, reason):
    assert reason in refusal(write(tmp_path, vocab))


@pytest.mark.parametrize("merges", [b"h e\nonly\n", b"a b c\n", b"a  b\n", b"\xff\xfe\x00"])
def test_broken_merges_are_refused(tmp_path, merges):
    assert refusal(write(tmp_path, merges=merges))


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt"])
def test_a_missing_file_is_named(tmp_path, name):
    (write(tmp_path) / name).unlink()
    assert f"holds no {name}" in refusal(tmp_path)


def test_it_needs_no_keras():
    heavy = ("keras", "numpy", "huggingface_hub")
    code = f"import sys, core.text.tokenizer.tokenizer; sys.exit(any(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[4], check=False).returncode == 0
