"""Bytes become text in the right encoding, or are refused with a reason."""

import pytest

from core.jobs import Job
from core.text.corpus.charset import TextError, decode_text

FRENCH = "Un élève a été reçu à Besançon, où l'été fut légère. " * 3
CHINESE = "神经网络学习图片。今天天气很好，我们去公园。Keras 3\n" * 3


QUOTES = "“She said ‘no’ — it’s over,” he wrote… The café takes 5 €. "
POLISH = "Zażółć gęślą jaźń. Wszyscy ludzie rodzą się wolni i równi pod względem swej godności. " * 3
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy. Všichni lidé rodí se svobodní. "
RUSSIAN = "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему. "
GREEK = "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. "
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所で泣いていた。"
KOREAN = "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. "
TRADITIONAL = "神經網路學習圖片。今天天氣很好，我們去公園。人人生而自由，在尊嚴和權利上一律平等。"


@pytest.mark.parametrize(
    ("text", "stored", "encoding"),
    [
        (FRENCH, "utf-8", "utf-8"),
        (FRENCH, "utf-8-sig", "utf-8"),
        (FRENCH, "utf-16", "utf-16"),
        (FRENCH, "utf-32", "utf-32"),
        (FRENCH, "latin-1", "cp1252"),
        ("légère", "latin-1", "cp1252"),
        (QUOTES, "cp1252", "cp1252"),
        ("Die Äpfel fallen über die Brücke, größer als süße Öfen. ", "cp1252", "cp1252"),
        ("El niño comió piñas; ¿dónde está la montaña? ¡Qué alegría! ", "cp1252", "cp1252"),
        ("col·legi, paral·lel, il·lusió, l'any que ve ", "cp1252", "cp1252"),
        (POLISH, "cp1250", "cp1250"),
        (POLISH, "iso8859-2", "iso8859-2"),
        (CZECH, "cp1250", "cp1250"),
        (RUSSIAN, "cp1251", "cp1251"),
        (RUSSIAN, "koi8-r", "koi8-r"),
        (RUSSIAN, "cp866", "cp866"),
        (GREEK, "cp1253", "cp1253"),
        (JAPANESE, "cp932", "cp932"),
        (JAPANESE, "euc-jp", "euc-jp"),
        (KOREAN, "cp949", "cp949"),
        (TRADITIONAL, "big5", "big5"),
        (CHINESE, "gb18030", "gb18030"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (CHINESE, "utf-8", "utf-8"),
        ("plain", "ascii", "utf-8"),
        ("", "ascii", "utf-8"),
        *(
            (text, f"utf-{bits}-{end}", f"utf-{bits}-{end}")
            for text in (QUOTES, CHINESE, RUSSIAN, JAPANESE, "猫\n")
            for bits in (16, 32)
            for end in ("le", "be")
        ),
    ],
)
@pytest.mark.parametrize("times", [1, 30])
def test_finds_the_encoding(text, stored, encoding, times):
    found = decode_text((text * times).encode(stored))
    assert found[:2] == (text * times, encoding)
    assert found.guessed == (encoding not in ("utf-8", "utf-16", "utf-32"))
    assert found.replaced == 0


@pytest.mark.parametrize("text", [FRENCH * 30, CHINESE * 30])
def test_a_bad_byte_in_utf_8_is_replaced_and_counted(text):
    content = text.encode()
    middle = content.index("é".encode()) if "é" in text else 30
    for broken in (content[:middle] + b"\xff" + content[middle:], content + "é".encode()[:1]):
        for named in ("auto", "utf-8"):
            found = decode_text(broken, named)
            assert (found.encoding, found.guessed, found.replaced) == ("utf-8", False, 1)
            assert found.text.replace("\ufffd", "") == text


@pytest.mark.parametrize("stored", ["utf-16", "utf-16-le", "cp932", "gb18030"])
def test_a_text_that_is_cut_within_a_character_loses_that_one(stored):
    text = (JAPANESE if stored == "cp932" else CHINESE.replace("\n", "")) * 30
    found = decode_text((text + "猫").encode(stored)[:-1])
    assert (found.text.rstrip("\ufffd"), found.replaced) == (text, 1)


def test_runs_of_before_read_their_texts_as_they_did():
    assert decode_text(QUOTES.encode("cp1252"), "earlier").text == QUOTES.encode("cp1252").decode("latin-1")
    assert decode_text(CHINESE.encode("gb18030"), "earlier").text == CHINESE
    bad = FRENCH.encode() + b"\xff"
    assert decode_text(bad, "earlier")[:2] == (bad.decode("latin-1"), "latin-1")
    job = {"task": "train", "model": "gpt2", "settings": {"data": "a.txt", "encoding": "auto"}}
    assert Job.parse({"format": 1, **job}).typed_settings().encoding == "earlier"
    assert Job.parse(job).typed_settings().encoding == "auto"


def test_big_endian_with_a_mark():
    assert decode_text(b"\xfe\xff" + FRENCH.encode("utf-16-be"))[0] == FRENCH


def test_a_named_encoding_is_taken_but_a_mark_wins():
    assert decode_text(FRENCH.encode("utf-8"), "latin-1")[0] == FRENCH.encode("utf-8").decode("latin-1")
    assert decode_text(FRENCH.encode("utf-8-sig"), "latin-1") == (FRENCH, "utf-8", False, 0)


def test_line_ends_become_one():
    assert decode_text(b"a\r\nb\rc\n")[0] == "a\nb\nc\n"


@pytest.mark.parametrize(
    ("content", "encoding", "reason"),
    [
        (b"\x89PNG\r\n\x00\x00\x00", "auto", "zero bytes"),
        (b"a text with one \0 in it", "auto", "zero bytes"),
        (bytes(range(256)) * 4, "auto", "zero bytes"),
        (b"\xff\xfea", "auto", "is not valid text in its encoding"),
        (b"a\0b", "auto", "is not valid text in its encoding"),  # as if it were UTF-16
        (b"\xe9", "utf-8", "is not valid text in its encoding"),
    ],
)
def test_what_is_no_text_is_refused(content, encoding, reason):
    with pytest.raises(TextError, match=reason):
        decode_text(content, encoding)
