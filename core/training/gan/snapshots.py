"""Keeps the generator as it was at some ages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.events import Saved
from core.files.sealed import seal
from core.models.dcgan import Gan
from core.models.shared.formats import format_of
from core.models.shared.variables import named, pack, read_variables
from core.settings.dcgan import AdversarialFitSettings
from core.training.loop.reporter import Reporter

WEIGHTS, STAGE = "weights.safetensors", "stage.json"
GROUP = "generator"  # before its variables' names


class Snapshots:
    """Writes a snapshot at the end of some epochs; see `core.training.loop.epoch_callback.EpochCallback`.

    Args:
        gan: whose generator is kept.
        settings: how many.
        folder: where they go, each in a folder named after the epochs done.
        model: str, as `core.training.loop.loop.Hooks.model`.
    """

    def __init__(self, gan: Gan, settings: AdversarialFitSettings, folder: Path, model: str = "") -> None:
        self._gan, self._folder, self._model = gan, folder, model
        self._epochs = snapshot_epochs(settings)

    def __call__(self, epoch: int, *, last: bool, reporter: Reporter) -> dict[str, float]:
        """See `EpochCallback`; adds nothing to the row."""
        if epoch in self._epochs:
            folder = self._folder / f"{epoch + 1:06d}"
            values = read_variables(dict(named(GROUP, self._gan.generator.variables)))
            content: dict[str, Any] = {WEIGHTS: pack(values), STAGE: json.dumps({"epoch": epoch + 1}).encode()}
            seal(folder, content, format_of(self._model))
            reporter.report(Saved(str(folder), "snapshot", epoch + 1))
        return {}


def snapshot_epochs(settings: AdversarialFitSettings) -> set[int]:
    """Returns the indices of the epochs after which the generator is kept: closer together while it is young."""
    count, epochs = min(settings.snapshots, settings.epochs), settings.epochs
    if not count:
        return set()
    return {max(place, round(epochs ** ((place + 1) / count)) - 1) for place in range(count)}
