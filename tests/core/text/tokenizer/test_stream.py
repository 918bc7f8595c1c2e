"""Text as it comes: whole characters only, nothing of a stop word, and together exactly the text."""

import time

import numpy as np
import pytest

from core.text.tokenizer.stream import TextStream, token_pieces


def feed(stream, ids):
    pieces = []
    for token in ids:
        pieces.append(stream.add(token))
        if stream.stopped:
            break
    return [*pieces, stream.end()]


@pytest.mark.parametrize("text", ["the red circle", "a 👋 wave", "名字 is a name", ""])
def test_the_pieces_make_the_text(small_tokenizer, text):
    stream = TextStream(small_tokenizer)
    pieces = feed(stream, small_tokenizer.encode(text))
    assert "".join(pieces) == text == stream.text
    assert not any("\ufffd" in piece for piece in pieces)


def test_half_a_character_is_told_at_the_end(small_tokenizer):
    stream = TextStream(small_tokenizer)
    assert feed(stream, small_tokenizer.encode("a👋")[:-1]) == ["a", "", "", "", "\ufffd"]


def test_a_stop_word_ends_the_text_and_none_of_it_is_shown(small_tokenizer):
    stream = TextStream(small_tokenizer, ["###", "END"])
    pieces = feed(stream, small_tokenizer.encode("one # two ## E three### four"))
    assert "".join(pieces) == stream.text == "one # two ## E three"
    assert stream.stopped
    assert not any(piece.endswith("##") for piece in pieces[:-8])


def test_what_only_began_like_a_stop_word_is_shown_in_the_end(small_tokenizer):
    stream = TextStream(small_tokenizer, ["###"])
    assert "".join(feed(stream, small_tokenizer.encode("one ##"))) == "one ##"
    assert not stream.stopped


def test_the_end_token_ends_the_text_and_is_no_part_of_it(small_tokenizer):
    stream = TextStream(small_tokenizer)
    ids = [*small_tokenizer.encode("the red"), small_tokenizer.end_id]
    assert "".join(feed(stream, [*ids, *ids])) == "the red"
    assert stream.tokens == ids


def test_a_character_that_the_prompt_ends_within_is_completed(small_tokenizer):
    ids = small_tokenizer.encode("a👋b")
    stream = TextStream(small_tokenizer, prompt=ids[:3])
    assert stream.prompt_text == "a"
    assert "".join(feed(stream, ids[3:])) == stream.text == "👋b"


def test_each_token_has_its_piece_of_the_text(small_tokenizer):
    end = small_tokenizer.end_id
    ids = [end, *small_tokenizer.encode("a👋 b"), end]
    pieces = token_pieces(ids, small_tokenizer)
    assert "".join(pieces) == "a👋 b"
    assert (pieces[0], pieces[-1]) == ("", "")
    assert pieces[1:6] == ["a", "", "", "", "👋"]
    assert token_pieces([], small_tokenizer) == []


def test_half_a_character_at_the_end_is_the_last_token_s(small_tokenizer):
    ids = small_tokenizer.encode("a👋")[:-1]
    assert token_pieces(ids, small_tokenizer) == ["a", "", "", "\ufffd"]
    assert token_pieces([*ids, small_tokenizer.end_id], small_tokenizer)[-2:] == ["\ufffd", ""]


def test_a_character_that_is_not_whole_is_left_to_the_tokens_that_follow(small_tokenizer):
    ids = small_tokenizer.encode("a👋")
    before, after = ids[:-2], ids[-2:]
    stream = TextStream(small_tokenizer, prompt=before)
    told = token_pieces(before, small_tokenizer, goes_on=True)
    assert "".join(told) + "".join(feed(stream, after)) == "a👋"


def test_bytes_that_never_become_a_character_do_not_wait_for_each_other(small_tokenizer):
    half = small_tokenizer.encode("👋")[0]
    assert token_pieces([half] * 4, small_tokenizer) == ["", "\ufffd", "\ufffd", "\ufffd\ufffd"]
    assert feed(TextStream(small_tokenizer), [half] * 3) == ["", "\ufffd", "\ufffd", "\ufffd"]


def test_a_replacement_sign_that_the_prompt_itself_holds_stays_the_prompt_s(small_tokenizer):
    stream = TextStream(small_tokenizer, prompt=small_tokenizer.encode("a\ufffd"))
    assert stream.prompt_text == "a\ufffd"
    assert "".join(feed(stream, small_tokenizer.encode("b"))) == "b"


def test_any_tokens_give_the_text_that_they_give_at_once(small_tokenizer):
    rng = np.random.default_rng(0)
    for _ in range(300):
        ids = rng.integers(0, small_tokenizer.size, 20)
        ids = ids[ids != small_tokenizer.end_id].tolist()
        assert "".join(feed(TextStream(small_tokenizer), ids)) == small_tokenizer.decode(ids)
        assert "".join(token_pieces(ids, small_tokenizer)) == small_tokenizer.decode(ids)


@pytest.mark.parametrize("text", ["the red circle ", "👋"])
def test_a_long_text_takes_no_longer_a_token_than_a_short_one(small_tokenizer, text):
    ids = small_tokenizer.encode(text)[:1] * 8000
    stream = TextStream(small_tokenizer, ["###"])
    began = time.perf_counter()
    for token in ids:
        stream.add(token)
    assert time.perf_counter() - began < 1.0
