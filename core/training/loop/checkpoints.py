"""Checkpoints: everything a training needs to go on as if nothing had happened. Knows no model."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.events import Event, Log, Saved
from core.files.migrations import migrate
from core.files.sealed import DamagedError, clear_leftovers, seal, unseal_versioned
from core.models.shared.formats import format_of, migrations_of
from core.models.shared.variables import pack, unpack

KEPT = 3
VARIABLES, STATE = "variables.safetensors", "state.json"
NAME = re.compile(r"\d{6}-\d{8}")


@dataclass
class TrainingState:
    """Where a training stands, beside its variables.

    Args:
        epoch: int, epochs done.
        step: int, steps done of the epoch that has begun; 0 at an epoch's end.
        history: one row an epoch: {"epoch": 0, "loss": ..., "accuracy": ..., "val_loss": ...}.
        best_epoch: int, index of the row that is best on the validation split; -1 before the first.
        train_logs: the training half of a row whose validation is still to come, else None.
        seed: int, from which order and augmentation of every epoch follow.
        batch_size: int, pictures a step.
        steps_per_epoch: int.
        train_s: float, time spent so far.
        samples: int, pictures trained on so far, less the first step of each start, which compiles.
        steps_s: float, time those took.
    """

    epoch: int = 0
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = -1
    train_logs: dict[str, float] | None = None
    seed: int = 0
    batch_size: int = 0
    steps_per_epoch: int = 0
    train_s: float = 0.0
    samples: int = 0
    steps_s: float = 0.0

    @property
    def steps(self) -> int:
        """Steps done since the run began."""
        return self.epoch * self.steps_per_epoch + self.step


class Checkpoints:
    """The checkpoints of one run: the last three and the best are kept.

    Args:
        folder: the run's `checkpoints/`.
        report: gets an event for each damaged and each written one.
        model: str, a key of `catalog.MODELS`, whose formats they have; "" where they have known but one.
    """

    def __init__(self, folder: Path, report: Callable[[Event], None], model: str = "") -> None:
        self.folder = folder
        self._report = report
        self._model = model

    def save(self, state: TrainingState, variables: dict[str, np.ndarray]) -> None:
        """Writes a checkpoint, then removes those no longer needed.

        Raises:
            UserError: the disk is full, or the place cannot be written; the older ones are untouched.
        """
        path = self.folder / _name(state.epoch, state.step)
        content = json.dumps(asdict(state), indent=1).encode()
        seal(path, {VARIABLES: pack(variables), STATE: content}, format_of(self._model))
        self._prune(state.best_epoch)
        self._report(Saved(str(path), "checkpoint", state.epoch))

    def load_latest(self) -> tuple[TrainingState, dict[str, np.ndarray]] | None:
        """Reads the newest intact checkpoint; None where there is none. Damaged ones are reported and removed."""
        clear_leftovers(self.folder)
        paths = self._paths()
        while paths:
            path = paths.pop()
            try:
                return self._read(path, going_on=True)
            except DamagedError as error:
                self._report(
                    Log(
                        "The checkpoint {name} is damaged: {reason}. Going on from {other}.",
                        "warning",
                        {"name": path.name, "reason": str(error), "other": paths[-1].name if paths else "the start"},
                    )
                )
                shutil.rmtree(path, ignore_errors=True)
        return None

    def load_epoch(self, epoch: int) -> dict[str, np.ndarray] | None:
        """Reads the variables at the end of an epoch.

        Args:
            epoch: int, its index, from 0.

        Returns:
            Name -> array, or None where the checkpoint is missing or damaged, which is reported.
        """
        path = self.folder / _name(epoch + 1, 0)
        try:
            return self._read(path)[1]
        except DamagedError as error:
            self._report(
                Log(
                    "The checkpoint {name} is damaged: {reason}. The last epoch's weights are kept instead.",
                    "warning",
                    {"name": path.name, "reason": str(error)},
                )
            )
            return None

    def weights_to_keep(self, *, best: bool) -> tuple[int, dict[str, np.ndarray]] | None:
        """Reads the variables that would be kept if the training ended here. Removes nothing: it may still go on.

        Args:
            best: bool, whether the best epoch's are wanted rather than the newest; the newest where there is none yet.

        Returns:
            The epochs done and name -> array, or None where no checkpoint is intact.
        """
        for path in reversed(self._paths()):
            with suppress(DamagedError):
                state, values = self._read(path)
                if best and state.best_epoch >= 0:
                    with suppress(DamagedError):
                        return state.best_epoch + 1, self._read(self.folder / _name(state.best_epoch + 1, 0))[1]
                return state.epoch, values
        return None

    def _read(self, path: Path, *, going_on: bool = False) -> tuple[TrainingState, dict[str, np.ndarray]]:
        version, contents = unseal_versioned(path)
        try:
            read: dict[str, Any] = {"state": json.loads(contents[STATE]), "variables": unpack(contents[VARIABLES])}
            read = migrate({"format": version, **read}, migrations_of(self._model), path)
            found = TrainingState(**read["state"]), read["variables"]
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedError("it doesn't hold what it should") from error
        if going_on and version < format_of(self._model):
            self._report(
                Log(
                    "An earlier version wrote the checkpoint {name}: its weights were converted, and "
                    "the optimizer's state of those that changed is reset.",
                    "warning",
                    {"name": path.name},
                )
            )
        return found

    def _paths(self) -> list[Path]:
        """Returns the checkpoints, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if NAME.fullmatch(path.name) and path.is_dir())

    def _prune(self, best_epoch: int) -> None:
        best = _name(best_epoch + 1, 0)
        for path in self._paths()[:-KEPT]:
            if path.name != best:
                # Out of sight in one step: a half-deleted checkpoint would be taken for a damaged one.
                doomed = path.with_name(f".old-{path.name}")
                path.replace(doomed)
                shutil.rmtree(doomed, ignore_errors=True)


def _name(epoch: int, step: int) -> str:
    return f"{epoch:06d}-{step:08d}"
