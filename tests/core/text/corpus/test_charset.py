"""Bytes become text in the right encoding, or are refused with a reason."""

import pytest

from core.text.corpus.charset import TextError, decode_text

FRENCH = "Un élève a été reçu à Besançon, où l'été fut légère. " * 3
CHINESE = "神经网络学习图片。今天天气很好，我们去公园。Keras 3\n" * 3


@pytest.mark.parametrize(
    ("text", "stored", "encoding"),
    [
        (FRENCH, "utf-8", "utf-8"),
        (FRENCH, "utf-8-sig", "utf-8"),
        (FRENCH, "utf-16", "utf-16"),
        (FRENCH, "utf-32", "utf-32"),
        (FRENCH, "latin-1", "latin-1"),
        ("légère", "latin-1", "latin-1"),
        (CHINESE, "gb18030", "gb18030"),
        (CHINESE, "utf-8", "utf-8"),
        ("plain", "ascii", "utf-8"),
        ("", "ascii", "utf-8"),
    ],
)
def test_finds_the_encoding(text, stored, encoding):
    assert decode_text(text.encode(stored)) == (text, encoding)


def test_big_endian_with_a_mark():
    assert decode_text(b"\xfe\xff" + FRENCH.encode("utf-16-be"))[0] == FRENCH


def test_a_named_encoding_is_taken_but_a_mark_wins():
    assert decode_text(FRENCH.encode("utf-8"), "latin-1")[0] == FRENCH.encode("utf-8").decode("latin-1")
    assert decode_text(FRENCH.encode("utf-8-sig"), "latin-1") == (FRENCH, "utf-8")


def test_line_ends_become_one():
    assert decode_text(b"a\r\nb\rc\n")[0] == "a\nb\nc\n"


@pytest.mark.parametrize(
    ("content", "encoding", "reason"),
    [
        (b"\x89PNG\r\n\x00\x00\x00", "auto", "zero bytes"),
        (b"\xff\xfea", "auto", "is not valid text in its encoding"),
        (b"\xe9", "utf-8", "is not valid text in its encoding"),
    ],
)
def test_what_is_no_text_is_refused(content, encoding, reason):
    with pytest.raises(TextError, match=reason):
        decode_text(content, encoding)
