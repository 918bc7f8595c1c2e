"""Reads data that a run is scored on as the run reads its own, and finds out which of them it knows."""

from __future__ import annotations

from collections.abc import Callable

from core.context import Context
from core.data.dataset import Dataset
from core.data.load import load
from core.errors import UserError
from core.kinds.kind import Wanted
from core.models.shared.saved import ModelDescription
from core.runs.run import Run
from core.runs.seen import Seen, read_seen
from core.settings.dataset import DatasetSettings
from core.training.begin import Divided


def load_other(
    data: str, description: ModelDescription, run: Run, context: Context, wanted: Wanted
) -> tuple[Dataset, bool]:
    """Reads other pictures at the model's size, as training read its own.

    Args:
        data: str, what the user named.
        description: of the run's model; its settings hold a data set's.
        run: that is scored.
        context: its job's seed decides what is drawn.
        wanted: what the samples must carry.

    Returns:
        The data set, and whether it is the run's own, wherever it lies: it is then divided as it was in training.

    Raises:
        UserError: there is no such data set, or it can't be used.
        CancelledError: the user has asked the job to stop.
    """
    side, _, channels = description.input_shape
    trained = description.typed_settings().model_dump()
    values = {name: value for name, value in trained.items() if name in DatasetSettings.model_fields}
    colour = "grey" if channels == 1 else "rgb"
    alike = {"image_px": side, "colour": colour, "intensity": description.reads}
    settings = DatasetSettings.parse({**values, "data": data, **alike})
    record = run.record()
    dataset = _load(settings, context.job.seed, context, wanted)
    own = dataset.fingerprint == record.dataset.get("fingerprint")
    if own and context.job.seed != record.job.seed:
        dataset = load(settings, record.job.seed, context, wanted)
    return dataset, own


def _load(settings: DatasetSettings, seed: int, context: Context, wanted: Wanted) -> Dataset:
    """Reads with the run's groups, which belong to its fingerprint; where the data have none, without."""
    if settings.group_by != "none":
        try:
            return load(settings, seed, context, wanted)
        except UserError:
            settings = settings.model_copy(update={"group_by": "none"})
    return load(settings, seed, context, wanted)


def seen_by(run: Run, load_own: Callable[[], Divided], context: Context) -> Seen | None:
    """Returns what the run's training has seen.

    Args:
        run: that is scored.
        load_own: reads the run's own data; only where the run itself does not say what it has seen.
        context: is asked whether to stop.

    Returns:
        None where it can't be known: the run does not say, and its own data are gone or have changed.

    Raises:
        CancelledError: the user has asked the job to stop.
    """
    if (kept := read_seen(run)) is not None:
        return kept
    try:
        own = load_own()
    except UserError:
        return None
    unchanged = own.fingerprint == run.record().dataset.get("fingerprint")
    return Seen.of(own.hashes(context.check)) if unchanged else None
