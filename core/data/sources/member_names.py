"""The names inside an archive: what a maker of zips wrote, in whatever code page, becomes text. Opens nothing.

The format knows two codings: UTF-8 where an entry says so, else the code page of old IBM PCs. What makers write where
an entry says nothing is UTF-8 (macOS), the code page that a console has in the country (Explorer, 7-Zip) or the one
that windows have there. So the coding is guessed from all names together: it is the one in which they look most like
words, their letters common ones of a language, capitals only where words begin.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence

from core.data.sources.earlier_layout import guess_encoding

UTF8_FLAG = 0x800
UNICODE_PATH = 0x7075  # Info-ZIP's extra field: the name in UTF-8, and a checksum of the other one
SAMPLE = 2000  # names to guess from
LIKELY = 0.3  # a coding in which the names look less like words than this is none

WESTERN = "éäüößèáóíñçêàúãåøæâôîûëïœ"
CENTRAL = "áéíóöüőűąęłńśżźćčšžřěůýďťň"
TURKISH = "çğıöşüİâ"
RUSSIAN = "оеаинтсрвлкмдпу"
GREEK = "αοιετσνηυρπκμλςάέήίόύώ"
# Code page -> its countries' common letters. The first of two that fit alike is taken.
ALPHABETS: Mapping[str, str] = {
    "cp850": WESTERN,
    "cp1252": WESTERN,
    "cp852": CENTRAL,
    "cp1250": CENTRAL,
    "cp866": RUSSIAN,
    "cp1251": RUSSIAN,
    "cp857": TURKISH,
    "cp1254": TURKISH,
    "cp737": GREEK,
    "cp1253": GREEK,
}
EARLIER_IS_LIKELIER = 0.02
# The commonest signs of the languages that are written in two bytes a sign.
CHINESE = (
    "的一是不了人我在有他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天"
    "而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些"
    "与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相"
    "次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立"
    "马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共"
    "风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快"
    "条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李"
    "息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯"
    "猫狗鸟鱼牛羊猪鸡虎兔鼠龙猴草树叶苹葡萄蕉橙桃瓜菜豆米饭面包肉蛋糖酒茶杯瓶盘刀椅桌床灯窗屋桥船飞机汽自行车脑键盘"
    "衣裤鞋帽裙包玻璃纸箱塑料属厨余垃圾旧电池灰尘缺陷划痕裂纹正异良病斑健康锈测训练验证集图照未已好坏合格品类"
)
KOREAN = "이가나다라리기고자지아스사양어인도마시하해대수정서부조전주소장제오우구동무보비바미모물나무개강공과관국그금"
JAPANESE = (
    "のんいしたかるくなとすきりまちつこらさっアイウカキクコサシスタチテトナニノハバパフブプマミムメモラリルレロワンー"
    "犬猫鳥魚車花"
)


def read_names(infos: Sequence[zipfile.ZipInfo], *, earlier: bool = False) -> tuple[list[str], str]:
    """Returns each member's path, "/" between its parts and no "." among them, and the code page that was guessed.

    Args:
        infos: as zipfile gives them.
        earlier: bool, whether to guess as older versions did.

    Returns:
        The names; the coding's name, empty where nothing had to be guessed but UTF-8.
    """
    said = [_said(info) for info in infos]
    raw = [info.orig_filename.encode("cp437") for info, name in zip(infos, said, strict=True) if name is None]
    unsaid = [name.decode("cp437") for name in raw if not name.isascii()]
    encoding = guess_encoding(unsaid) if earlier else guess(raw)
    names = [
        _tidied(_decoded(info.orig_filename.encode("cp437"), encoding) if name is None else name)
        for info, name in zip(infos, said, strict=True)
    ]
    return names, "" if encoding == "utf-8" else encoding


def guess(names: Iterable[bytes]) -> str:
    """Returns the coding in which names look most like words; empty where all of them are plain ASCII."""
    pieces = {piece for name in names if not name.isascii() for piece in re.split(rb"/", name) if not piece.isascii()}
    if not pieces:
        return ""
    sample = sorted(pieces)[:SAMPLE]
    if all(_fits(piece, "utf-8") for piece in sample):
        return "utf-8"
    best, best_score = "cp437", LIKELY
    for encoding in (*ALPHABETS, *ASIAN):
        score = _plausible(sample, encoding)
        if score > best_score + EARLIER_IS_LIKELIER:
            best, best_score = encoding, score
    return best


def _said(info: zipfile.ZipInfo) -> str | None:
    """Returns the name where the entry says what it is."""
    if info.flag_bits & UTF8_FLAG or info.orig_filename.isascii():
        return info.orig_filename
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == UNICODE_PATH and size > 5:
            version, checksum = struct.unpack_from("<BI", extra, 4)
            # The checksum is that of the name as it was: whoever renamed the entry may have left the field behind.
            if version == 1 and checksum == zlib.crc32(info.orig_filename.encode("cp437")):
                return extra[9 : 4 + size].decode("utf-8", "replace")
        extra = extra[4 + size :]
    return None


def _tidied(name: str) -> str:
    r"""Makes "./cats//1.png" and "cats\1.png" the path that they mean; what leads out of the archive stays as it is."""
    name = name.replace("\\", "/")
    pieces = name.split("/")
    return "/".join(
        piece for place, piece in enumerate(pieces) if piece != "." and (piece or place in (0, len(pieces) - 1))
    )


def _decoded(name: bytes, encoding: str) -> str:
    try:
        return name.decode(encoding or "cp437")
    except UnicodeError:
        return name.decode("cp437")


def _fits(name: bytes, encoding: str) -> bool:
    try:
        name.decode(encoding)
    except UnicodeError:
        return False
    return True


def _plausible(names: Sequence[bytes], encoding: str) -> float:
    """Returns how much names look like words in a coding, at most 1; far below 0 where they are none."""
    try:
        texts = [name.decode(encoding) for name in names]
    except UnicodeError:
        return -1.0
    if encoding in ALPHABETS:
        marks = [mark for text in texts for mark in _marks_of_words(text, ALPHABETS[encoding])]
    else:
        marks = [mark for text in texts for mark in _marks_of_signs(text, encoding)]
    return sum(marks) / len(marks) if marks else -1.0


def _marks_of_words(text: str, common: str) -> Iterable[float]:
    """Gives a mark for each sign beyond ASCII in a text of letters."""
    for word in re.findall(r"[^\W\d_]+|[^\x00-\x7f]", text):
        if word.isascii():
            continue
        cyrillic_or_greek = sum("\u0370" <= sign <= "\u052f" for sign in word)
        mixed = 0 < cyrillic_or_greek < len(word)
        regular = word.islower() or word.isupper() or (word[:1].isupper() and word[1:].islower())
        accented = sum(not sign.isascii() for sign in word)
        crowded = not cyrillic_or_greek and len(word) > 2 and accented > 0.5 * len(word)
        for sign in word:
            if sign.isascii():
                continue
            if not sign.isalpha() or sign in "ªº":
                yield -1.0 if "\u2500" <= sign <= "\u25ff" or sign < "\u00a0" else -0.5
            elif mixed or not regular:
                yield -0.5
            elif crowded:
                yield 0.2
            else:
                yield 1.0 if sign.casefold() in common else 0.4


def _marks_of_signs(text: str, encoding: str) -> Iterable[float]:
    """Gives a mark for each sign beyond ASCII in a text whose signs are words or syllables."""
    common, ranks = ASIAN[encoding]
    for place, sign in enumerate(text):
        if sign.isascii():
            continue
        around = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
        if any("a" <= other.lower() <= "z" for other in around):
            yield -0.5  # a letter swallowed half of a Western word
        elif sign in common:
            yield 1.0
        else:
            code = sign.encode(encoding)
            low, high, trail = ranks
            usual = len(code) == 2 and low <= code[0] <= high and code[1] >= trail
            yield 0.6 if usual else -1.0 if len(code) != 2 or code[1] < trail else 0.1


# Coding -> common signs, and where the usual ones lie: first and last lead byte, least trail byte. In GB 18030 these
# are GB 2312's: nearly any two bytes are valid beyond them.
ASIAN: Mapping[str, tuple[str, tuple[int, int, int]]] = {
    "gb18030": (CHINESE, (0xB0, 0xD7, 0xA1)),
    "big5": ("", (0xA4, 0xC6, 0x40)),
    "cp932": (JAPANESE, (0x81, 0x97, 0x40)),
    "cp949": (KOREAN, (0xB0, 0xC8, 0xA1)),
}
