"""What the generation panel knows of a run that draws: its classes and the ages it has kept. Knows no widget."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.jobs import Job, installed_backends
from desktop_app.store import RunRow
from desktop_app.translation import tr


@dataclass(frozen=True)
class GanRun:
    """A run that draws pictures.

    Args:
        row: as the store lists it.
        ages: epochs after which its training has kept how it drew, youngest first; its model's own not among them.
    """

    row: RunRow
    ages: tuple[int, ...] = ()

    @property
    def id(self) -> str:
        """The run's id."""
        return self.row.run.id

    @property
    def own_age(self) -> int:
        """Epochs its model has been trained; 0 where that is not known."""
        value = self.row.record.result.get("kept_epoch")
        return value if isinstance(value, int) else 0

    @property
    def classes(self) -> tuple[str, ...]:
        """What it can draw by; none where it doesn't draw by class."""
        names = tuple(str(name) for name in self.row.record.dataset.get("classes", []))
        return names if self.row.job.settings.get("conditional", True) and len(names) > 1 else ()

    def job(self, task: str, settings: dict[str, object], seed: int) -> Job:
        """Returns a job for this run, on the backend it was trained on where that is installed."""
        backend = self.row.job.backend
        given = {"backend": backend} if backend in installed_backends() else {}
        return Job(task=task, settings={"run": self.id, **settings}, seed=seed, **given)


def gan_runs(rows: list[RunRow]) -> list[GanRun]:
    """Looks up which runs draw, and what they have kept. Reads the disk: call it off the window's thread.

    Args:
        rows: as the store lists them, newest first.

    Returns:
        Those that draw and hold a model, in the same order.
    """
    found = [GanRun(row, tuple(row.run.ages())) for row in rows if row.does("generate")]
    return [replace(run, ages=tuple(age for age in run.ages if age != run.own_age)) for run in found]


def age_text(epochs: int) -> str:
    """Returns an age in words."""
    return tr("after 1 epoch") if epochs == 1 else tr("after {epochs} epochs", epochs=epochs)
