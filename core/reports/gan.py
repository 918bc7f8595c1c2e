"""The report on a GAN: one HTML file that holds everything it shows. Imported only when one is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.data.dataset import Dataset
from core.data.decode import DecodeError, decode
from core.data.targets.classes import classes_of
from core.errors import counted, fill
from core.metrics.memorisation import Memorisation
from core.reports.page import curve, figure, history, png, render, short_name, svg
from core.runs.run import Run
from core.settings.dcgan import FEWEST_DECIDING

ROWS, COLUMNS = 10, 12  # of the sheet
STAGES = 8  # of the strip through time
PAIRS = 24
SHEET_PX, STAGE_PX, PAIR_PX = 1200, 360, 96
GAP_PX = 1

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ name }} · Pixelwright</title>
<style>
{{ style|safe }}
.sheet { image-rendering: pixelated; width: 100%; max-width: {{ sheet_px }}px; }
.strip { display: flex; gap: .6rem; overflow-x: auto; } .strip figure { width: auto; flex: none; }
.strip img { width: auto; height: 13rem; background: none; } .pair img { width: 64px; height: 64px; }
.alarm, .good, .open { border-left: 4px solid #168c50; padding-left: .8rem; } .alarm { border-color: #c62828; }
.open { border-color: #8a8f98; }
</style></head><body>
<h1>{{ name }}</h1>
<p class="muted">{{ facts }}</p>
<div class="numbers">
<span><b>{{ "%.3g"|format(metrics.fid) }}</b>FID (floor: {{ "%.3g"|format(metrics.floor) }})</span>
<span><b>{{ "%.3g"|format(metrics.kid) }}</b>KID ± {{ "%.2g"|format(metrics.kid_spread) }}
(floor: {{ "%.2g"|format(metrics.kid_floor) }})</span>
{% if "is" in metrics %}<span><b>{{ "%.2f"|format(metrics["is"]) }}</b>Inception Score</span>{% endif %}
{% if by_class %}<span><b>{{ "%.1f"|format(100 * metrics.agreement) }} %</b>class agreement
(95 % interval: {{ "%.1f"|format(100 * metrics.agreement_low) }} to {{
"%.1f"|format(100 * metrics.agreement_high) }} %)</span>{% endif %}
<span><b>{{ "%d"|format(metrics.count) }}</b>pictures on each side</span>
</div>
{% for caveat in caveats %}<p class="caveat">{{ caveat }}</p>
{% endfor %}
<p class="muted">FID and KID are distances between {{ "%d"|format(metrics.count) }} drawn pictures and as many real
ones, out of {{ real_count }} that were not trained on: the lower, the more alike. The floor is the distance between
real and other real pictures, about the lowest that a good generator can reach. {% if "is" in metrics %}The Inception
Score is higher the more clearly each picture shows one class and the more evenly the classes occur; its maximum is
the number of classes.{% endif %} Feature extractor: {{ judge }}; figures of other extractors or other numbers of
pictures can't be compared. {% if metrics.count < fewest %}<b>So few pictures make the distances very
uncertain.</b>{% endif %} {% if by_class %} Class agreement is the share of {{ "%d"|format(metrics.agreement_count) }}
pictures in which an independent classifier{% if "agreement_judge_accuracy" in metrics %} (with an accuracy of
{{ "%.1f"|format(100 * metrics.agreement_judge_accuracy) }} % on real pictures){% endif %} recognises the class that
they were drawn as.{% endif %}</p>
<h2>Drawn pictures</h2>
{% if by_class %}<p class="muted">Each row is one class: {{ by_class }}.</p>{% endif %}
<img class="sheet" src="data:image/png;base64,{{ sheet }}" alt="">
{% if strip %}<h2>Progress of the training</h2>
<p class="muted">Pictures from the same latents after more and more epochs.</p>
<div class="strip">{% for stage in strip %}<figure>
<img src="data:image/png;base64,{{ stage.picture }}" alt="">
<figcaption>epoch {{ stage.epoch }}</figcaption></figure>
{% endfor %}</div>{% endif %}
{% if curves %}<h2>Training curves</h2>
<p class="muted">Left: the losses of the two networks. They compete, so neither has to fall; one that goes to zero
while the other grows shows that the balance is lost. Right: FID, which falls towards its floor as the pictures
improve.</p>
{{ curves|safe }}{% endif %}
<h2>Variety</h2>
<p class="{{ "alarm" if collapse.alarm else "good" if collapse.kinds else "open" }}">{{ collapse.verdict }}</p>
{% if collapse.kinds %}<table><tr><th class="name">drawn compared with real pictures</th><th>ratio</th></tr>
<tr><td class="name">effective number of kinds</td><td>{{ "%.2f"|format(collapse.kinds_drawn) }}</td></tr>
<tr><td class="name">mean distance between two pictures, by their features</td>
<td>{{ "%.2f"|format(collapse.diversity) }}</td></tr>
<tr><td class="name">mean distance between two pictures of one kind, by their features</td>
<td>{{ "%.2f"|format(collapse.within) }}</td></tr>
<tr><td class="name">mean distance between two pictures of one kind, by their pixels</td>
<td>{{ "%.2f"|format(collapse.pixels) }}</td></tr>
<tr><td class="name">median distance between a picture and the one most like it</td>
<td>{{ "%.2f"|format(collapse.spacing) }}</td></tr>
</table>
<p class="muted">Measured on {{ collapse.count }} drawn pictures. 1 means as varied as real pictures; well below 1
the generator draws too little variety (mode collapse). A kind is a class or, without classes, a cluster of the
features.</p>
{% endif %}
<h2>Nearest training pictures</h2>
<p class="{{ "alarm" if memorisation.alarm else "good" }}">{{ memorisation.verdict }}</p>
<p class="muted">A generator should draw new pictures, not copies of its training pictures. Shown are the
{{ pairs|length }} of {{ memorisation.count }} drawn pictures that are most like a training picture: the drawn picture
on the left, the nearest training picture on the right. The number is their distance divided by the mean distance to
the next nearest training pictures. Below {{ "%.2f"|format(memorisation.threshold) }} a picture counts as a copy; of
{{ memorisation.held_out }} real pictures that were not trained on,
{{ "%.1f"|format(100 * memorisation.false_alarms) }} % fall below it.</p>
<div class="pictures">{% for pair in pairs %}<figure class="pair">
<img src="data:image/png;base64,{{ pair.drawn }}" alt=""> <img src="data:image/png;base64,{{ pair.nearest }}" alt="">
<figcaption>{{ "%.2f"|format(pair.ratio) }}{% if pair.is_copy %} <b>copy</b>{% endif %}<br>
<span class="muted">{{ pair.name }}</span></figcaption></figure>{% endfor %}</div>
</body></html>
"""


