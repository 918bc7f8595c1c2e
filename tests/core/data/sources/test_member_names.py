"""Names in archives, in the code pages of several countries' computers; each word alone is too little to go by."""

import itertools
import struct
import zipfile
import zlib

import pytest

from core.data.sources.member_names import guess, read_names

WORDS = {
    "german": "Äpfel Käse Bär Vögel Straße grün Größe Löwe Möhre Tür Fuß Müll Gemüse Nüsse Schlüssel Übung Frösche",
    "french": "pêche forêt crème brûlée garçon école château hôtel fenêtre légume pâté cinéma défaut fêlé lièvre",
    "spanish": "niño español piña león camión señal año avión pájaro árbol limón melón sandía ratón tiburón jabalí",
    "polish": "jabłko żółw źrebię świnia kość łosoś pszczoła ślimak zając mrówka jeż ciężarówka",
    "russian": "кошка собака птица рыба яблоко груша дерево машина норма трещина Кошки Собаки",
    "chinese": "苹果 香蕉 汽车 飞机 正常 异常 划痕 裂纹 可回收 厨余垃圾 玫瑰 向日葵 鸟类 老虎 猫狗 不合格",
    "taiwanese": "蘋果 香蕉 汽車 飛機 玫瑰 向日葵 老虎 大象 鬱金香 蒲公英 火車",
    "japanese": "ねこ いぬ りんご リンゴ 自動車 飛行機 正常 不良 きのこ たけのこ",
    "korean": "고양이 강아지 사과 바나나 자동차 비행기 정상 호랑이 코끼리",
}


def pairs(language):
    words = WORDS[language].split()
    return list(itertools.pairwise([*words, words[0]]))


@pytest.mark.parametrize(
    ("language", "encoding", "least"),
    [
        ("german", "cp850", 1.0),
        ("german", "cp437", 1.0),
        ("german", "cp1252", 1.0),
        ("french", "cp850", 1.0),
        ("french", "cp437", 1.0),
        ("french", "cp1252", 1.0),
        ("spanish", "cp850", 1.0),
        ("spanish", "cp1252", 1.0),
        ("polish", "cp852", 0.9),
        ("polish", "cp1250", 0.9),
        ("russian", "cp866", 1.0),
        ("russian", "cp1251", 1.0),
        ("chinese", "gb18030", 1.0),
        ("taiwanese", "big5", 1.0),
        ("japanese", "cp932", 1.0),
        ("korean", "cp949", 1.0),
    ],
)
def test_two_words_tell_their_code_page(language, encoding, least):
    right = 0
    for pair in pairs(language):
        names = [word.encode(encoding) for word in pair]
        found = guess(names)
        right += [name.decode(found, "replace") for name in names] == list(pair)
    assert right >= least * len(pairs(language))


@pytest.mark.parametrize("language", WORDS)
def test_utf_8_is_told_for_sure(language):
    for pair in pairs(language):
        assert guess([word.encode() for word in pair]) == "utf-8"


def test_plain_names_are_not_guessed():
    assert guess([b"cats/1.png", b"dogs/2.png"]) == ""


def test_no_western_word_turns_chinese():
    """Their bytes are valid in the Chinese code pages: so they were read once."""
    words = " ".join(WORDS[language] for language in ("german", "french", "spanish")).split()
    for word in words:
        name = word.encode("cp850")
        assert not any("\u4e00" <= sign <= "\u9fff" for sign in name.decode(guess([name]) or "ascii")), word


def info(name, extra=b"", flags=0):
    made = zipfile.ZipInfo("x")
    made.filename = made.orig_filename = name
    made.extra, made.flag_bits = extra, flags
    return made


def unicode_path(name, raw):
    body = struct.pack("<BI", 1, zlib.crc32(raw)) + name.encode()
    return struct.pack("<HH", 0x5455, 1) + b"\0" + struct.pack("<HH", 0x7075, len(body)) + body


def test_an_extra_field_tells_the_name():
    raw = "Äpfel/1.png".encode("cp850")
    names, guessed = read_names([info(raw.decode("cp437"), unicode_path("苹果/1.png", raw))])
    assert (names, guessed) == (["苹果/1.png"], "")


def test_an_extra_field_of_another_name_is_not_believed():
    raw = "Äpfel/1.png".encode("cp850")
    names, guessed = read_names([info(raw.decode("cp437"), unicode_path("苹果/1.png", b"other"))])
    assert (names, guessed) == (["Äpfel/1.png"], "cp850")


def test_an_entry_that_says_utf_8_is_believed():
    assert read_names([info("Größe/1.png", flags=0x800)]) == (["Größe/1.png"], "")


@pytest.mark.parametrize("name", ["./cats/1.png", "cats//1.png", "./cats/./1.png", ".\\cats\\1.png"])
def test_ways_to_write_a_path(name):
    assert read_names([info(name)]) == (["cats/1.png"], "")


@pytest.mark.parametrize("name", ["/cats/1.png", "./../1.png", "C:/1.png"])
def test_what_leads_out_is_left_for_the_guard(name):
    assert read_names([info(name)])[0] == [name.removeprefix("./")]


def test_a_backslash_that_is_half_of_a_sign_divides_nothing():
    raw = "表/ソース/1.png".encode("cp932")
    assert read_names([info(raw.decode("cp437"))])[0] == ["表/ソース/1.png"]


def test_earlier_runs_keep_their_names():
    raw = "Äpfel/1.png".encode("cp850")
    assert read_names([info(raw.decode("cp437"))], earlier=True)[0] == [raw.decode("gb18030")]
