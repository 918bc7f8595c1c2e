"""The report on a classifier: one HTML file that holds everything it shows. Imported only when one is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.errors import fill
from core.metrics.classification import BINS
from core.reports.page import curve, figure, history, png, render, svg
from core.runs.run import Run

MISTAKES = 24
LARGEST_MATRIX = 40
THUMBNAIL_PX = 96

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ name }} · Pixelwright</title>
<style>
{{ style|safe }}.matrix td { border: 1px solid #fff; text-align: center; min-width: 2rem; } .matrix th { border: 0; }
</style></head><body>
<h1>{{ name }}</h1>
<p class="muted">{{ facts }}</p>
<div class="numbers">
<span><b>{{ "%.2f"|format(100 * score.accuracy) }} %</b>accuracy{{ "" if unseen else " on known pictures" }}
(95 % interval: {{ "%.1f"|format(100 * score.accuracy_low) }} to {{
"%.1f"|format(100 * score.accuracy_high) }} %)</span>
<span><b>{{ "%.3f"|format(score.loss) }}</b>cross-entropy loss</span>
<span><b>{{ "%.3f"|format(score.ece) }}</b>expected calibration error</span>
<span><b>{{ count }}</b>pictures</span>
{% if known %}<span><b>{{ "%.2f"|format(100 * known) }} %</b>accuracy on known pictures</span>{% endif %}
</div>
{% for caveat in caveats %}<p class="caveat">{{ caveat }}</p>
{% endfor %}
<p class="muted">Accuracy is the share of pictures that are classified correctly: guessing among {{ classes|length }}
equally frequent classes would reach {{ "%.1f"|format(100 / classes|length) }} %. Other pictures of the same kind
would give another figure: the interval holds the true one in 95 of 100 such tests. For loss and calibration error lower
is better; 0 is perfect.</p>
{% if curves %}<h2>Training</h2>
<p class="muted">Loss and accuracy after each epoch. Where the training curve goes on improving while the validation
curve gets worse, the model overfits: it memorises its training pictures.</p>
{{ curves|safe }}{% endif %}
<h2>Classes</h2>
<p class="muted">Precision: of the pictures that the model assigned to the class, the share that belong to it. Recall:
of the pictures that belong to the class, the share that the model found. F1 is their harmonic mean. 1 is best.</p>
<table><tr><th class="name">class</th><th>precision</th><th>recall</th><th>F1</th><th>pictures</th></tr>
{% for row in classes %}<tr><td class="name">{{ row.label }}</td>
<td>{{ "%.3f"|format(row.precision) }}</td><td>{{ "%.3f"|format(row.recall) }}</td>
<td>{{ "%.3f"|format(row.f1) }}</td><td>{{ row.count }}</td></tr>
{% endfor %}</table>
{% if matrix %}<h2>Confusion matrix</h2>
<p class="muted">Each row is a true class, each column a predicted one; a cell counts pictures. Correct predictions
lie on the green diagonal, and a red cell off it shows two classes that the model confuses.</p>
<table class="matrix"><tr><th></th>{% for row in classes %}<th>{{ row.label }}</th>{% endfor %}</tr>
{% for cells in matrix %}<tr><th class="name">{{ classes[loop.index0].label }}</th>
{% for cell in cells %}<td style="{{ cell.style }}">{{ cell.count or "" }}</td>{% endfor %}</tr>
{% endfor %}</table>{% endif %}
<h2>Calibration</h2>
<p class="muted">Left: the share of correct predictions at each level of confidence, the probability of the predicted
class. A well calibrated model's bars end on the diagonal; below it the model is overconfident, above it
underconfident. Right: how many pictures are at that level. Bars over few pictures are uncertain.</p>
{{ calibration|safe }}
<h2>Worst mistakes</h2>
{% if mistakes %}
<p class="muted">The wrong predictions in which the model was most confident. Look for wrong labels and for pictures
that people would confuse too.</p>
<div class="pictures">{% for entry in mistakes %}<figure>
<img src="data:image/png;base64,{{ entry.picture }}" alt="">
<figcaption>true: <b>{{ entry.label }}</b><br>
predicted: <b>{{ entry.said }}</b> ({{ "%.0f"|format(100 * entry.probability) }} %)<br>
<span class="muted">{{ entry.name }}</span></figcaption></figure>{% endfor %}</div>
{% else %}<p>Every picture is classified correctly.</p>{% endif %}
</body></html>
"""


