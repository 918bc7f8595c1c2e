"""Writes tables as CSV files that a spreadsheet opens as they are meant."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.files.atomic import write_atomic
from core.files.results import IsOurs, replacing_result

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[str | float]]) -> None:
    """Writes a table into a folder of the program's own, atomically, as `table` has it.

    Raises:
        UserError: the file can't be written.
    """
    write_atomic(path, table(header, rows))


def write_result_table(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[str | float]], is_ours: IsOurs, *, overwrite: bool
) -> None:
    """Writes a table where a user wants it; see `core.files.results.replacing_result`.

    Raises:
        UserError: some other file is there, or it can't be written.
    """
    content = table(header, rows)
    with replacing_result(path, is_ours, overwrite=overwrite) as file:
        file.write(content)


def table(header: Sequence[str], rows: Iterable[Sequence[str | float]]) -> bytes:
    r"""Returns a table as the content of a CSV file.

    UTF-8 with a byte-order mark, without which Excel garbles Chinese names. Text that begins like a formula, which a
    spreadsheet would run, is quoted; a float gets six decimals; of a file name that is no valid text, each byte is
    written as \udcff, as in JSON, so that two names stay two.

    Args:
        header: what the columns are called.
        rows: one sequence of cells a row.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig", errors="backslashreplace")


def _cell(value: str | float) -> str:
    if not isinstance(value, str):
        return f"{value:.6f}"
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value
