"""Turns tokens into text as they come: no half characters, and nothing of a stop word.

Bytes become characters in Python's incremental decoder, which finds at once which bytes never will, and takes as long
for the last token as for the first. `tokenizers.decoders.DecodeStream` keeps such bytes back until a whole character
follows, and decodes all that it keeps with every token: 8,000 of them take it seconds.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from core.text.tokenizer.tokenizer import Tokenizer


def token_pieces(ids: Sequence[int], tokenizer: Tokenizer, *, goes_on: bool = False) -> list[str]:
    """Returns what each token adds to the text; joined they are the text, less its end tokens.

    Of the tokens that share a character only the last one adds it; what never becomes one is added by the token that
    shows it, U+FFFD in its place.

    Args:
        ids: of the tokens.
        tokenizer: theirs.
        goes_on: bool, whether more tokens follow: a character that is not whole at the end is the next one's then.
    """
    pieces: list[str] = []
    decoder = _decoder()
    for place, token in enumerate(ids):
        if token == tokenizer.end_id:
            pieces.append("")
            continue
        last = place + 1 == len(ids)
        final = not goes_on if last else ids[place + 1] == tokenizer.end_id
        pieces.append(decoder.decode(tokenizer.token_bytes(token), final))
    return pieces


class TextStream:
    """One text while it is written.

    Args:
        tokenizer: the model's.
        stop: words that end the text where they occur; they are left out of it.
        prompt: ids of what stands before it; a character that it ends within becomes part of the text.
    """

    def __init__(self, tokenizer: Tokenizer, stop: Sequence[str] = (), prompt: Sequence[int] = ()) -> None:
        self._tokenizer = tokenizer
        self._decoder = _decoder()
        self.prompt_text = "".join(self._decoder.decode(tokenizer.token_bytes(token)) for token in prompt)
        self._stop = tuple(word for word in stop if word)
        self._longest = max(map(len, self._stop), default=1)
        self._shown = 0
        self.tokens: list[int] = []
        self.text = ""
        self.stopped = False

    def add(self, token: int) -> str:
        """Takes one more token, and returns the text that is now certain, perhaps none."""
        self.tokens.append(token)
        ended = token == self._tokenizer.end_id
        # A stop word that was not there before ends within what comes now.
        start = max(0, len(self.text) + 1 - self._longest)
        self.text += self._decoder.decode(b"" if ended else self._tokenizer.token_bytes(token), ended)
        found = [place for word in self._stop if (place := self.text.find(word, start)) >= 0]
        if found:
            self.text = self.text[: min(found)]
        self.stopped = ended or bool(found)
        return self._show(len(self.text) if self.stopped else self._certain())

    def end(self) -> str:
        """Returns what was held back, once no more tokens come."""
        if not self.stopped:
            self.text += self._decoder.decode(b"", final=True)
        return self._show(len(self.text))

    def _show(self, end: int) -> str:
        piece = self.text[self._shown : end]
        self._shown = max(self._shown, end)
        return piece

    def _certain(self) -> int:
        """Returns how much of the text can't be the beginning of a stop word."""
        begun = (length for word in self._stop for length in range(1, len(word)) if self.text.endswith(word[:length]))
        return max(len(self.text) - max(begun, default=0), self._shown)


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")("replace")
