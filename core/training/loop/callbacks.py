"""What happens between two steps of `fit`: live numbers, pause, stop, checkpoints. As little as possible.

Keras turns each step's logs into floats, which waits for the device, and calls every callback twice a step.
The lists here take the callbacks' place and look at the clock first. Nothing here raises inside `fit`: the JAX
backend would lose the model's variables.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import keras

from core.context import Context
from core.events import Progress

REPORT_INTERVAL_S = 1 / 15
STEPS_IN_FLIGHT = 2  # a backend that works ahead may be this far ahead of us; else Stop would come late


class Watched(Protocol):
    """What the callbacks report to: `core.training.loop.fit`'s state of one training."""

    def begin_epoch(self, epoch: int) -> None:
        """An epoch begins, or goes on after a stop inside it."""

    def begin_step(self) -> None:
        """A step begins."""

    def attend(self, logs: dict[str, Any]) -> None:
        """A step is done, and someone has asked to stop or to pause, or a checkpoint is due."""

    def report(self, logs: dict[str, Any]) -> None:
        """A step is done, and it is time to tell."""

    def end_epoch(self, logs: dict[str, float]) -> None:
        """All steps of an epoch are done, or training was stopped within it."""


class Flight:
    """The steps that a backend has begun and not ended; waits for the oldest where there are too many."""

    def __init__(self) -> None:
        self._losses: deque[Any] = deque()

    def add(self, logs: dict[str, Any]) -> None:
        """A step has begun whose logs will be these."""
        self._losses.append(logs.get("loss"))
        if len(self._losses) > STEPS_IN_FLIGHT:
            loss = self._losses.popleft()
            if loss is not None:
                keras.ops.convert_to_numpy(loss)

    def clear(self) -> None:
        """Nothing is under way."""
        self._losses.clear()


class StepWatch(keras.callbacks.CallbackList):
    """Takes the place of Keras's callbacks during `fit`.

    Args:
        model: the model that is trained.
        context: asked after every step whether to stop or pause.
        watched: told of what happens.
        checkpoint_s: float, `attend` is called this often at least.
    """

    def __init__(self, model: keras.Model, context: Context, watched: Watched, checkpoint_s: float) -> None:
        super().__init__([], add_history=True, model=model)
        self._context = context
        self._watched = watched
        self._checkpoint_s = checkpoint_s
        self._flight = Flight()
        self._next_report = 0.0
        self.next_checkpoint = time.perf_counter() + checkpoint_s
        self.steps = 0  # steps done in this epoch since `fit` began it

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keras's hook."""
        self.steps = 0
        self._flight.clear()
        self._watched.begin_epoch(epoch)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Keras's hook."""
        self._watched.begin_step()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Keras's hook, called with the logs as they are on the device."""
        self.steps += 1
        logs = logs or {}
        self._flight.add(logs)
        now = time.perf_counter()
        if self._context.cancelled or self._context.paused or now >= self.next_checkpoint:
            self._watched.attend(logs)
            self.next_checkpoint = time.perf_counter() + self._checkpoint_s
        if now >= self._next_report:
            self._next_report = now + REPORT_INTERVAL_S
            self._watched.report(logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keras's hook."""
        self._flight.clear()
        self._watched.end_epoch(as_floats(logs or {}))


class EvaluationWatch(keras.callbacks.CallbackList):
    """Takes the place of Keras's callbacks during `evaluate`: progress and Stop.

    Args:
        model: the model that is evaluated.
        context: asked after every step whether to stop.
        steps: int, in all.
        pause: called after every step; waits while the user wants a pause.
    """

    def __init__(self, model: keras.Model, context: Context, steps: int, pause: Callable[[], None]) -> None:
        super().__init__([], model=model)
        self._pause = pause
        self._context = context
        self._total = steps
        self._done = 0
        self._next_report = time.perf_counter() + REPORT_INTERVAL_S
        self._flight = Flight()

    def on_test_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Keras's hook; nothing to do."""

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Keras's hook."""
        self._done += 1
        self._flight.add(logs or {})
        self._pause()
        if self._context.cancelled:
            self.model.stop_evaluating = True
        now = time.perf_counter()
        if now >= self._next_report:
            self._next_report = now + REPORT_INTERVAL_S
            self._context.report(Progress("validate", self._done, self._total))


class Speed:
    """Counts samples and the time their steps took: for samples/s and the time left.

    Args:
        clock: where time comes from.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.samples = 0
        self.seconds = 0.0
        self._since: float | None = None
        self._window: deque[tuple[float, int]] = deque(maxlen=30)

    def start(self) -> None:
        """Steps begin, or go on."""
        self._since = self._clock()

    def stop(self) -> None:
        """Something else than steps begins: validation, a checkpoint, a pause."""
        if self._since is not None:
            self.seconds += self._clock() - self._since
            self._since = None

    def rate(self) -> float:
        """Samples a second of late (about the last two seconds of steps); 0 before there is something to tell."""
        running = self._clock() - self._since if self._since is not None else 0.0
        self._window.append((self.seconds + running, self.samples))
        (then, before), (now, done) = self._window[0], self._window[-1]
        return (done - before) / (now - then) if now > then else 0.0


def as_floats(logs: dict[str, Any]) -> dict[str, float]:
    """Returns the logs as floats; waits for the device."""
    return {name: float(keras.ops.convert_to_numpy(value)) for name, value in logs.items()}
