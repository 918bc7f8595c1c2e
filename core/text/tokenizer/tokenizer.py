"""GPT-2's tokenizer: byte-level byte-pair encoding from vocab.json and merges.txt. Knows no model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tokenizers import AddedToken, decoders, models, pre_tokenizers
from tokenizers import Tokenizer as Engine

from core.errors import UserError
from core.files.atomic import read_json

VOCABULARY, MERGES = "vocab.json", "merges.txt"
END = "<|endoftext|>"
LARGEST_FILE_BYTES = 64 * 2**20
MOST_TOKENS = 1_000_000
VERSION_LINE = "#version: 0.2"


class Tokenizer:
    """Turns text into token ids and back, without loss.

    Every text can be written: the vocabulary holds all 256 bytes, what the merges make of them, and special tokens
    such as "<|endoftext|>", which are taken for such wherever they stand in a text.

    Args:
        vocabulary: token, in GPT-2's spelling of bytes, -> id; the ids are 0 .. size - 1.
        merges: pairs of tokens in the order in which they are joined.
        origin: str, what to call it in an error message.

    Raises:
        UserError: the two don't belong together, or they are no GPT-2 tokenizer.

    Reference:
        Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units".
    """

    def __init__(
        self, vocabulary: Mapping[str, int], merges: Sequence[tuple[str, str]], origin: str | Path = "tokenizer"
    ) -> None:
        _check_ids(vocabulary, origin)
        specials = _check_merges(vocabulary, merges, origin)
        self.vocabulary = dict(vocabulary)
        self.merges = list(merges)
        self.size = len(self.vocabulary)
        self.end_id = self.vocabulary.get(END)
        self._engine = Engine(models.BPE(vocab=self.vocabulary, merges=self.merges))
        self._engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        self._engine.decoder = decoders.ByteLevel()
        self._engine.add_special_tokens([AddedToken(token, normalized=False) for token in specials])

    @classmethod
    def load(cls, folder: Path, vocabulary: str = VOCABULARY) -> Self:
        """Reads vocab.json and merges.txt.

        Args:
            folder: where they lie.
            vocabulary: str, what vocab.json is called there.

        Raises:
            UserError: one is missing or broken, or they don't belong together.
        """
        for name in (vocabulary, MERGES):
            _check_file(folder / name)
        return cls(read_json(folder / vocabulary), _read_merges(folder / MERGES), folder)

    def files(self) -> dict[str, bytes]:
        """Returns the content of vocab.json and merges.txt, by name."""
        lines = [VERSION_LINE, *(f"{left} {right}" for left, right in self.merges)]
        return {
            VOCABULARY: json.dumps(self.vocabulary, ensure_ascii=False).encode(),
            MERGES: ("\n".join(lines) + "\n").encode(),
        }

    def encode(self, text: str) -> list[int]:
        """Returns the text's token ids; a lone surrogate, which no file can hold, becomes a question mark."""
        return list(self._engine.encode(text.encode("utf-8", "replace").decode("utf-8")).ids)

    def decode(self, ids: Iterable[int]) -> str:
        """Returns the text of token ids; bytes that are no UTF-8, half a character say, become U+FFFD."""
        return str(self._engine.decode(list(ids), skip_special_tokens=False))

    def token_text(self, token_id: int) -> str:
        """Returns what one token writes; one that holds part of a character only, its bytes in hexadecimal."""
        text = self.decode([token_id])
        if "\ufffd" not in text:
            return text
        return self.token_bytes(token_id).decode("utf-8", "backslashreplace")

    def token_bytes(self, token_id: int) -> bytes:
        """Returns what one token stands for, in UTF-8, of which it may hold half a character."""
        token = str(self._engine.id_to_token(token_id))
        return bytes(BYTE_OF[sign] for sign in token) if set(token) <= BYTE_OF.keys() else token.encode()


def _byte_signs() -> dict[str, int]:
    """GPT-2's spelling: each byte as one visible character, most of them as themselves."""
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in set(visible)]
    return {chr(byte): byte for byte in visible} | {chr(256 + place): byte for place, byte in enumerate(others)}


BYTE_OF = _byte_signs()


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise UserError(
            "'{folder}' holds no {name}.",
            hint="A GPT-2 tokenizer is two files side by side, vocab.json and merges.txt.",
            folder=path.parent,
            name=path.name,
        )
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise UserError(
            "'{path}' is too large for a tokenizer.",
            hint="A GPT-2 tokenizer is two files side by side, vocab.json and merges.txt.",
            path=path,
        )


def _read_merges(path: Path) -> list[tuple[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            "'{path}' cannot be read ({reason}).",
            hint="Check that the file is there and that you may read it.",
            path=path,
            reason=error.strerror if isinstance(error, OSError) else "it is no UTF-8 text",
        ) from error
    merges = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or (number == 1 and line.startswith("#version")):
            continue
        pair = line.rstrip("\r").split(" ")
        if len(pair) != 2 or not all(pair):
            raise UserError(
                "Line {number} of '{path}' is no pair of tokens.",
                hint="Restore the file from a copy.",
                number=number,
                path=path,
            )
        merges.append((pair[0], pair[1]))
    return merges


def _check_ids(vocabulary: Any, origin: str | Path) -> None:
    if not isinstance(vocabulary, Mapping) or not vocabulary:
        raise UserError(
            "The vocabulary of '{origin}' is no list of tokens with their ids.",
            hint="vocab.json holds one JSON object, token to id.",
            origin=origin,
        )
    ids = list(vocabulary.values())
    if not all(type(value) is int for value in ids) or sorted(ids) != list(range(len(ids))) or len(ids) > MOST_TOKENS:
        raise UserError(
            "The ids in the vocabulary of '{origin}' are not the numbers from 0 up, each once.",
            hint="Restore vocab.json from a copy.",
            origin=origin,
        )


def _check_merges(vocabulary: Mapping[str, int], merges: Sequence[tuple[str, str]], origin: str | Path) -> list[str]:
    """Returns the special tokens: what is neither a byte nor made by a merge."""
    lacking = sum(1 for sign in BYTE_OF if sign not in vocabulary)
    if lacking:
        raise UserError(
            "'{origin}' is no GPT-2 tokenizer: its vocabulary lacks {count} of the 256 bytes.",
            hint="Use vocab.json and merges.txt of a GPT-2.",
            origin=origin,
            count=lacking,
        )
    made = {left + right for left, right in merges}
    unknown = next((token for pair in merges for token in (*pair, "".join(pair)) if token not in vocabulary), None)
    if unknown is not None:
        raise UserError(
            "The vocabulary of '{origin}' does not fit its merges: they make '{token}', which it lacks.",
            hint="Use vocab.json and merges.txt of the same model.",
            origin=origin,
            token=unknown,
        )
    others = [token for token in vocabulary if token not in BYTE_OF and token not in made]
    foreign = [token for token in others if not (token.startswith("<|") and token.endswith("|>"))]
    if foreign:
        raise UserError(
            "The vocabulary of '{origin}' does not fit its merges: of its {size} entries they don't make {count}, "
            "'{token}' among them.",
            hint="Use vocab.json and merges.txt of the same model.",
            origin=origin,
            size=len(vocabulary),
            count=len(foreign),
            token=foreign[0],
        )
    return others
