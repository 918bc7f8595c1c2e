"""Generates text with a GPT-2, and reports each token as it comes."""

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

MOST_TEXTS = 32  # written, or tried, at a time: Stop takes effect in between
USUAL_CANDIDATES = 4  # of contrastive search
REPORT_INTERVAL_S = 0.1


def generate_text(settings: GenerateTextSettings, context: Context) -> dict[str, Any]:
    """Writes texts. Each token is reported as a `Text`, with its probability and the alternatives.

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
    sequences: list[GeneratedSequence] = []
    for number, text in enumerate(texts):
        prompt = ids_of(text, settings.prompt_ids, gpt2.tokenizer, trained_here=trained_here)
        limit = _limit(prompt, settings.max_tokens, gpt2, context)
        for copy in range(settings.count):
            stream = TextStream(gpt2.tokenizer, settings.stop, settings.prompt_ids)
            shown = stream.prompt_text if settings.prompt_ids else text
            sequences.append(
                GeneratedSequence(len(sequences), prompt, shown, limit, stream, [context.job.seed, number, copy])
            )
    generator = TextGenerator(settings, context, gpt2, writer, sum(sequence.limit for sequence in sequences))
    if settings.beams > 1:
        for start in range(0, len(sequences), settings.count):
            generator.search_beams(sequences[start : start + settings.count])
    elif settings.contrastive > 0.0:
        for sequence in sequences:
            generator.search_contrastively(sequence)
    else:
        at_once = generator.texts_at_once(sequences)
        for start in range(0, len(sequences), at_once):
            generator.draw(sequences[start : start + at_once])
    return generator.result(sequences)


@dataclass
class GeneratedSequence:
    """A prompt and its continuation, as far as it is written.

    Args:
        number: int, which of all texts it is.
        prompt: token ids.
        start: str, the prompt's text.
        limit: int, new tokens at most.
        stream: decodes the new tokens.
        seed: ints, of its own random numbers.
        views: probability, rank and alternatives of each new token.
    """

    number: int
    prompt: list[int]
    start: str
    limit: int
    stream: TextStream
    seed: list[int]
    views: list[TokenView] = field(default_factory=list)


class TextGenerator:
    """Generates the texts of one job by the chosen method, and measures its speed.

    Args:
        settings: the job's.
        context: gets each token as an event, and is asked whether to stop.
        gpt2: the model and its tokenizer.
        writer: its compiled steps.
        total: int, new tokens of all texts at most.
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

    def texts_at_once(self, sequences: Sequence[GeneratedSequence]) -> int:
        """Returns how many of the texts are drawn at a time."""
        bucket = self._writer.bucket(
            [sequence.prompt for sequence in sequences], max(sequence.limit for sequence in sequences)
        )
        self._check_room(1, bucket)
        return min(MOST_TEXTS, self._writer.room(bucket).texts)

    def draw(self, sequences: Sequence[GeneratedSequence]) -> None:
        """Writes a batch of texts, each token drawn from its distribution."""
        settings, prompts, limits = (
            self._settings,
            [sequence.prompt for sequence in sequences],
            [sequence.limit for sequence in sequences],
        )
        sampling = Sampling(settings.repetition_penalty, settings.temperature, settings.top_k, settings.top_p)
        rngs = [np.random.default_rng(sequence.seed) for sequence in sequences]
        self._report_prompts(sequences)
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
                self._append(sequences[row], view)
                if sequences[row].stream.stopped:
                    ended.add(row)
        self._end(sequences)

    def search_beams(self, sequences: Sequence[GeneratedSequence]) -> None:
        """Writes the most probable texts of one prompt, as many as there are sequences."""
        settings, first = self._settings, sequences[0]
        self._check_room(settings.beams, self._writer.bucket([first.prompt], first.limit))
        self._report_prompts(sequences)
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
                self._progress(before + written * len(sequences))

        found = search.run(self._writer.begin([first.prompt], first.limit), first.prompt, check)
        for sequence, hypothesis in zip(sequences, found, strict=False):
            for view in hypothesis.views:
                if not sequence.stream.stopped:
                    self._append(sequence, view)
        self._end(sequences)

    def search_contrastively(self, sequence: GeneratedSequence) -> None:
        """Writes one text by contrastive search."""
        settings = self._settings
        candidates = min(settings.top_k or USUAL_CANDIDATES, self._gpt2.tokenizer.size)
        bucket = self._writer.bucket([sequence.prompt], sequence.limit)
        self._check_room(1, bucket)
        self._report_prompts([sequence])
        at_once = min(candidates, MOST_TEXTS, self._writer.room(bucket).texts)
        if at_once < candidates:
            self._begin([sequence.prompt], sequence.limit, 1)  # the token that is taken is read alone
        self._begin([sequence.prompt], sequence.limit, at_once)
        for view in contrastive_search(
            self._writer.begin([sequence.prompt], sequence.limit),
            sequence.prompt,
            candidates=candidates,
            degeneration=settings.contrastive,
            length=sequence.limit,
            end_id=self._gpt2.tokenizer.end_id,
            repetition_penalty=settings.repetition_penalty,
            alternatives=settings.alternatives,
            at_once=at_once,
            check=self._context.check,
        ):
            self._append(sequence, view)
            if sequence.stream.stopped:
                break
        self._end([sequence])

    def result(self, sequences: Sequence[GeneratedSequence]) -> dict[str, Any]:
        """Returns what the task returns."""
        settings = self._settings
        views = (
            [[view_row(view, self._gpt2.tokenizer) for view in sequence.views] for sequence in sequences]
            if settings.alternatives and settings.views
            else None
        )
        return {
            "texts": [sequence.start + sequence.stream.text for sequence in sequences],
            "continuations": [sequence.stream.text for sequence in sequences],
            "tokens": [sequence.stream.tokens for sequence in sequences],
            "tokens_per_s": sum(len(sequence.views) for sequence in sequences) / max(self._write_s, 1e-9),
            "first_token_s": self._first_token_s,
            "compile_s": self._compile_s,
            **({} if views is None else {"views": views}),
        }

    def _report_prompts(self, sequences: Sequence[GeneratedSequence]) -> None:
        if self._settings.alternatives:
            rows: dict[tuple[int, ...], list[dict[str, Any]]] = {}
            for sequence in sequences:
                prompt = tuple(sequence.prompt)
                if prompt not in rows:
                    rows[prompt] = token_rows(prompt, self._gpt2.tokenizer, goes_on=True)
                self._context.report(
                    Text(sequence.start, "prompt", {"number": sequence.number, "tokens": rows[prompt]})
                )

    def _check_room(self, texts: int, bucket: Bucket) -> None:
        """Refuses to hold more texts at a time than there is memory for."""
        room = self._writer.room(bucket)
        if texts > room.texts:
            raise UserError(
                "{count} texts of up to {tokens} tokens at a time would need {needed} GB of memory, "
                "and there are {room} GB for them.",
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

    def _end(self, sequences: Sequence[GeneratedSequence]) -> None:
        self._write_s += time.perf_counter() - self._started
        for sequence in sequences:
            if rest := sequence.stream.end():
                self._context.report(Text(rest, details={"number": sequence.number}))
        self._progress(self._done, at_once=True)

    def _append(self, sequence: GeneratedSequence, view: TokenView) -> None:
        """Appends a token to a text, and reports it."""
        self._note_first_token()
        sequence.views.append(view)
        piece = sequence.stream.add(view.token)
        self._done += 1
        details = {"number": sequence.number, **view_row(view, self._gpt2.tokenizer)}
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
            "The prompt has {count} tokens, and this model can process {context}.",
            hint="Shorten the prompt.",
            count=len(prompt),
            context=gpt2.settings.context,
        )
    if room < wanted:
        context.report(
            Log(
                "Only {room} tokens can follow: the model can process {context}, the prompt included.",
                "warning",
                values={"room": room, "context": gpt2.settings.context},
            )
        )
    return min(room, wanted)
