"""What reports share: the page itself, its style sheet, figures and pictures as text. Imported only for writing one."""

from __future__ import annotations

import base64
import csv
import io
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import PurePath
from typing import Any

import jinja2
import numpy as np
from PIL import Image

from core.runs.run import Run

LARGEST = 1e30  # matplotlib can't lay out an axis much beyond

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1d2430; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.muted { color: #667; } .numbers { display: flex; gap: 2.5rem; margin: 1.2rem 0; flex-wrap: wrap; }
.numbers b { display: block; font-size: 1.7rem; } table { border-collapse: collapse; }
td, th { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #e4e7ec; }
.caveat { border-left: 4px solid #c62828; padding-left: .8rem; }
td.name, th.name { text-align: left; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; width: 9rem; font-size: .85rem; }
figure img { width: 96px; height: 96px; image-rendering: pixelated; object-fit: contain; background: #f2f4f7; }
figcaption { overflow-wrap: anywhere; } svg { max-width: 100%; height: auto; }
"""


def render(page: str, run: Run, how: str, **values: Any) -> str:
    """Returns a report as an HTML page; every value that is put into it is escaped, unless the page says it is safe.

    Args:
        page: str, a Jinja template; it also gets "style", "name" and "facts".
        run: whose report it is.
        how: str, what was done with the run, "scored on digits" say.
        values: what else the template asks for.
    """
    record = run.record()
    facts = f"{record.job.model} on {record.job.backend}, run {run.id}, {how} at {datetime.now():%Y-%m-%d %H:%M}"
    template = jinja2.Environment(autoescape=True).from_string(page)
    return template.render(style=STYLE, name=record.name, facts=facts, **values)


def history(run: Run) -> list[dict[str, str]]:
    """Returns the rows of the run's history.csv that can be read; none where there is none.

    A run may come from elsewhere, and its curves are only a part of a report: what is damaged is left out.
    """
    rows: list[dict[str, str]] = []
    with (
        suppress(OSError, csv.Error),
        run.history_path.open(encoding="utf-8", errors="replace", newline="") as file,
    ):
        for row in csv.DictReader(file, quoting=csv.QUOTE_NONE):  # a stray quote must not swallow the rows after it
            if math.isfinite(_number(row.get("epoch"))):
                rows.append(row)
    return rows


def curve(rows: Sequence[Mapping[str, str]], name: str) -> tuple[list[int], list[float]]:
    """Returns epochs and values of a column of the history, where there is a number."""
    found = [(int(_number(row["epoch"])) + 1, _number(row.get(name))) for row in rows]
    kept = [(epoch, value) for epoch, value in found if math.isfinite(value)]
    return [epoch for epoch, _ in kept], [value for _, value in kept]


def _number(cell: str | None) -> float:
    """Returns the number in a cell, NaN where there is none that can be drawn."""
    try:
        number = float(cell or math.nan)
    except ValueError:
        return math.nan
    return number if abs(number) < LARGEST else math.nan


def figure(columns: int) -> tuple[Any, Any]:
    """Returns a figure, and its axes side by side."""
    from matplotlib.figure import Figure  # without pyplot: no backend, no global state

    made = Figure(figsize=(4.6 * columns, 3.2), layout="constrained")
    return made, made.subplots(1, columns)


def svg(drawn: Any) -> str:
    """Returns a figure as an SVG element."""
    text = io.StringIO()
    drawn.savefig(text, format="svg", metadata={"Date": None})
    page = text.getvalue()
    return page[page.index("<svg") :]


def png(picture: np.ndarray, most_px: int) -> str:
    """Returns a picture as a PNG in base64.

    Args:
        picture: uint8 (H, W, C), C being 1 or 3.
        most_px: int, px, what it is reduced to where a side is longer.
    """
    image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
    image.thumbnail((most_px, most_px))
    content = io.BytesIO()
    image.save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


def short_name(path: str) -> str:
    """Returns the last two parts of a picture's path: of its folder and its name one sees which it is."""
    return "/".join(PurePath(path).parts[-2:])
