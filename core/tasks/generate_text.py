"""Writes with a GPT-2, and tells of each token as it comes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.context import Context
from core.errors import UserError
from core.events import Log, Progress, Text
from core.inference.text_model import ids_of, text_model, token_rows, view_row
from core.inference.writer import Bucket, Writer
from core.models.gpt2.folder import Gpt2
from core.settings.generate_text import GenerateTextSettings
from core.text.sampling.beam import BeamSearch
from core.text.sampling.contrastive import contrastive_search
from core.text.sampling.sampling import Sampling
from core.text.sampling.token_view import TokenView
from core.text.sampling.writing import write
from core.text.tokenizer.stream import TextStream

MOST_TEXTS = 32  # written, or tried, at a time: Stop is heard between
USUAL_CANDIDATES = 4  # of contrastive search
REPORT_INTERVAL_S = 0.1


def generate_text(settings: GenerateTextSettings, context: Context) -> dict[str, Any]:
    """Writes texts. Each token is reported as a `Text`, with what the model thought of it.

    Where alternatives are wanted, each text begins with a `Text` of title "prompt": the prompt, and its "tokens".

    Returns:
        {"texts" (the prompts included), "continuations", "tokens" (what was written: ids, the end token included where
        it came), "tokens_per_s", "first_token_s", "compile_s", "views" (one list a text, where alternatives are
        wanted)}. Texts of one prompt stand side by side. Speeds are measured once all is compiled.

    Raises:
        UserError: there is no such model, a prompt does not fit it, or memory does not suffice.
        CancelledError: the user has asked the job to stop.
    """
    gpt2, writer, trained_here = text_model(settings.model, context)
    texts = settings.prompts[:1] if settings.prompt_ids else settings.prompts
    pens: list[Pen] = []
    for number, text in enumerate(texts):
        prompt = ids_of(text, settings.prompt_ids, gpt2.tokenizer, trained_here=trained_here)
        limit = _limit(prompt, settings.max_tokens, gpt2, context)
        for copy in range(settings.count):
            stream = TextStream(gpt2.tokenizer, settings.stop, settings.prompt_ids)
            shown = stream.prompt_text if settings.prompt_ids else text
            pens.append(Pen(len(pens), prompt, shown, limit, stream, [context.job.seed, number, copy]))
    desk = Desk(settings, context, gpt2, writer, sum(pen.limit for pen in pens))
    if settings.beams > 1:
        for start in range(0, len(pens), settings.count):
            desk.search_beams(pens[start : start + settings.count])
    elif settings.contrastive > 0.0:
        for pen in pens:
            desk.search_contrastively(pen)
    else:
        at_once = desk.texts_at_once(pens)
        for start in range(0, len(pens), at_once):
            desk.draw(pens[start : start + at_once])
    return desk.result(pens)


@dataclass
class Pen:
    """One text while it is written.

    Args:
        number: int, which of all texts it is.
        prompt: ids of the tokens that it begins with.
        start: str, their text.
        limit: int, how many tokens it may grow by.
        stream: its text.
        seed: numbers that make its randomness its own.
        views: what the model thought of each token.
    """

    number: int
    prompt: list[int]
    start: str
    limit: int
    stream: TextStream
    seed: list[int]
    views: list[TokenView] = field(default_factory=list)


class Desk:
    """Where the texts of one job are written: knows how, and keeps the time.

    Args:
        settings: the job's.
        context: is told of each token, and asked whether to stop.
        gpt2: who writes.
        writer: what is compiled for it.
        total: int, how many tokens may come.
    """

    def __init__(
        self, settings: GenerateTextSettings, context: Context, gpt2: Gpt2, writer: Writer, total: int
    ) -> None:
        self._settings = settings
        self._context = context
        self._gpt2 = gpt2
        self._writer = writer
        self._total = total
        self._done = 0
        self._compile_s = self._write_s = self._first_token_s = 0.0
        self._started = self._reported = 0.0

    def texts_at_once(self, pens: Sequence[Pen]) -> int:
        """Returns how many of the texts are drawn at a time."""
        bucket = self._writer.bucket([pen.prompt for pen in pens], max(pen.limit for pen in pens))
        self._check_room(1, bucket)
        return min(MOST_TEXTS, self._writer.room(bucket).texts)

    def draw(self, pens: Sequence[Pen]) -> None:
        """Writes a batch of texts, each token drawn from its distribution."""
        settings, prompts, limits = self._settings, [pen.prompt for pen in pens], [pen.limit for pen in pens]
        sampling = Sampling(settings.repetition_penalty, settings.temperature, settings.top_k, settings.top_p)
        rngs = [np.random.default_rng(pen.seed) for pen in pens]
        self._tell_prompts(pens)
        self._begin(prompts, max(limits), 0)
        writing = self._writer.begin(prompts, max(limits))
        steps = write(writing, prompts, sampling, rngs, limits, self._gpt2.tokenizer.end_id, settings.alternatives)
        ended: set[int] | None = None
        while True:
            self._context.check()
            try:
                step = steps.send(ended)
            except StopIteration:
                break
            ended = set()
            for row, view in step:
                self._take(pens[row], view)
                if pens[row].stream.stopped:
                    ended.add(row)
        self._end(pens)

    def search_beams(self, pens: Sequence[Pen]) -> None:
        """Writes the most probable texts of one prompt, as many as there are pens."""
        settings, first = self._settings, pens[0]
        self._check_room(settings.beams, self._writer.bucket([first.prompt], first.limit))
        self._tell_prompts(pens)
        self._begin([first.prompt], first.limit, settings.beams)
        search = BeamSearch(
            settings.beams,
            first.limit,
            self._gpt2.tokenizer.end_id,
            settings.length_penalty,
            settings.repetition_penalty,
            settings.alternatives,
        )
        before = self._done

        def check(written: int) -> None:
            self._context.check()
            if written:
                self._note_first_token()
                self._progress(before + written * len(pens))

        found = search.run(self._writer.begin([first.prompt], first.limit), first.prompt, check)
        for pen, hypothesis in zip(pens, found, strict=False):
            for view in hypothesis.views:
                if not pen.stream.stopped:
                    self._take(pen, view)
        self._end(pens)

    def search_contrastively(self, pen: Pen) -> None:
        """Writes one text by contrastive search."""
        settings = self._settings
        candidates = min(settings.top_k or USUAL_CANDIDATES, self._gpt2.tokenizer.size)
        bucket = self._writer.bucket([pen.prompt], pen.limit)
        self._check_room(1, bucket)
        self._tell_prompts([pen])
        at_once = min(candidates, MOST_TEXTS, self._writer.room(bucket).texts)
        if at_once < candidates:
            self._begin([pen.prompt], pen.limit, 1)  # the token that is taken is read alone
        self._begin([pen.prompt], pen.limit, at_once)
        for view in contrastive_search(
            self._writer.begin([pen.prompt], pen.limit),
            pen.prompt,
            candidates=candidates,
            degeneration=settings.contrastive,
            length=pen.limit,
            end_id=self._gpt2.tokenizer.end_id,
            repetition_penalty=settings.repetition_penalty,
            alternatives=settings.alternatives,
            at_once=at_once,
            check=self._context.check,
        ):
            self._take(pen, view)
            if pen.stream.stopped:
                break
        self._end([pen])

    def result(self, pens: Sequence[Pen]) -> dict[str, Any]:
        """Returns what the task returns."""
        settings = self._settings
        views = (
            [[view_row(view, self._gpt2.tokenizer) for view in pen.views] for pen in pens]
            if settings.alternatives and settings.views
            else None
        )
        return {
            "texts": [pen.start + pen.stream.text for pen in pens],
            "continuations": [pen.stream.text for pen in pens],
            "tokens": [pen.stream.tokens for pen in pens],
            "tokens_per_s": sum(len(pen.views) for pen in pens) / max(self._write_s, 1e-9),
            "first_token_s": self._first_token_s,
            "compile_s": self._compile_s,
            **({} if views is None else {"views": views}),
        }

    def _tell_prompts(self, pens: Sequence[Pen]) -> None:
        if self._settings.alternatives:
            rows: dict[tuple[int, ...], list[dict[str, Any]]] = {}
            for pen in pens:
                prompt = tuple(pen.prompt)
                if prompt not in rows:
                    rows[prompt] = token_rows(prompt, self._gpt2.tokenizer, goes_on=True)
                self._context.report(Text(pen.start, "prompt", {"number": pen.number, "tokens": rows[prompt]}))

    def _check_room(self, texts: int, bucket: Bucket) -> None:
        """Refuses to hold more texts at a time than there is memory for."""
        room = self._writer.room(bucket)
        if texts > room.texts:
            raise UserError(
                "To follow {count} texts of up to {tokens} tokens at a time would take {needed} GB of memory, and "
                "there are {room} GB for it.",
                hint="Lower the beams or the longest text, or shorten the prompt.",
                count=texts,
                tokens=bucket.places,
                needed=f"{texts * room.text_bytes / 1e9:.1f}",
                room=f"{room.bytes / 1e9:.1f}",
            )

    def _begin(self, prompts: Sequence[Sequence[int]], new_tokens: int, rows: int) -> None:
        """Compiles what is not compiled yet, then starts the clock."""
        self._context.check()
        bucket = self._writer.bucket(prompts, new_tokens)
        if not self._writer.is_warm(bucket, rows):
            self._context.report(Progress("compile"))
        begun = time.perf_counter()
        self._writer.warm_up(bucket, rows)
        self._started = time.perf_counter()
        self._compile_s += self._started - begun
        self._context.check()

    def _end(self, pens: Sequence[Pen]) -> None:
        self._write_s += time.perf_counter() - self._started
        for pen in pens:
            if rest := pen.stream.end():
                self._context.report(Text(rest, details={"number": pen.number}))
        self._progress(self._done, at_once=True)

    def _take(self, pen: Pen, view: TokenView) -> None:
        """Adds a token to a text, and tells of it."""
        self._note_first_token()
        pen.views.append(view)
        piece = pen.stream.add(view.token)
        self._done += 1
        details = {"number": pen.number, **view_row(view, self._gpt2.tokenizer)}
        self._context.report(Text(piece, details=details))
        self._progress(self._done)

    def _note_first_token(self) -> None:
        if not self._first_token_s:
            self._first_token_s = time.perf_counter() - self._started

    def _progress(self, done: int, *, at_once: bool = False) -> None:
        now = time.perf_counter()
        if at_once or now - self._reported >= REPORT_INTERVAL_S:
            self._reported = now
            rate = done / (self._write_s + now - self._started) if not at_once else 0.0
            self._context.report(Progress("write", done, self._total, "tokens", rate))


def _limit(prompt: Sequence[int], wanted: int, gpt2: Gpt2, context: Context) -> int:
    """Returns how many tokens may follow a prompt."""
    room = gpt2.settings.context - len(prompt)
    if room < 1:
        raise UserError(
            "The prompt has {count} tokens, and this model can look at {context}.",
            hint="Shorten the prompt.",
            count=len(prompt),
            context=gpt2.settings.context,
        )
    if room < wanted:
        context.report(
            Log(
                "The text can grow by {room} tokens only: the model looks at {context}, the prompt included.",
                "warning",
                values={"room": room, "context": gpt2.settings.context},
            )
        )
    return min(room, wanted)
