"""Measures a model on the validation split after each epoch."""

from __future__ import annotations

import time
from contextlib import closing

from core.data.batches import Batches
from core.data.prefetch import prefetch
from core.events import Progress
from core.training.loop.flight import Flight
from core.training.loop.reporter import Reporter
from core.training.supervised.step import SupervisedStep

REPORT_INTERVAL_S = 1 / 15


class Validation:
    """Gives an epoch's row its "val_..." columns; see `core.training.loop.epoch_callback.EpochCallback`.

    Args:
        step: whose model and metrics are used.
        batches: the validation split's, at least one.
    """

    def __init__(self, step: SupervisedStep, batches: Batches) -> None:
        self._step, self._batches = step, batches

    def __call__(self, epoch: int, *, last: bool, reporter: Reporter) -> dict[str, float]:
        """See `EpochCallback`."""
        reporter.check()
        reporter.report(Progress("validate", 0, len(self._batches)))
        flight = Flight()
        next_report = time.perf_counter() + REPORT_INTERVAL_S
        self._step.begin_epoch()
        with closing(prefetch(self._batches, epoch=0, check=reporter.check)) as coming:
            for done, batch in enumerate(coming, 1):
                flight.add(self._step.measure(batch))
                reporter.check()
                now = time.perf_counter()
                if now >= next_report:
                    next_report = now + REPORT_INTERVAL_S
                    reporter.report(Progress("validate", done, len(self._batches)))
        return {f"val_{name}": value for name, value in self._step.means(len(self._batches)).items()}
