"""Turns tokens into text as they come: no half characters, and nothing of a stop word."""

from __future__ import annotations

from collections.abc import Sequence

from core.text.tokenizer.tokenizer import Tokenizer

HALF = "\ufffd"
MOST_OF_A_CHARACTER = 4  # bytes, so tokens


def token_pieces(ids: Sequence[int], tokenizer: Tokenizer, *, goes_on: bool = False) -> list[str]:
    """Returns what each token adds to the text; joined they are the text, less its end tokens.

    Of the tokens that share a character only the last one adds it; what never becomes one is the last token's.

    Args:
        ids: of the tokens.
        tokenizer: theirs.
        goes_on: bool, whether more tokens follow: a character that is not whole at the end is the next one's then.
    """
    pieces: list[str] = []
    waiting: list[int] = []  # tokens of a character that is not whole yet
    for place, token in enumerate(ids):
        if token == tokenizer.end_id:
            pieces.append("")
            continue
        waiting.append(token)
        text = tokenizer.decode(waiting)
        ends = place + 1 == len(ids)
        unfinished = text.endswith(HALF) and len(waiting) < MOST_OF_A_CHARACTER
        if unfinished and not ends and ids[place + 1] != tokenizer.end_id:
            pieces.append("")
        elif unfinished and ends and goes_on:
            pieces.append(text.rstrip(HALF))
        else:
            pieces.append(text)
            waiting = []
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
        self._prompt = list(prompt)
        self.prompt_text = tokenizer.decode(self._prompt).rstrip(HALF)
        self._stop = tuple(word for word in stop if word)
        self._shown = 0
        self.tokens: list[int] = []
        self.text = ""
        self.stopped = False

    def add(self, token: int) -> str:
        """Takes one more token, and returns the text that is now certain, perhaps none."""
        self.tokens.append(token)
        ended = token == self._tokenizer.end_id
        whole = self._tokenizer.decode(self._prompt + (self.tokens[:-1] if ended else self.tokens))
        self.text = whole[len(self.prompt_text) :]
        found = [place for place in map(self.text.find, self._stop) if place >= 0]
        if found:
            self.text = self.text[: min(found)]
        self.stopped = ended or bool(found)
        return self._show(len(self.text) if self.stopped else self._certain())

    def end(self) -> str:
        """Returns what was held back, once no more tokens come."""
        return self._show(len(self.text))

    def _show(self, end: int) -> str:
        piece = self.text[self._shown : end]
        self._shown = max(self._shown, end)
        return piece

    def _certain(self) -> int:
        """Returns how much of the text no later token can change."""
        end = len(self.text.rstrip(HALF))
        for word in self._stop:
            for length in range(min(len(word) - 1, end), 0, -1):
                if self.text.endswith(word[:length], 0, end):
                    end -= length
                    break
        return max(end, self._shown)
