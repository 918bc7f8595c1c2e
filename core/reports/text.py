"""The report on a language model: one HTML file that holds everything it shows. Imported only when one is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.errors import fill
from core.metrics.token_extremes import Extremes
from core.reports.page import curve, figure, history, render, svg
from core.runs.run import Run
from core.text.perplexity_shown import perplexity_shown
from core.text.rows.rows import NO_TARGET, Rows
from core.text.tokenizer.stream import token_pieces
from core.text.tokenizer.tokenizer import Tokenizer

SHOWN_TOKENS = 200  # of one text
WORST_NATS = 8.0  # from here on a token is shown in full red
ENDS = "■"  # stands for the end token, which writes nothing
SIGNS = {" ": "␣", "\n": "⏎", "\t": "⇥"}  # what could else not be seen in a table

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ name }} · Pixelwright</title>
<style>
{{ style|safe }}
.text { white-space: pre-wrap; overflow-wrap: anywhere; border-left: 4px solid #e4e7ec; padding-left: .8rem; }
.side { display: flex; gap: 3rem; flex-wrap: wrap; } td.words { white-space: pre-wrap; overflow-wrap: anywhere; }
table.written { width: 100%; } table.written td { text-align: left; vertical-align: top; }
code { background: #f2f4f7; padding: 0 .2rem; }
</style></head><body>
<h1>{{ name }}</h1>
<p class="muted">{{ facts }}</p>
<div class="numbers">
<span><b>{{ perplexity }}</b>perplexity{{ " on known text" if all_known }}</span>
<span><b>{{ "%.3f"|format(loss) }}</b>nats per token</span>
{% if not all_known %}<span><b>{{ "%.2f"|format(metrics.test_loss_per_text) }}</b>nats per text</span>{% endif %}
<span><b>{{ count }}</b>texts</span>
<span><b>{{ tokens }}</b>tokens</span>
{% if known %}<span><b>{{ known }}</b>perplexity on known text</span>{% endif %}
</div>
{% for caveat in caveats %}<p class="caveat">{{ caveat }}</p>
{% endfor %}
<h2>Comparison with baselines</h2>
<p class="muted">Perplexity measures how well the next token is predicted: a model of perplexity 10 is as uncertain as
if it had to choose among 10 equally probable tokens. Lower is better, 1 is perfect. Only models with the same
tokenizer can be compared by it.</p>
<table><tr><th class="name">predictor of the next token</th><th>perplexity</th></tr>
<tr><td class="name">uniform: every token of the vocabulary is equally probable</td>
<td>{{ "%.4g"|format(baselines.uniform) }}</td></tr>
{% if "unigram" in baselines %}
<tr><td class="name">unigram: every token as probable as it is frequent in the training texts</td>
<td>{{ "%.4g"|format(baselines.unigram) }}</td></tr>{% endif %}
<tr><td class="name"><b>this model</b></td><td><b>{{ perplexity }}</b></td></tr></table>
{% if "unigram" in baselines %}
<p class="muted">A model that is no better than the unigram baseline has learnt nothing of the order of the words.</p>
{% endif %}
{% if curves %}<h2>Training</h2>
<p class="muted">Loss and perplexity after each epoch. Where the training curve goes on falling while the validation
curve rises, the model overfits: it memorises its training texts.</p>
{{ curves|safe }}{% endif %}
<h2>Written by the model</h2>
{% if written %}
<p class="muted">Continuations of the same beginnings: once with the most probable token at every step (greedy), once
with tokens drawn at random by their probabilities.</p>
<table class="written"><tr><th class="name">beginning</th><th class="name">most probable (greedy)</th>
<th class="name">drawn at temperature {{ temperature }}</th></tr>
{% for row in written %}<tr><td class="words">{{ row.start or "(empty)" }}</td>
<td class="words">{{ row.greedy or "(empty)" }}</td>
<td class="words">{{ row.drawn or "(empty)" }}</td></tr>
{% endfor %}</table>{% else %}<p>Nothing was written.</p>{% endif %}
<h2>Tokens</h2>
<p class="muted">The tokens of the vocabulary that are hardest and easiest to predict, by their mean loss. A loss of 0
nats is a certain prediction, 0.69 a probability of one half, 2.3 of one tenth. ␣ stands for a space.</p>
<div class="side">{% for title, table in token_tables %}<table><tr><th class="name">{{ title }}</th><th>nats</th>
<th>occurrences</th></tr>
{% for row in table %}<tr><td class="name"><code>{{ row.sign }}</code></td><td>{{ "%.2f"|format(row.loss) }}</td>
<td>{{ row.count }}</td></tr>
{% endfor %}</table>
{% endfor %}</div>
<h2>Texts</h2>
<p class="muted">The texts that are hardest and easiest to predict. The redder a token, the less probable the model
thought it; hold the pointer over one for its loss. ■ marks the end of a text. A text longer than the model's context
is scored in parts.</p>
{% for title, texts in text_lists %}<h3>{{ title }}</h3>
{% for text in texts %}<p class="muted">{{ "%.3f"|format(text.loss) }} nats per token, {{ text.count }} tokens{%
if text.name %}, {{ text.name }}{% endif %}</p>
<div class="text">{% for piece in text.pieces %}<span {% if piece.colour %}style="background: {{ piece.colour }}"
title="{{ "%.2f"|format(piece.nats) }} nats"{% else %}class="muted"{% endif %}>{{ piece.text }}</span>{% endfor %}{% if
text.cut %} …{% endif %}</div>
{% endfor %}{% endfor %}
</body></html>
"""