def render_report(
    run: Run,
    classes: Sequence[str],
    images: Any,
    indices: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    probabilities: np.ndarray,
    result: Mapping[str, Any],
) -> str:
    """Returns the report as one self-contained HTML page.

    Args:
        run: for its name and its training's curves.
        classes: K names.
        images: uint8 (N, H, W, C).
        indices: int (M,), the pictures that were scored.
        labels: int (M,).
        names: N names of pictures.
        probabilities: float (M, K).
        result: as `evaluate` returns it, without the report.
    """
    return render(
        PAGE,
        run,
        f"scored on {result['data']}",
        **_score(result["metrics"]),
        caveats=[fill(row["message"], row["values"]) for row in result["caveats"]],
        count=result["count"],
        classes=result["classes"],
        matrix=_cells(result["confusion"]) if len(classes) <= LARGEST_MATRIX else [],
        curves=_curves(run),
        calibration=_calibration(probabilities, labels),
        mistakes=_mistakes(classes, images, indices, labels, names, probabilities),
    )


def _score(metrics: Mapping[str, float]) -> dict[str, Any]:
    """Returns the figures of the page's head: of unseen pictures, or where all are known of these."""
    unseen = "test_accuracy" in metrics
    prefix = "test_" if unseen else "known_"
    score = {name.removeprefix(prefix): value for name, value in metrics.items() if name.startswith(prefix)}
    known = metrics.get("known_accuracy") if unseen else None
    return {"unseen": unseen, "score": {"ece": metrics.get("ece"), **score}, "known": known}


def _cells(matrix: Sequence[Sequence[int]]) -> list[list[dict[str, Any]]]:
    """Returns the confusion matrix with colours: green on the diagonal, red elsewhere, by share of the row."""
    rows = []
    for place, counts in enumerate(matrix):
        whole = max(1, sum(counts))
        cells = []
        for column, count in enumerate(counts):
            hue, share = ("22, 140, 80" if column == place else "205, 40, 40"), count / whole
            cells.append({"count": count, "style": f"background: rgba({hue}, {0.04 + 0.75 * share:.2f})"})
        rows.append(cells)
    return rows


def _curves(run: Run) -> str:
    """Returns loss and accuracy over the epochs as an SVG; empty where there is no history."""
    rows = history(run)
    if not rows:
        return ""
    drawn, axes = figure(2)
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        for column, label in ((name, "training"), (f"val_{name}", "validation")):
            epochs, values = curve(rows, column)
            if values:
                axis.plot(epochs, values, label=label)
        axis.set_xlabel("epoch")
        axis.set_title(name)
        if axis.lines:
            axis.legend()
    return svg(drawn)


def _calibration(probabilities: np.ndarray, labels: np.ndarray) -> str:
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    shares = np.bincount(places, weights=right, minlength=BINS) / np.maximum(counts, 1)
    drawn, (axis, histogram) = figure(2)
    middles = (np.arange(BINS) + 0.5) / BINS
    axis.bar(middles, shares, width=0.9 / BINS)
    axis.plot([0, 1], [0, 1], color="black", linewidth=1)
    axis.set_xlabel("confidence")
    axis.set_title("accuracy")
    histogram.bar(middles, counts, width=0.9 / BINS)
    histogram.set_xlabel("confidence")
    histogram.set_title("pictures")
    return svg(drawn)


def _mistakes(
    classes: Sequence[str],
    images: Any,
    indices: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    probabilities: np.ndarray,
) -> list[dict[str, Any]]:
    """Returns the wrong predictions of the highest confidence."""
    said = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(said != labels)
    worst = wrong[np.argsort(-probabilities[wrong, said[wrong]], kind="stable")][:MISTAKES]
    return [
        {
            "picture": png(np.asarray(images[int(indices[place])]), THUMBNAIL_PX),
            "label": classes[labels[place]],
            "said": classes[said[place]],
            "probability": float(probabilities[place, said[place]]),
            "name": names[int(indices[place])],
        }
        for place in worst
    ]
