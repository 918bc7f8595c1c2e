"""The table of predictions as a CSV file. Window and command line write the same one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from core.files.tables import write_table

HEADER = ("path", "label", "probability")


def write_csv(path: Path, results: Iterable[Mapping[str, Any]]) -> None:
    """Writes one row a picture: path, label, probability, then the other classes by rank.

    Args:
        path: the file.
        results: as `classify` returns them: {"path", "label", "probability", "top": [{"label", "probability"}]}.

    Raises:
        UserError: the file can't be written.
    """
    rows = list(results)
    header = [*HEADER]
    for rank in range(2, max((len(row["top"]) for row in rows), default=0) + 1):
        header += [f"label_{rank}", f"probability_{rank}"]
    write_table(path, header, (_cells(row) for row in rows))


def _cells(row: Mapping[str, Any]) -> list[str | float]:
    cells = [row["path"], row["label"], row["probability"]]
    for other in row["top"][1:]:
        cells += [other["label"], other["probability"]]
    return cells
