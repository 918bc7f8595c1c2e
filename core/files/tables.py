"""Writes tables as CSV files that a spreadsheet opens as they are meant."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.files.atomic import write_atomic

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[str | float]]) -> None:
    """Writes a table, atomically.

    UTF-8 with a byte-order mark, without which Excel garbles Chinese names. Text that begins like a formula, which a
    spreadsheet would run, is quoted; a float gets six decimals.

    Args:
        path: the file.
        header: what the columns are called.
        rows: one sequence of cells a row.

    Raises:
        UserError: the file can't be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    write_atomic(path, text.getvalue().encode("utf-8-sig", errors="replace"))


def _cell(value: str | float) -> str:
    if not isinstance(value, str):
        return f"{value:.6f}"
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value
