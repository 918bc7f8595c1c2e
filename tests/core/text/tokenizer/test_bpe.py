"""A tokenizer learned from texts."""

import threading
import time

import numpy as np
import pytest

from core.errors import CancelledError, UserError
from core.events import Progress
from core.text.tokenizer import bpe, merges_process
from core.text.tokenizer.bpe import train_bpe
from core.text.tokenizer.tokenizer import END, Tokenizer


def test_joins_whole_words_but_never_over_a_space(context):
    tokenizer = train_bpe(["low newest widest"] * 5, 300, context)
    tokens = [tokenizer.token_text(token) for token in tokenizer.encode("low newest widest")]
    assert tokens == ["low", " newest", " widest"]


def test_first_merges_by_hand(context):
    # "ab" comes 3 times, "bc" twice, "Ġa" once.
    tokenizer = train_bpe(["abc", "abc", "ab"], 259, context)
    assert tokenizer.merges == [("a", "b"), ("ab", "c")]
    assert tokenizer.size == 259
    assert tokenizer.end_id == tokenizer.vocabulary[END]


def test_the_same_texts_give_the_same_tokenizer_and_it_survives_its_files(context, tmp_path):
    texts = [f"the {word} cat {number}" for number in range(200) for word in ("big", "small")]
    one, other = (train_bpe(texts, 300, context) for _ in range(2))
    assert one.files() == other.files()
    for name, content in one.files().items():
        (tmp_path / name).write_bytes(content)
    assert Tokenizer.load(tmp_path).encode("the big cat 7") == one.encode("the big cat 7")


def test_one_endless_word_takes_no_hours(context):
    # Parts of 2,000 characters are alike: seven joins double "A", "AC", "ACGT" ... until nothing comes twice.
    assert train_bpe(["ACGT" * 50_000], 5000, context).size < 300


def test_stops_when_asked(context):
    context.cancel()
    with pytest.raises(CancelledError):
        train_bpe(["text"], 300, context)


def test_of_very_much_text_evenly_spaced_parts_are_looked_at(context, monkeypatch):
    monkeypatch.setattr("core.text.tokenizer.bpe.MOST_CHARACTERS", 20_000)
    tokenizer = train_bpe(["ab" * 1000] * 20 + ["xy" * 1000] * 20, 400, context)
    assert {"ab", "xy"} <= tokenizer.vocabulary.keys()


@pytest.fixture(scope="module")
def much():
    """Text of which learning takes several seconds."""
    letters = np.random.default_rng(0).choice(list(b"abcdefghijklmnop    "), 3_000_000).astype(np.uint8)
    text = letters.tobytes().decode()
    return [text[start : start + 2000] for start in range(0, len(text), 2000)]


def test_another_process_learns_the_same(context, monkeypatch):
    texts = [f"the {word} cat {number}" for number in range(600) for word in ("big", "small")]
    here = train_bpe(texts, 400, context)
    monkeypatch.setattr(bpe, "QUICK_CHARACTERS", 0)
    assert train_bpe(texts, 400, context).files() == here.files()
    merging = [event for event in context.events if isinstance(event, Progress) and event.phase == "merge"]
    assert merging[-1].total > 0


def test_stop_is_heard_while_merges_are_made(context, much):
    heard = threading.Event()

    def stop():
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if any(isinstance(event, Progress) and event.phase == "merge" and event.done for event in context.events):
                break
            time.sleep(0.02)
        heard.set()
        context.cancel()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(CancelledError):
        train_bpe(much, 60_000, context)
    assert heard.is_set()
    thread.join()
    told = [event for event in context.events if isinstance(event, Progress) and event.phase == "merge"]
    assert 0 < told[-1].done < told[-1].total


def test_a_process_that_ends_by_itself_is_told(context, monkeypatch):
    monkeypatch.setattr(bpe, "QUICK_CHARACTERS", 0)
    monkeypatch.setattr(merges_process, "_learn", _die)
    with pytest.raises(UserError, match="ended unexpectedly"):
        train_bpe(["some text"], 300, context)


def _die(connection, size):
    connection.close()
