"""A few texts that a language model writes, for the report on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.context import Context
from core.events import Progress
from core.inference.writer import Writer
from core.models.gpt2.folder import Gpt2
from core.text.rows.rows import Rows
from core.text.sampling.sampling import Sampling
from core.text.sampling.writing import write

TEMPERATURE = 0.7
LONGEST = 64  # tokens that are written
GIVEN, SHARE = 16, 3  # of a text's beginning at most so many tokens, and one third of it
LEAST_TOKENS = 8  # of a text whose beginning is taken


@dataclass(frozen=True)
class Written:
    """One beginning, and how the model goes on.

    Args:
        start: str, what was given; may be empty.
        greedy: str, the most probable token each time.
        drawn: str, drawn at `TEMPERATURE`.
    """

    start: str
    greedy: str
    drawn: str


def write_some(gpt2: Gpt2, writer: Writer, rows: Rows, count: int, context: Context) -> tuple[Written, ...]:
    """Lets the model write: from nothing, and from the beginnings of a few texts.

    Args:
        gpt2: who writes; its tokenizer has an end token.
        writer: what is compiled for it.
        rows: the texts.
        count: int, from how many beginnings at most, the empty one included.
        context: its job's seed decides what is drawn; gets the progress, and is asked whether to stop.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    starts = _starts(rows, count)
    found = [
        _write(gpt2, writer, starts, Sampling(temperature=temperature), context) for temperature in (0.0, TEMPERATURE)
    ]
    tokenizer = gpt2.tokenizer
    return tuple(
        Written(tokenizer.decode(start[1:]), tokenizer.decode(greedy), tokenizer.decode(drawn))
        for start, greedy, drawn in zip(starts, *found, strict=True)
    )


def _starts(rows: Rows, count: int) -> list[list[int]]:
    """Returns beginnings, each after the end token, no two alike."""
    starts = [[rows.end_id]]
    for begin, end in zip(rows.starts[:-1], rows.starts[1:], strict=True):
        if len(starts) >= count:
            break
        if rows.ids[begin] == rows.end_id and end - begin >= LEAST_TOKENS:
            start = rows.ids[begin : begin + 1 + min(GIVEN, int(end - begin) // SHARE)].tolist()
            if start not in starts:
                starts.append(start)
    return starts


def _write(
    gpt2: Gpt2, writer: Writer, starts: Sequence[list[int]], sampling: Sampling, context: Context
) -> list[list[int]]:
    """Returns the new tokens of each text, without the end token."""
    context.check()
    context.report(Progress("write"))
    limits = [max(0, min(LONGEST, gpt2.settings.context - len(start))) for start in starts]
    rngs = [np.random.default_rng((context.job.seed, row)) for row in range(len(starts))]
    end_id = gpt2.tokenizer.end_id
    texts: list[list[int]] = [[] for _ in starts]
    for step in write(writer.begin(starts, max(limits)), starts, sampling, rngs, limits, end_id, 0):
        context.check()
        for row, view in step:
            if view.token != end_id:
                texts[row].append(view.token)
    return texts
