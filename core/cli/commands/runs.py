"""The command that lists the runs: `runs`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.table import Column, Table

from core import catalog
from core.cli.options import Shared
from core.cli.output import output
from core.cli.workspace import existing_workspace
from core.errors import shortened
from core.runs.interval import interval_shown
from core.runs.run import Run, RunRecord
from core.text.perplexity_shown import perplexity_shown

REASON_LENGTH = 100
SCORES = [name for kind in catalog.KINDS.values() for name in kind.scores]


def runs(*, shared: Shared) -> None:
    """List the runs, newest first."""
    place = existing_workspace(shared)
    place.mark_interrupted()
    rows = [_row(found) for found in place.runs()]
    reasons = [f"{row['run']}: {shortened(row['message'], REASON_LENGTH)}" for row in rows if row["message"]]
    damaged = [str(found.folder) for found in place.damaged_runs()]
    told = [*reasons, *(f"Damaged: {folder}" for folder in damaged)]
    output({"runs": rows, "damaged": damaged}, shared, _table(rows), *told)


def _row(run: Run) -> dict[str, Any]:
    record = run.record()
    metrics = record.result.get("metrics", {})
    return {
        "run": run.id,
        "name": record.name,
        "status": record.status,
        "model": record.job.model,
        "data": str(record.job.settings.get("data", "")),
        "backend": record.job.backend,
        "epochs": record.result.get("epochs") or run.epochs_done(),
        "created": record.created,
        "message": record.message,
        **{name: metrics.get(name) for name in SCORES},
        "test_count": _test_count(record),
        "fid_floor": metrics.get("floor"),
        "fid_count": metrics.get("count"),
        "judge": record.result.get("judge"),
    }


def _test_count(record: RunRecord) -> int:
    """Returns how many test pictures the score is of; 0 where that is not known."""
    count = record.dataset.get("counts", {}).get("test", 0)
    return count if isinstance(count, int) else 0


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(
        Column("id", no_wrap=True),
        Column("name", overflow="fold"),
        Column("status", no_wrap=True),
        Column("score", justify="right"),
        Column("epochs", justify="right"),
        Column("data", overflow="fold"),
        "created",
    )
    for row in rows:
        created = row["created"].replace("T", " ")[:16]
        data, epochs = Path(row["data"]).name, str(row["epochs"])
        table.add_row(row["run"], row["name"], row["status"], _score(row), epochs, data, created)
    return table


def _score(row: dict[str, Any]) -> str:
    """Returns what came of a run, with the name of the figure: figures of another kind stand beside it."""
    for name in SCORES:
        if row[name] is not None:
            return TOLD[name](row) if name in TOLD else f"{name} {row[name]:.4g}"
    return ""


def _accuracy(row: dict[str, Any]) -> str:
    interval = f" ({interval_shown(row['test_accuracy'], row['test_count'])})" if row["test_count"] else ""
    return f"accuracy {row['test_accuracy']:.2%}{interval}"


def _distance(row: dict[str, Any]) -> str:
    count = "" if row["fid_count"] is None else f"{row['fid_count']:,.0f} pictures"
    floor = "" if row["fid_floor"] is None else f"floor {row['fid_floor']:.2f}"
    beside = ", ".join(part for part in (count, floor) if part)
    return f"FID {row['fid']:.2f}" + (f" ({beside})" if beside else "")


def _perplexity(row: dict[str, Any]) -> str:
    return f"perplexity {perplexity_shown(row['perplexity'])}"


# How a score is told that has more beside it than its number, or a shape of its own.
TOLD: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "test_accuracy": _accuracy,
    "fid": _distance,
    "perplexity": _perplexity,
}
