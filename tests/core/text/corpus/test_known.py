"""What of a text a training has seen, by its lines."""

import numpy as np
import pytest

from core.runs.seen import Seen
from core.text.corpus.known import FEWEST_CHARACTERS, divide_known, line_hashes
from core.text.corpus.pieces import Passage, cut

LINES = [f"This is line number {number} of a story that goes on.\n" for number in range(40)]


def nothing():
    pass


def seen(train, validation=(), *, lines_alone=False):
    return Seen.of(
        {
            "train": line_hashes(train, nothing, lines_alone=lines_alone),
            "validation": line_hashes(validation, nothing, lines_alone=lines_alone),
        }
    )


def text(lines, **more):
    return Passage("".join(lines), "story.txt", **more)


def test_a_text_is_cut_where_what_is_known_of_it_begins_and_ends():
    learnt = seen([text(LINES[10:20])], [text(LINES[20:25])])
    found = divide_known([text(LINES)], learnt, nothing, lines_alone=False)
    assert [part.text for part in found.unseen] == ["".join(LINES[:10]), "".join(LINES[25:])]
    assert [part.text for part in found.known] == ["".join(LINES[10:25])]
    assert [(part.begins, part.ends) for part in (*found.unseen, *found.known)] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    sizes = [sum(map(len, lines)) for lines in (LINES[10:20], LINES[20:25], LINES)]
    assert [found.train, found.validation, found.total] == sizes


def test_a_longer_copy_of_a_text_that_was_cut_into_pieces_is_known_by_its_lines():
    """Its pieces are of another size there, so that none of them is the same."""
    pieces = cut([text(LINES * 20)], "piece")
    found = divide_known([text(["A new beginning, which nobody has read.\n", *LINES * 20])], seen(pieces), nothing,
                         lines_alone=False)  # fmt: skip
    assert [part.text for part in found.unseen] == ["A new beginning, which nobody has read.\n"]


def test_a_text_that_is_one_line_is_known_by_its_sentences():
    sentences = [f"In the year {number} something else happened here. " for number in range(60)]
    pieces = [Passage("".join(sentences[:40]), "long.txt")]
    found = divide_known([Passage("".join(sentences), "long.txt")], seen(pieces), nothing, lines_alone=False)
    assert found.total - found.train == pytest.approx(sum(map(len, sentences[40:])), abs=60)
    assert sum(len(part.text) for part in found.unseen) == found.total - found.train


def test_short_lines_prove_nothing_but_go_with_their_neighbours():
    poem = ["Yes.\n", "No.\n", *LINES[:3], "Yes.\n"]
    found = divide_known([text(poem)], seen([text(["Yes.\n", "No.\n"])]), nothing, lines_alone=False)
    assert (found.known, found.train) == ((), 0)
    found = divide_known([text(poem)], seen([text(LINES[:3])]), nothing, lines_alone=False)
    assert found.unseen == ()
    assert len("No.") < FEWEST_CHARACTERS


def test_lines_that_stand_for_themselves_are_known_whatever_their_length():
    learnt = seen([Passage("Yes.", "a"), Passage("No.", "a")], lines_alone=True)
    found = divide_known([Passage("No.", "b"), Passage("Perhaps.", "b")], learnt, nothing, lines_alone=True)
    assert [part.text for part in found.unseen] == ["Perhaps."]
    assert [part.text for part in found.known] == ["No."]
    assert all(part.begins and part.ends for part in found.unseen)


def test_nothing_is_lost():
    rng = np.random.default_rng(0)
    for _ in range(50):
        lines = [LINES[place] if place < 40 else "\n" if place < 45 else "So.\n" for place in rng.integers(0, 50, 30)]
        found = divide_known([text(lines)], seen([text(LINES[:20])]), nothing, lines_alone=False)
        parts = sorted((*found.unseen, *found.known), key=lambda part: part.place)
        assert "".join(part.text for part in parts).strip() == "".join(lines).strip()


def test_hashing_can_be_stopped():
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        line_hashes([text(LINES)], stop, lines_alone=False)
