"""The table of predictions as a CSV file. Window and command line write the same one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from core.files.results import check_result
from core.files.tables import write_result_table

HEADER = ("path", "label", "probability")
BOM = b"\xef\xbb\xbf"


def write_csv(path: Path, results: Iterable[Mapping[str, Any]], *, overwrite: bool = False) -> None:
    """Writes one row a picture: path, label, probability, then the other classes by rank.

    Args:
        path: the file.
        results: as `classify` returns them: {"path", "label", "probability", "top": [{"label", "probability"}]}.
        overwrite: bool, whether a file may be replaced that is no such table.

    Raises:
        UserError: some other file is there, or it can't be written.
    """
    rows = list(results)
    header = [*HEADER]
    for rank in range(2, max((len(row["top"]) for row in rows), default=0) + 1):
        header += [f"label_{rank}", f"probability_{rank}"]
    write_result_table(path, header, (_cells(row) for row in rows), is_predictions, overwrite=overwrite)


def check_predictions(path: Path, inputs: Iterable[str]) -> None:
    """Looks whether a table of predictions may be written there: better before the pictures are classified than after.

    Args:
        path: the file.
        inputs: pictures and folders that are classified.

    Raises:
        UserError: as in `core.files.results.check_result`, for .csv.
    """
    check_result(path, ".csv", is_predictions, inputs)


def is_predictions(path: Path) -> bool:
    """Whether the file is such a table, or empty.

    Raises:
        OSError: it can't be read.
    """
    beginning = ",".join(HEADER).encode()
    with path.open("rb") as file:
        found = file.read(len(BOM) + len(beginning)).removeprefix(BOM)
    return not found or found.startswith(beginning)


def _cells(row: Mapping[str, Any]) -> list[str | float]:
    cells = [row["path"], row["label"], row["probability"]]
    for other in row["top"][1:]:
        cells += [other["label"], other["probability"]]
    return cells
