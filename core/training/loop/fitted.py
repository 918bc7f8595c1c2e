"""What came of a training."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import UserError
from core.training.loop.checkpoints import TrainingState


@dataclass(frozen=True)
class Fitted:
    """What came of a training.

    Args:
        state: where it stands.
        kept_epoch: int, index of the epoch whose weights the model has now; -1 for those of an unfinished first.
        stopped: bool, whether the user stopped it before its end.
        error: what ended it, where an epoch's weights are kept all the same; to be raised once they are saved.
    """

    state: TrainingState
    kept_epoch: int
    stopped: bool
    error: UserError | None = None
