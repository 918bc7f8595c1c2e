"""The two files in which a run's numbers grow: history.csv and metrics.jsonl. Both are mended on resuming."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from core.events import Metric
from core.files.atomic import writing_to


class History:
    """history.csv in the layout of Keras's CSVLogger: "epoch", then the other columns by name; one row an epoch.

    Rows once written are never rewritten: the file only grows, or loses what lies beyond the checkpoint.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def mend(self, rows: list[dict[str, float]]) -> None:
        """Makes the file hold exactly these rows: cuts what does not belong there, adds what a kill prevented."""
        lines = _lines(rows)
        with writing_to(self._path):
            kept = 0
            if self._path.exists():
                found = self._path.read_bytes().splitlines(keepends=True)
                while kept < min(len(found), len(lines)) and found[kept] == lines[kept]:
                    kept += 1
                if kept < len(found):
                    os.truncate(self._path, sum(map(len, found[:kept])))
            _append(self._path, b"".join(lines[kept:]))

    def has_begun(self) -> bool:
        """Whether it holds anything."""
        return self._path.exists() and self._path.stat().st_size > 0

    def append(self, row: dict[str, float]) -> None:
        """Adds an epoch's row, and the header before the first."""
        with writing_to(self._path):
            lines = _lines([row])
            _append(self._path, b"".join(lines[1:] if self.has_begun() else lines))


class MetricsLog:
    """metrics.jsonl: one Metric event a line; null where a value is no finite number, which JSON can't spell.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def mend(self, step: int) -> None:
        """Cuts a torn last line and everything beyond the step the training goes on from."""
        if not self._path.exists():
            return
        with writing_to(self._path):
            end = 0
            for line in self._path.read_bytes().splitlines(keepends=True):
                if not line.endswith(b"\n") or _step(line) > step:
                    break
                end += len(line)
            os.truncate(self._path, end)

    def append(self, metric: Metric) -> None:
        """Adds a line."""
        values = {name: value if math.isfinite(value) else None for name, value in metric.values.items()}
        line = json.dumps({**asdict(metric), "values": values}, allow_nan=False)
        with writing_to(self._path):
            _append(self._path, line.encode() + b"\n", durable=False)


def _lines(rows: Iterable[dict[str, float]]) -> list[bytes]:
    """Returns the header and a line a row; no line at all without rows."""
    rows = list(rows)
    if not rows:
        return []
    columns = ["epoch", *sorted(rows[0].keys() - {"epoch"})]
    return [
        (",".join(cells) + "\n").encode()
        for cells in (columns, *([str(row.get(column, "NA")) for column in columns] for row in rows))
    ]


def _append(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Adds the content to the file, all of it or nothing: no line is left torn by a full disk."""
    if not content:
        return
    with path.open("ab", buffering=0) as file:
        end = file.tell()
        try:
            left = memoryview(content)
            while left:
                left = left[file.write(left) :]
            if durable:
                os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                file.truncate(end)
            raise


def _step(line: bytes) -> int:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return 0
