"""A step of training by examples: batch in, loss down; compiled on every backend. Knows no files and no loop."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from core.errors import UserError
from core.models.shared.variables import named, read_variables, write_variables
from core.settings.fit import FitSettings
from core.training.loop.step import Place
from core.training.objectives.objective import Objective
from core.training.optimizers import make_optimizer, make_schedule
from core.training.steps.gradients import compile_step, value_and_grad
from core.training.steps.randomness import seed_step


class SupervisedStep:
    """Lowers a model's loss by one batch at a time; see `core.training.loop.step.Step`.

    Args:
        model: built; from what the batches hold to logits.
        objective: loss and metrics.
        settings: optimizer and learning rate.
    """

    def __init__(self, model: keras.Model, objective: Objective, settings: FitSettings) -> None:
        self._model, self._objective = model, objective
        self._schedule = make_schedule(settings, len(objective.batches))
        self._optimizer = make_optimizer(settings, self._schedule, model.trainable_variables)
        self._optimizer.build(model.trainable_variables)
        self._loss_mean = keras.metrics.Mean(name="loss")
        self._metrics = [self._loss_mean, *objective.metrics]
        self._last = np.zeros(len(self._metrics), np.float32)
        # The names matter: checkpoints know variables by them.
        self._of_model = dict(named("model", model.variables))
        self._measured = dict(named("metrics", [one for metric in self._metrics for one in metric.variables]))
        self._variables = {**self._of_model, **dict(named("optimizer", self._optimizer.variables)), **self._measured}
        # XLA where Keras's own `fit` would take it: TensorFlow on a GPU.
        self._train = compile_step(self._train_on, list(self._variables.values()), xla=bool(model.jit_compile))
        read = list(self._of_model.values())
        self._test = compile_step(self._test_on, list(self._measured.values()), read, gradients=False)

    def __call__(self, batch: tuple[Any, Any], place: Place) -> Any:
        """See `Step`.

        Args:
            batch: samples and labels: arrays, or structures of arrays.
            place: where the training is.

        Returns:
            float32 (M,), the loss and the metrics, as means of the epoch so far.
        """
        seed_step(place.seed, place.epoch, place.step)
        return self._train(*batch)

    def measure(self, batch: tuple[np.ndarray, np.ndarray]) -> Any:
        """Takes a batch into the means without training by it; returns as a step does."""
        return self._test(*batch)

    def take(self, numbers: np.ndarray) -> None:
        """See `Step`."""
        self._last = numbers

    def live(self) -> dict[str, float]:
        """See `Step`."""
        return self._objective.derive(
            {metric.name: float(number) for metric, number in zip(self._metrics, self._last, strict=True)}
        )

    def means(self, steps: int) -> dict[str, float]:
        """See `Step`."""
        self.sync()
        return self._objective.derive(
            {metric.name: float(ops.convert_to_numpy(metric.result())) for metric in self._metrics}
        )

    def begin_epoch(self) -> None:
        """See `Step`."""
        self.sync()
        for metric in self._metrics:
            metric.reset_state()

    def lr(self, steps: int) -> float:
        """See `Step`."""
        return self._schedule.at(steps)

    def sync(self) -> None:
        """See `Step`."""
        self._train.sync()
        self._test.sync()

    def values(self) -> dict[str, np.ndarray]:
        """See `Step`."""
        self.sync()
        return read_variables(self._variables)

    def restore(self, values: Mapping[str, np.ndarray], *, within: bool) -> None:
        """See `Step`."""
        needed = self._variables
        if not within:
            with suppress(ValueError):
                write_variables(self._measured, values)
            needed = {name: one for name, one in needed.items() if name not in self._measured}
        write_variables(needed, values)

    def model_variables(self) -> dict[str, Any]:
        """See `Step`."""
        return self._of_model

    def diverged(self, epoch: int) -> UserError:
        """See `Step`."""
        return UserError(
            "The training diverged: the loss is no longer a number in epoch {epoch}.",
            hint="Start again with a lower learning rate; the epochs before are kept.",
            epoch=epoch,
        )

    def _train_on(self, samples: Any, labels: Any) -> Any:
        model = self._model

        def forward() -> tuple[Any, Any]:
            logits = model(samples, training=True)
            return self._objective.loss(labels, logits), logits

        loss, logits, gradients = value_and_grad(forward, model.trainable_variables)
        self._optimizer.apply(gradients, model.trainable_variables)
        return self._count(labels, ops.stop_gradient(logits), loss)

    def _test_on(self, samples: Any, labels: Any) -> Any:
        logits = self._model(samples, training=False)
        return self._count(labels, logits, self._objective.loss(labels, logits))

    def _count(self, labels: Any, logits: Any, loss: Any) -> Any:
        """Takes a batch into the means, and returns them."""
        self._loss_mean.update_state(loss, sample_weight=ops.shape(tree.flatten(labels)[0])[0])
        for metric in self._objective.metrics:
            metric.update_state(labels, logits)
        # Some metrics give a variable, which TensorFlow doesn't stack.
        return ops.stack([ops.cast(metric.result(), "float32") for metric in self._metrics])
