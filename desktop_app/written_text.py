"""What the window knows of a text: its tokens, what the model thought of each, and where it branched off.

It must not know a widget.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from core.jobs import Job

State = Literal["growing", "done", "stopped"]
TITLE_LETTERS = 60


@dataclass(frozen=True, slots=True)
class Alternative:
    """A token that might have come.

    Args:
        token: int, its id.
        text: str, what it writes.
        probability: float in [0, 1].
    """

    token: int
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a text.

    Args:
        token: int, its id.
        text: str, what it writes by itself; bytes in hexadecimal where it holds part of a character.
        piece: str, what it adds to the text.
        probability: float in [0, 1]; None where the model was not asked.
        rank: int, 1 for the most probable; 0 where the model was not asked.
        entropy: float >= 0, nats.
        alternatives: the most probable first.
    """

    token: int
    text: str
    piece: str
    probability: float | None = None
    rank: int = 0
    entropy: float = 0.0
    alternatives: tuple[Alternative, ...] = ()

    @classmethod
    def of(cls, row: Mapping[str, Any], piece: str) -> Token:
        """Returns the token that a task's row tells of."""
        found = tuple(Alternative(one["token"], one["text"], one["probability"]) for one in row.get("alternatives", []))
        return cls(
            row["token"],
            row["text"],
            piece,
            row.get("probability"),
            row.get("rank", 0),
            row.get("entropy", 0.0),
            found,
        )

    def instead(self, place: int) -> Token:
        """Returns the token that an alternative is, as the model saw it."""
        other = self.alternatives[place]
        return replace(
            self, token=other.token, text=other.text, piece=other.text, probability=other.probability, rank=place + 1
        )


def ends_text(token: Token) -> bool:
    """Whether a token is the one that stands between texts."""
    return not token.piece and token.text.startswith("<|")


@dataclass(eq=False)
class WrittenText:
    """One text, also while it is written.

    Args:
        job: that writes it, or looks at it.
        number: int, which of the job's texts it is.
        model: str, what the model that writes it is called.
        parent: the text that it goes on from; None for one that begins by itself.
        forked: int, how many tokens it has in common with its parent.
        tokens: the prompt's, then those written.
        begins: int, how many tokens the prompt has.
        state: whether more tokens come.
        attention: uint8 (L, H, T, T), 255 for all of a token's attention; None where the model was not asked.
        tokens_per_s: float, how fast it was written; 0 where that is not known.
        examined: bool, whether the model was asked about all tokens; of a long text it tells no attention.
    """

    job: Job
    number: int = 0
    model: str = ""
    parent: WrittenText | None = None
    forked: int = 0
    tokens: list[Token] = field(default_factory=list)
    begins: int = 0
    state: State = "growing"
    attention: np.ndarray | None = None
    tokens_per_s: float = 0.0
    examined: bool = False
    _nats: float = field(default=0.0, init=False, repr=False)
    _judged: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        self._judge_all()

    def take_prompt(self, rows: Sequence[Mapping[str, Any]], known: Sequence[Token] = ()) -> None:
        """Takes the tokens of the prompt, with what is known of them from the text that this one goes on from."""
        tokens = [Token.of(row, row["piece"]) for row in rows]
        for place, (token, before) in enumerate(zip(tokens, known, strict=False)):
            if token.token == before.token:
                tokens[place] = replace(before, piece=token.piece)
        if not known:
            self.begins = len(tokens)
        self.tokens = tokens
        self._judge_all()

    def take_piece(self, piece: str, row: Mapping[str, Any]) -> None:
        """Takes a token, or what of the last one was held back."""
        if "token" in row:
            self.tokens.append(Token.of(row, piece))
            self._judge(self.tokens[-1])
        elif self.tokens and piece:
            self.tokens[-1] = replace(self.tokens[-1], piece=self.tokens[-1].piece + piece)

    def take_views(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Takes what the model thinks of every token, the prompt's too.

        What a token shows stays: of the one that brought a stop word only what stood before it.
        """
        pieces = [token.piece for token in self.tokens] if self.tokens else [row["piece"] for row in rows]
        if not self.tokens:
            self.begins = len(rows)
        self.examined = True
        self.tokens = [Token.of(row, piece) for row, piece in zip(rows, pieces, strict=True)]
        self._judge_all()

    def take_attention(self, pictures: Sequence[np.ndarray], details: Sequence[Mapping[str, Any]]) -> None:
        """Takes the attention of all layers and heads: uint8 (T, T, 1) each."""
        layers, heads = (1 + max(int(detail[name]) for detail in details) for name in ("layer", "head"))
        found = np.stack([picture[..., 0] for picture in pictures])
        self.attention = found.reshape(layers, heads, *found.shape[1:])

    @property
    def text(self) -> str:
        """The whole text, its prompt included."""
        return "".join(token.piece for token in self.tokens)

    @property
    def ids(self) -> tuple[int, ...]:
        """All its token ids."""
        return tuple(token.token for token in self.tokens)

    @property
    def written(self) -> int:
        """How many tokens were written."""
        return len(self.tokens) - self.begins

    @property
    def ended(self) -> bool:
        """Whether its last token is the end token, which writes nothing."""
        return bool(self.tokens) and ends_text(self.tokens[-1])

    @property
    def title(self) -> str:
        """Its beginning in one line; of a branch, what it says from the fork on."""
        text = " ".join("".join(token.piece for token in self.tokens[self.forked :]).split())
        return text if len(text) <= TITLE_LETTERS else f"{text[: TITLE_LETTERS - 1]}…"

    @property
    def perplexity(self) -> float | None:
        """The exponential of the mean nats of what was written, of the prompt where that is all; None if not known."""
        return math.exp(self._nats / self._judged) if self._judged else None

    def _judge_all(self) -> None:
        self._nats, self._judged = 0.0, 0
        for token in self.tokens[self.begins :] or self.tokens:
            self._judge(token)

    def _judge(self, token: Token) -> None:
        """Adds a token to the sum: a text that grows is not summed anew for each one."""
        if token.probability is not None:
            self._nats -= math.log(max(token.probability, 1e-45))
            self._judged += 1
