"""What a task may report. Events are small, frozen and picklable; they hold no tensors and no models.

What a task puts into their dicts becomes plain as they are made: a value that can't be sent would end the engine's
sender, and with it the news of every job.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

State = Literal["queued", "running", "paused", "finished", "cancelled", "failed"]
ENDINGS = ("finished", "cancelled", "failed")


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events.

    Args:
        time: float, seconds since the epoch at which it was reported.
    """

    time: float = field(default_factory=time.time)


def plain(value: Any) -> Any:
    """Returns the value in types that any process can read, whatever a task has put into an event.

    Numbers, texts, switches and None stay, those of NumPy become Python's; mappings, lists and tuples are gone through;
    anything else, a path or an exception, becomes its text.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.generic):
        return plain(value.item())
    for kind in (bool, int, float, str):  # an enumeration's member, a text that knows more
        if isinstance(value, kind):
            return kind(value) if kind is not str else str.__str__(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value] if isinstance(value, list) else tuple(map(plain, value))
    return text_of(value)


def text_of(value: object) -> str:
    """Returns the value's text; that of its type where it has none: what tells of a failure must not fail itself."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 (somebody else's __str__ may raise anything)
        return type(value).__name__


@dataclass(frozen=True)
class Status(Event):
    """The job changed its state. Exactly one of `ENDINGS` ends every job and is its last event.

    Args:
        state: one of `State`.
        message: str, an English template (see `UserError`), with its hint and values.
        result: what the task returned, JSON-ready, where the state is "finished".
        trace: str, the traceback of a failure, for the log and a bug report; never shown first.
    """

    state: State
    message: str = ""
    hint: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    trace: str = ""

    def __post_init__(self) -> None:
        """Makes everything in it plain."""
        object.__setattr__(self, "values", plain(self.values))
        object.__setattr__(self, "result", plain(self.result))


@dataclass(frozen=True)
class Progress(Event):
    """How far the job is.

    Args:
        phase: str, what is being done, as an English key: "import", "scan", "decode", "read", "compile", "train",
            "validate", "evaluate", "classify", "write", "examine", "save".
        done: int, units done so far in this phase.
        total: int, units in all; 0 where unknown.
        unit: str, "pictures", "steps", "epochs", ...
        rate: float, units (or samples, where `unit` is "samples") a second; 0 where unknown.
        eta_s: float, seconds left in the whole phase; None where unknown.
        detail: str, what to add, e.g. "epoch 3 of 12".
    """

    phase: str
    done: int = 0
    total: int = 0
    unit: str = "steps"
    rate: float = 0.0
    eta_s: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Metric(Event):
    """Numbers for the plots.

    Args:
        step: int, training steps done since the run began.
        epoch: float, epochs done since the run began (fractional inside one).
        values: name -> value, in Keras's names: "loss", "accuracy", "val_loss", "val_accuracy", "lr", ...
        per: "batch" for running values inside an epoch, "epoch" for those at its end.
    """

    step: int
    epoch: float
    values: dict[str, float]
    per: Literal["batch", "epoch"] = "batch"

    def __post_init__(self) -> None:
        """Makes its numbers plain."""
        object.__setattr__(self, "values", plain(self.values))


@dataclass(frozen=True, eq=False)
class Images(Event):
    """Pictures, each with what is known of it.

    Args:
        title: str, what they are: "preview", "predictions", "samples", ...
        pictures: uint8 arrays (H, W, 3) or (H, W, 1).
        details: one mapping a picture, e.g. {"path": ..., "label": ..., "probability": ..., "top": [...]}.
    """

    title: str
    pictures: tuple[np.ndarray, ...]
    details: tuple[dict[str, Any], ...] = ()

    def __post_init__(self) -> None:
        """Makes its details plain."""
        object.__setattr__(self, "details", plain(self.details))


@dataclass(frozen=True)
class Text(Event):
    """A piece of written text (a caption, a token, a paragraph).

    Args:
        text: str, the piece.
        title: str, what it is: "prompt", or empty.
        details: what is known of it: of a token, "number" (which text it belongs to), "token", "text", "probability",
            "rank", "entropy", "alternatives"; of a prompt, "number" and "tokens", each its "token", "text", "piece".
    """

    text: str
    title: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Makes its details plain."""
        object.__setattr__(self, "details", plain(self.details))


@dataclass(frozen=True)
class Log(Event):
    """A line for the log that a user may read: an English template with its values."""

    message: str
    level: Literal["info", "warning", "error"] = "info"
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Makes its values plain."""
        object.__setattr__(self, "values", plain(self.values))


@dataclass(frozen=True)
class Saved(Event):
    """A file or folder has been written completely.

    Args:
        path: str, where.
        kind: str, "checkpoint", "model", "report", "pictures", "table".
        epoch: int, epochs done when it was written; -1 where that means nothing.
    """

    path: str
    kind: str
    epoch: int = -1
