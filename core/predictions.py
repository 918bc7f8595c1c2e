"""The table of predictions as a CSV file. Window and command line write the same one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from core.files import write_atomic

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(path: Path, results: Iterable[Mapping[str, Any]]) -> None:
    """Writes one row a picture: path, label, probability, then the other classes by rank.

    UTF-8 with a byte-order mark, without which Excel garbles Chinese names. Written atomically.

    Args:
        path: the file.
        results: as `classify` returns them: {"path", "label", "probability", "top": [{"label", "probability"}]}.

    Raises:
        UserError: the file can't be written.
    """
    rows = list(results)
    ranks = max((len(row["top"]) for row in rows), default=0)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    header = ["path", "label", "probability"]
    for rank in range(2, ranks + 1):
        header += [f"label_{rank}", f"probability_{rank}"]
    writer.writerow(header)
    for row in rows:
        cells = [_plain(row["path"]), _plain(row["label"]), f"{row['probability']:.6f}"]
        for other in row["top"][1:]:
            cells += [_plain(other["label"]), f"{other['probability']:.6f}"]
        writer.writerow(cells)
    write_atomic(path, text.getvalue().encode("utf-8-sig", errors="replace"))


def _plain(text: str) -> str:
    """A cell that begins like a formula would be run by a spreadsheet: quote it."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
