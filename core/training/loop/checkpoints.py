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

from core.errors import UserError
from core.events import Event, Log, Saved
from core.files.migrations import Migration, migrate, newest
from core.files.sealed import DamagedError, clear_leftovers, reading_from, seal, unseal_versioned
from core.models.shared.formats import format_of, migrations_of
from core.models.shared.variables import pack, unpack

KEPT = 3
VARIABLES, STATE = "variables.safetensors", "state.json"
MIGRATIONS: tuple[Migration, ...] = ()  # of state.json, which holds a `TrainingState`; without a format it is the first
FORMAT = newest(MIGRATIONS)
NAME = re.compile(r"\d{6}-\d{8}")
ASIDE = ".damaged-"


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
        model: str, a key of `catalog.MODELS`, whose formats their variables have; "" where they have known but one.
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
        content = json.dumps({"format": FORMAT, **asdict(state)}, indent=1).encode()
        seal(path, {VARIABLES: pack(variables), STATE: content}, format_of(self._model))
        self._prune(path.name, state.best_epoch)
        self._report(Saved(str(path), "checkpoint", state.epoch))

    def load_latest(self) -> tuple[TrainingState, dict[str, np.ndarray]] | None:
        """Reads the newest intact checkpoint; None where there is none yet.

        Damaged ones are reported and set aside. Where none is intact nothing is touched: to begin anew would cost the
        run its history, and in the end its model.

        Raises:
            UserError: none is intact, one can't be read for now, or it holds what this version doesn't know.
        """
        clear_leftovers(self.folder)
        damaged: list[tuple[Path, DamagedError]] = []
        for path in reversed(self._paths()):
            try:
                found = self._read(path, going_on=True)
            except DamagedError as error:
                damaged.append((path, error))
                continue
            for bad, reason in damaged:
                self._set_aside(bad, reason, path)
            return found
        if damaged:
            raise UserError(
                "No checkpoint of the run '{run}' is intact (the newest: {reason}).",
                hint="Restore '{folder}' from a copy, or start a new run with the same settings.",
                run=self.folder.parent.name,
                reason=damaged[0][1],
                folder=self.folder,
            )
        return None

    def load_epoch(self, epoch: int) -> dict[str, np.ndarray] | None:
        """Reads the variables at the end of an epoch.

        Args:
            epoch: int, its index, from 0.

        Returns:
            Name -> array, or None where the checkpoint is missing or damaged, which is reported.

        Raises:
            UserError: it can't be read for now, or holds what this version doesn't know.
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

        Raises:
            UserError: one can't be read for now, or holds what this version doesn't know.
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
            state = dict(migrate(json.loads(contents[STATE]), MIGRATIONS, path, missing=1))
            del state["format"]
            variables = unpack(contents[VARIABLES])
            read: dict[str, Any] = {"state": state, "variables": variables}
            read = migrate({"format": version, **read}, migrations_of(self._model), path)
            found = TrainingState(**read["state"]), read["variables"]
        except (KeyError, TypeError, ValueError) as error:
            # What its hash says is whole another version may well read: it is not damaged.
            raise UserError(
                "The checkpoint '{path}' is intact, but holds something else than this version knows.",
                hint="Resume the run with the version that wrote it, or start a new run with the same settings.",
                path=path,
            ) from error
        if going_on and read["variables"] is not variables:
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
        with reading_from(self.folder):
            if not self.folder.is_dir():
                return []
            return sorted(path for path in self.folder.iterdir() if NAME.fullmatch(path.name) and path.is_dir())

    def _set_aside(self, path: Path, reason: DamagedError, other: Path) -> None:
        """Reports a damaged checkpoint, and leaves it to whoever can still make something of it."""
        self._report(
            Log(
                "The checkpoint {name} is damaged: {reason}. Going on from {other}.",
                "warning",
                {"name": path.name, "reason": str(reason), "other": other.name},
            )
        )
        with suppress(OSError):  # where it stays in its place it will be found damaged again
            path.replace(path.with_name(ASIDE + path.name))

    def _prune(self, newest_name: str, best_epoch: int) -> None:
        for aside in self.folder.glob(f"{ASIDE}*"):
            if aside.name.removeprefix(ASIDE) <= newest_name:  # the training has come past it once more
                shutil.rmtree(aside, ignore_errors=True)
        best = _name(best_epoch + 1, 0)
        for path in self._paths()[:-KEPT]:
            if path.name != best:
                # Out of sight in one step: a half-deleted checkpoint would be taken for a damaged one.
                doomed = path.with_name(f".tmp-{path.name}")
                with suppress(OSError):  # what can't be removed now is the next time: the new one is written
                    path.replace(doomed)
                    shutil.rmtree(doomed, ignore_errors=True)


def _name(epoch: int, step: int) -> str:
    return f"{epoch:06d}-{step:08d}"
