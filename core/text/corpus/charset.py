"""Turns a file's bytes into text, whatever their encoding. Knows no files."""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import NamedTuple, Self

# The longer marks first: UTF-32's begins like UTF-16's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BEYOND_ASCII = bytes(range(0x80, 0x100))
LETTERS = bytes(byte for byte in range(0x80) if chr(byte).isalpha())
KEEP_ROWS = bytes(byte if 0xA1 <= byte <= 0xFE else ord(" ") for byte in range(0x100))
PAIRED = 0.9  # of the bytes beyond ASCII: in Chinese text they come in twos, in Western text one by one
DENSE, FEWEST = 0.4, 16  # share of the letters that lie beyond ASCII, and how many, for a script of its own to be told
EAST_ASIAN = ("gb18030", "euc-jp", "cp949")  # those whose bytes come in pairs as well
OTHER_SCRIPTS = ("cp932", "big5", *EAST_ASIAN, "cp1251", "koi8-r", "cp866", "cp1253", "cp1252")
LATIN = ("cp1252", "cp1250", "iso8859-2")
# A sign that stands within no word: three letters of another language, read as Western Europe's.
IN_A_WORD = re.compile(r"(?<=[^\W\d_])[\u00a1-\u00b6\u00b8-\u00bf\u00d7\u00f7\u02c7\u02d8-\u02dd](?=[^\W\d_])")
FEWEST_IN_WORDS = 3
CONTROLS = bytes([*range(0x07), *range(0x0E, 0x1A)])  # in no text, but halves of what UTF-16 makes of many scripts
MANY_CONTROLS = 0.2  # share of the bytes: half of them, where it holds Latin or Cyrillic letters
SAMPLE_BYTES, LOOKED_AT_BYTES = 2**15, 2**22
MOST_REPLACED = 100  # one character in so many may be damaged


class TextError(Exception):
    """Bytes that are no text. Its text is the reason, one plain sentence."""

    @classmethod
    def because(cls, reason: str) -> Self:
        """Makes one from its reason."""
        return cls(reason)


class Decoded(NamedTuple):
    r"""What bytes say.

    Args:
        text: str, its lines ended by "\n".
        encoding: str, the encoding it was read in.
        guessed: bool, whether that is only what it looks like.
        replaced: int, how many characters are damaged; U+FFFD stands for each.
    """

    text: str
    encoding: str
    guessed: bool = False
    replaced: int = 0


def decode_text(content: bytes, encoding: str = "auto") -> Decoded:
    """Reads text.

    A mark at the beginning (UTF-8, UTF-16, UTF-32) wins over everything. Without one, "auto" takes UTF-8 where nearly
    all of it is, UTF-16 or UTF-32 where zero bytes lie as they do there, then what it looks like: an encoding of
    Chinese, Japanese, Korean, Russian or Greek, one of Central Europe where its signs stand within words, else that of
    Western Europe. A few damaged characters are replaced.

    Args:
        content: what the file holds.
        encoding: "auto", a name that Python knows, or "earlier", for "auto" as it was when runs of former formats were
            made.

    Raises:
        TextError: it is no text in that encoding.
    """
    marked = next((name for mark, name in MARKS if content.startswith(mark)), "")
    guesses = {"auto": _guess, "earlier": _guess_as_before}
    guessed = not marked and encoding in guesses
    chosen = marked or (guesses[encoding](content) if guessed else encoding)
    text, replaced = _decode(content, chosen, strict=encoding == "earlier")
    if "\0" in text:
        raise TextError.because("It is no text: it holds zero bytes.")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Decoded(text, chosen.removesuffix("-sig"), guessed and chosen != "utf-8", replaced)


