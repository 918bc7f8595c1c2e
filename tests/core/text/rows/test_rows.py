"""Rows for a language model: every token asked for once, padding never."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text.corpus.pieces import Passage
from core.text.rows.rows import NO_TARGET, lay_out
from core.text.tokenizer.passages import cut_safely, encode_passages
from core.text.tokenizer.tokenizer import BYTE_OF, END, Tokenizer

E = 9


def table(rows):
    """All rows side by side, as wide as the longest."""
    return rows.filled(np.arange(len(rows)), max(rows.lengths, default=0))


def test_one_row_a_document_by_hand():
    rows = lay_out([np.array([E, 1, 2, E]), np.array([E, 3, E])], 8, E)
    ids, labels = table(rows)
    assert ids.tolist() == [[E, 1, 2], [E, 3, E]]
    assert labels.tolist() == [[1, 2, E], [3, E, NO_TARGET]]
    assert rows.target_count == 5


def test_documents_share_rows_by_hand():
    rows = lay_out([np.array([E, 1, 2, 3, E]), np.array([E, 4, E])], 4, E, packing="always")
    ids, labels = table(rows)
    assert labels.tolist() in (
        [[1, 2, 3, E], [4, E, NO_TARGET, NO_TARGET]],
        [[4, E, 1, 2], [3, E, NO_TARGET, NO_TARGET]],
    )
    assert ids[:, 0].tolist() in ([E, E], [E, 2])


def test_rows_are_shared_where_they_would_be_half_empty():
    long, short = np.array([E, *[1] * 20, E]), np.array([E, 2, E])
    assert lay_out([long, *[short] * 9], 64, E, packing="auto").lengths.tolist() == [39]
    assert lay_out([long] * 9, 64, E, packing="auto").lengths.tolist() == [21] * 9


def test_a_long_document_goes_on_in_the_next_row():
    rows = lay_out([np.array([E, 1, 2, 3, 4, 5, 6, E])], 3, E)
    ids, labels = table(rows)
    assert ids.tolist() == [[E, 1, 2], [3, 4, 5], [6, E, E]]
    assert labels.tolist() == [[1, 2, 3], [4, 5, 6], [E, NO_TARGET, NO_TARGET]]


def test_a_row_takes_no_more_than_it_holds_and_knows_its_passage():
    rows = lay_out([np.array([E]), np.array([E, 1, E]), np.array([E, *[2] * 9, E])], 6, E)
    assert rows.lengths.tolist() == [2, 6, 4]
    assert len(rows.ids) == len(rows.labels) == 12
    assert rows.origins.tolist() == [1, 2, 2]
    assert lay_out([np.array([E, 1, E])] * 3, 6, E, packing="always").origins.tolist() == [-1]


def test_what_is_no_whole_document_asks_for_no_first_token():
    # A piece from the middle of a text: nothing tells its first token, and no end token follows.
    rows = lay_out([np.array([1, 2, 3]), np.array([E, 4, E])], 4, E, packing="always")
    asked = sorted(label for label in rows.labels.ravel().tolist() if label != NO_TARGET)
    assert asked == [2, 3, 4, E]


passages = st.lists(
    st.tuples(st.lists(st.integers(0, 8), min_size=1, max_size=30), st.booleans(), st.booleans()), max_size=20
)


@settings(deadline=None, derandomize=True)
@given(passages, st.integers(1, 12), st.sampled_from(["auto", "always", "never"]))
def test_every_token_but_a_passages_first_is_asked_for_once(made, length, packing):
    ids = [np.array([E] * begins + body + [E] * ends) for body, begins, ends in made]
    rows = lay_out(ids, length, E, packing=packing)
    expected = sorted(int(token) for row in ids for token in row[1:])
    asked = rows.labels[rows.labels != NO_TARGET]
    assert sorted(asked.tolist()) == expected
    assert max(rows.lengths, default=0) <= length
    pairs = sorted((int(a), int(b)) for row in ids for a, b in itertools.pairwise(row))
    assert sorted(zip(rows.ids[rows.labels != NO_TARGET].tolist(), asked.tolist(), strict=True)) == pairs


def test_a_seed_decides_which_share_a_row():
    ids = [np.array([E, *([number] * (number % 4 + 1)), E]) for number in range(8)]
    one, again, other = (lay_out(ids, 12, E, packing="always", seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.ids, again.ids)
    assert not np.array_equal(one.ids, other.ids)


@pytest.mark.parametrize("packing", ["auto", "always", "never"])
def test_a_passage_of_one_token_asks_for_nothing(packing):
    assert len(lay_out([np.array([1])], 4, E, packing=packing)) == 0
    assert len(lay_out([], 4, E, packing=packing)) == 0


@pytest.fixture
def tokenizer():
    tokens = [*sorted(BYTE_OF), "ab", "ĊĊ", "Ġab", END]
    merges = [("a", "b"), ("Ċ", "Ċ"), ("Ġ", "ab")]
    return Tokenizer({token: place for place, token in enumerate(tokens)}, merges)


@given(st.text("ab \n\t.1", max_size=60), st.integers(0, 20))
def test_cutting_a_long_text_changes_no_token(text, most):
    tokens = [*sorted(BYTE_OF), "ab", "ĊĊ", "Ġab", END]
    merges = [("a", "b"), ("Ċ", "Ċ"), ("Ġ", "ab")]
    tokenizer = Tokenizer({token: place for place, token in enumerate(tokens)}, merges)
    parts = list(cut_safely(text, most))
    assert "".join(parts) == text
    assert [token for part in parts for token in tokenizer.encode(part)] == tokenizer.encode(text)


def test_the_end_token_stands_where_a_document_begins_and_ends(tokenizer, context):
    end = tokenizer.end_id
    whole, piece = encode_passages(
        [Passage("ab", "x"), Passage("ab", "x", begins=False, ends=False)], tokenizer, context
    )
    assert whole.tolist() == [end, tokenizer.vocabulary["ab"], end]
    assert piece.tolist() == [tokenizer.vocabulary["ab"]]