def render_gan_report(
    run: Run,
    dataset: Dataset,
    pictures: np.ndarray,
    labels: np.ndarray,
    copies: Memorisation,
    result: Mapping[str, Any],
) -> str:
    """Returns the report as one self-contained HTML page.

    Args:
        run: for its name, its training's curves and the sheets drawn meanwhile.
        dataset: what it was trained on.
        pictures: uint8 (M, H, W, C), drawn.
        labels: int (M,), as which class; all 0 where it doesn't draw by class.
        copies: what lies nearest to the first of them.
        result: as `evaluate_gan` returns it, without the report.
    """
    by_class = "agreement" in result["metrics"]
    sheet, rows = _sheet(pictures, labels, by_class=by_class)
    return render(
        PAGE,
        run,
        f"after {counted(result['epochs'], 'epoch', 'epochs')}, measured on {result['data']}",
        judge=result["judge"],
        real_count=result["real_count"],
        fewest=FEWEST_DECIDING,
        metrics=result["metrics"],
        caveats=[fill(row["message"], row["values"]) for row in result["caveats"]],
        sheet=png(sheet, SHEET_PX),
        sheet_px=min(SHEET_PX, 3 * sheet.shape[1]),
        by_class=", ".join(classes_of(dataset.targets).classes[row] for row in rows),
        strip=_strip(run),
        curves=_curves(run),
        collapse=result["collapse"],
        memorisation=result["memorisation"],
        pairs=_pairs(dataset, pictures, copies),
    )


def _sheet(pictures: np.ndarray, labels: np.ndarray, *, by_class: bool) -> tuple[np.ndarray, list[int]]:
    """Returns pictures side by side, (H, W, C), and the classes of the rows where each row is a class."""
    rows = [int(label) for label in np.unique(labels)][:ROWS] if by_class else []
    if rows:
        chosen = [np.flatnonzero(labels == row)[:COLUMNS] for row in rows]
    else:
        chosen = np.array_split(np.arange(min(len(pictures), ROWS * COLUMNS)), ROWS)
    height, width, channels = pictures.shape[1:]
    canvas = np.full((len(chosen) * (height + GAP_PX), COLUMNS * (width + GAP_PX), channels), 255, np.uint8)
    for row, places in enumerate(chosen):
        for column, place in enumerate(places):
            top, left = row * (height + GAP_PX), column * (width + GAP_PX)
            canvas[top : top + height, left : left + width] = pictures[place]
    return canvas, rows


def _strip(run: Run) -> list[dict[str, Any]]:
    """Returns sheets that were drawn while it trained, more of the early ones, where it changes fastest."""
    found = sorted(
        (path for path in run.samples.glob("*.png") if path.stem.isdecimal()), key=lambda path: int(path.stem)
    )
    count = min(STAGES, len(found))
    places = sorted({round(len(found) ** (place / max(1, count - 1))) - 1 for place in range(count)})
    return [stage for path in (found[place] for place in places) if (stage := _stage(path)) is not None]


def _stage(path: Path) -> dict[str, Any] | None:
    try:
        return {"epoch": int(path.stem), "picture": png(decode(path), STAGE_PX)}
    except DecodeError:  # a run may come from elsewhere, and its pictures are only a part of the report
        return None


def _curves(run: Run) -> str:
    """Returns losses, and FID with its floor, over the epochs as an SVG; empty where there is no history."""
    rows = history(run)
    if not rows:
        return ""
    drawn, (losses, distance) = figure(2)
    for name, label in (("generator_loss", "generator"), ("discriminator_loss", "discriminator")):
        losses.plot(*curve(rows, name), label=label)
    distance.plot(*curve(rows, "fid"), marker=".", label="drawn and real")
    floor_style = {"color": "black", "linewidth": 1, "linestyle": "--"}
    distance.plot(*curve(rows, "fid_floor"), **floor_style, label="real and other real (floor)")
    distance.set_yscale("log")
    for axis, title in ((losses, "loss"), (distance, "FID")):
        axis.set_xlabel("epoch")
        axis.set_title(title)
        axis.legend()
    return svg(drawn)


def _pairs(dataset: Dataset, pictures: np.ndarray, copies: Memorisation) -> list[dict[str, Any]]:
    """Returns the drawn pictures that come nearest to training pictures."""
    return [
        {
            "drawn": png(pictures[place], PAIR_PX),
            "nearest": png(np.asarray(dataset.images[copies.nearest[place]]), PAIR_PX),
            "ratio": float(copies.ratios[place]),
            "is_copy": int(place) in copies.copies,
            "name": short_name(dataset.names[copies.nearest[place]]),
        }
        for place in np.argsort(copies.ratios, kind="stable")[:PAIRS]
    ]