def _decode(content: bytes, encoding: str, *, strict: bool) -> tuple[str, int]:
    """Returns the text and how many damaged characters were replaced."""
    try:
        return content.decode(encoding), 0
    except UnicodeError:
        text = content.decode(encoding, "replace")
        replaced = text.count("\N{REPLACEMENT CHARACTER}")
        if strict or replaced > max(1, len(text) // MOST_REPLACED) or 2 * replaced >= len(text):
            raise TextError.because("It is not valid text in its encoding.") from None
        return text, replaced


def _guess(content: bytes) -> str:
    fits, controls = _fits(content, "utf-8"), len(content) - len(content.translate(None, CONTROLS))
    if (controls > MANY_CONTROLS * len(content) or (controls and not fits)) and (wide := _guess_wide(content)):
        return wide
    if fits or _is_nearly_utf8(content):
        return "utf-8"
    sample = _sample(content)
    beyond = len(sample) - len(sample.translate(None, BEYOND_ASCII))
    letters = len(sample) - len(sample.translate(None, LETTERS))
    paired = _paired(sample) >= PAIRED and _begins(sample, "gb18030")
    if beyond >= FEWEST and beyond >= DENSE * (beyond + letters):
        for cut in range(4):  # the sample, or the file, may end within a character
            found = _guess_script(sample[: len(sample) - cut], EAST_ASIAN if paired else OTHER_SCRIPTS)
            if found and found not in LATIN:
                return found
    return "gb18030" if paired else _guess_latin(content, sample)


def _guess_wide(content: bytes) -> str:
    """Returns which of UTF-16 and UTF-32 it is, without a mark; "" where it is neither."""
    sample = content[: SAMPLE_BYTES // 4 * 4]
    # A script has its signs in few rows of 256: of the two bytes the one that says the row varies less.
    ends = ("le", "be") if len(set(sample[1::2])) <= len(set(sample[::2])) else ("be", "le")
    for bits in (32, 16):
        for end in ends:
            name = f"utf-{bits}-{end}"
            if (text := _begins(sample, name)) and all(map(_is_written, set(text))):
                return name
    return ""


def _is_written(sign: str) -> bool:
    """Whether texts hold the character: it is no control, and stands for something."""
    return sign in "\t\n\r\f\v\ufeff" or unicodedata.category(sign) not in ("Cc", "Cn", "Co", "Cs")


def _is_nearly_utf8(content: bytes) -> bool:
    """Whether nearly all that lies beyond ASCII is UTF-8: in other encodings hardly anything is, by chance."""
    text = content.decode("utf-8", "replace")
    bad = text.count("\N{REPLACEMENT CHARACTER}")
    good = len(text) - len(text.encode("ascii", "ignore")) - bad
    return good > 1 and bad <= max(1, good // 10)


def _sample(content: bytes) -> bytes:
    """Returns the first lines that hold more than ASCII."""
    found = re.search(rb"[\x80-\xff]", content)
    start = content.rfind(b"\n", 0, found.start()) + 1 if found else 0
    lines, length = [], 0
    for line in content[start : start + LOOKED_AT_BYTES].splitlines(keepends=True):
        if not line.isascii():
            lines.append(line[:SAMPLE_BYTES])
            length += len(lines[-1])
            if length >= SAMPLE_BYTES:
                break
    return b"".join(lines)


def _guess_script(sample: bytes, known: tuple[str, ...]) -> str:
    """Returns the encoding, of those known, in which the sample looks most like a language; "" where it does in none.

    Reference:
        charset-normalizer, which measures noise and coherence of what comes out.
    """
    from charset_normalizer import from_bytes  # it takes a while to load, and most texts are UTF-8

    best = from_bytes(sample, cp_isolation=list(known)).best()
    return "" if best is None else next(name for name in known if codecs.lookup(name) == codecs.lookup(best.encoding))


def _guess_latin(content: bytes, sample: bytes) -> str:
    """Tells Western from Central Europe by signs such as ³ within words, where the other has letters."""
    strange = {name: len(IN_A_WORD.findall(sample.decode(name, "replace"))) for name in LATIN}
    best = min(LATIN, key=lambda name: strange[name])
    if strange["cp1252"] >= max(FEWEST_IN_WORDS, 4 * strange[best]):
        return best
    return next((name for name in LATIN if _fits(content, name)), "latin-1")


def _guess_as_before(content: bytes) -> str:
    if _fits(content, "utf-8"):
        return "utf-8"
    return "gb18030" if _paired(content) >= PAIRED and _fits(content, "gb18030") else "latin-1"


def _begins(sample: bytes, encoding: str) -> str:
    """Returns the text, less a character that is cut off at its end; "" where it is none."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeError:
        return ""


def _fits(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeError:
        return False
    return True


def _paired(content: bytes) -> float:
    """Returns the share of the bytes beyond ASCII that stand in runs of even length within GB 2312's rows."""
    runs = content.translate(KEEP_ROWS).split()
    total = len(content) - len(content.translate(None, BEYOND_ASCII))
    return sum(len(run) for run in runs if len(run) % 2 == 0) / total if total else 0.0