def render_text_report(
    run: Run,
    tokenizer: Tokenizer,
    rows: Rows,
    nats: np.ndarray,
    tokens: Extremes,
    texts: Extremes,
    names: Sequence[str],
    temperature: float,
    result: Mapping[str, Any],
) -> str:
    """Returns the report as one self-contained HTML page.

    Args:
        run: for its name and its training's curves.
        tokenizer: the model's.
        rows: the texts that were scored.
        nats: float (N,), the loss of each of the rows' tokens.
        tokens: the hardest and easiest kinds of tokens.
        texts: the hardest and easiest rows.
        names: what each passage is called, as `rows.origins` counts them.
        temperature: float, at which the texts in the result were drawn.
        result: as `evaluate_text` returns it, without the report.
    """
    halves = (("hardest", "easiest"), (tokens.hardest, tokens.easiest), (texts.hardest, texts.easiest))
    return render(
        PAGE,
        run,
        f"scored on {result['data']}",
        metrics=result["metrics"],
        **_score(result["metrics"]),
        caveats=[fill(row["message"], row["values"]) for row in result["caveats"]],
        count=result["count"],
        tokens=result["tokens"],
        baselines=result["baselines"],
        curves=_curves(run),
        written=result["written"],
        temperature=temperature,
        token_tables=[
            (title, [_token(token, tokens, tokenizer) for token in chosen])
            for title, chosen in zip(halves[0], halves[1], strict=True)
        ],
        text_lists=[
            (title.capitalize(), [_text(row, texts, rows, nats, names, tokenizer) for row in chosen])
            for title, chosen in zip(halves[0], halves[2], strict=True)
        ],
    )


def _score(metrics: Mapping[str, float]) -> dict[str, Any]:
    """Returns the figures of the page's head: of new text, or where all is known of that."""
    all_known = "perplexity" not in metrics
    known = perplexity_shown(metrics["known_perplexity"]) if "known_perplexity" in metrics else ""
    return {
        "all_known": all_known,
        "perplexity": known if all_known else perplexity_shown(metrics["perplexity"]),
        "loss": metrics["known_loss" if all_known else "test_loss"],
        "known": "" if all_known else known,
    }


def _curves(run: Run) -> str:
    """Returns loss and perplexity over the epochs as an SVG; empty where there is no history."""
    rows = history(run)
    if not rows:
        return ""
    drawn, axes = figure(2)
    for axis, name, title in zip(axes, ("loss", "perplexity"), ("nats per token", "perplexity"), strict=True):
        for column, label in ((name, "training"), (f"val_{name}", "validation")):
            epochs, values = curve(rows, column)
            if values:
                axis.plot(epochs, values, marker="." if len(values) < 2 else "", label=label)
        axis.set_xlabel("epoch")
        axis.set_title(title)
        if axis.lines:
            axis.legend()
    axes[1].set_yscale("log")
    return svg(drawn)


def _token(token: int, found: Extremes, tokenizer: Tokenizer) -> dict[str, Any]:
    sign = tokenizer.token_text(token)
    for hidden, shown in SIGNS.items():
        sign = sign.replace(hidden, shown)
    return {"sign": sign, "loss": found.losses[token], "count": found.counts[token]}


def _text(
    row: int, found: Extremes, rows: Rows, nats: np.ndarray, names: Sequence[str], tokenizer: Tokenizer
) -> dict[str, Any]:
    start, end = int(rows.starts[row]), int(rows.starts[row + 1])
    shown = min(end, start + SHOWN_TOKENS)
    origin = int(rows.origins[row])
    return {
        "loss": found.losses[row],
        "count": found.counts[row],
        "name": names[origin] if origin >= 0 else "",
        "pieces": list(_pieces(rows, nats, start, shown, tokenizer)),
        "cut": shown < end,
    }


def _pieces(rows: Rows, nats: np.ndarray, start: int, end: int, tokenizer: Tokenizer) -> list[dict[str, Any]]:
    """Returns the row's tokens; those that share a character, a Chinese one say, as one piece."""
    pieces = []
    if rows.ids[start] != rows.end_id:
        pieces.append({"text": tokenizer.token_text(int(rows.ids[start])), "nats": 0.0, "colour": ""})
    places = [place for place in range(start, end) if rows.labels[place] != NO_TARGET]
    tokens = [int(rows.labels[place]) for place in places]
    held, cost = 0, 0.0
    for place, token, text in zip(places, tokens, token_pieces(tokens, tokenizer), strict=True):
        held += 1
        cost += float(nats[place])
        if not text and token != rows.end_id:
            continue  # the character that it belongs to is not whole yet
        share = min(1.0, cost / held / WORST_NATS)
        shown = ENDS if token == rows.end_id else text.replace("\n", "⏎\n")
        pieces.append({"text": shown, "nats": cost, "colour": f"rgba(205, 40, 40, {0.75 * share:.2f})"})
        held, cost = 0, 0.0
    return pieces
