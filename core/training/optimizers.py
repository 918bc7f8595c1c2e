"""Optimizers and learning-rate schedules from the settings."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from core.settings.fit import FitSettings

WITHOUT_DECAY = ["bias", "gamma", "beta"]


class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly from zero, then stays or falls to zero along half a cosine.

    Args:
        lr: float, the highest learning rate.
        warmup_steps: int, steps of the rise.
        total_steps: int, steps of the whole training.
        cosine: bool, whether it falls.

    Reference:
        - [Loshchilov and Hutter, 2017](https://arxiv.org/abs/1608.03983).
    """

    def __init__(self, lr: float, warmup_steps: int, total_steps: int, *, cosine: bool) -> None:
        super().__init__()
        self.lr = lr
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps
        self.cosine = cosine

    def __call__(self, step: Any) -> Any:
        """Returns the learning rate of a step, inside the compiled training step."""
        step = ops.cast(step, "float32")
        rising = (step + 1) / max(1, self.warmup_steps)
        if not self.cosine:
            return self.lr * ops.minimum(rising, 1.0)
        left = max(1, self.total_steps - self.warmup_steps)
        done = ops.clip((step - self.warmup_steps) / left, 0.0, 1.0)
        falling = 0.5 * (1 + ops.cos(math.pi * done))
        return self.lr * ops.where(step < self.warmup_steps, rising, falling)

    def at(self, step: int) -> float:
        """Returns the same in plain Python, for the plots: asking the backend in each step costs time."""
        if step < self.warmup_steps:
            return self.lr * (step + 1) / self.warmup_steps
        if not self.cosine:
            return self.lr
        done = min(1.0, (step - self.warmup_steps) / max(1, self.total_steps - self.warmup_steps))
        return self.lr * 0.5 * (1 + math.cos(math.pi * done))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments."""
        return {
            "lr": self.lr,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
            "cosine": self.cosine,
        }


class LinearFall(keras.optimizers.schedules.LearningRateSchedule):
    """Stays, then falls linearly to zero.

    Args:
        lr: float, the learning rate at first.
        total_steps: int, steps of the whole training.
        share: float in [0, 1], over how much of it, the last part, it falls.

    Reference:
        - [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), whose rates fall so.
    """

    def __init__(self, lr: float, total_steps: int, share: float) -> None:
        super().__init__()
        self.lr = lr
        self.total_steps = total_steps
        self.share = share

    def __call__(self, step: Any) -> Any:
        """Returns the learning rate of a step, inside the compiled training step."""
        if not self.share:
            return ops.convert_to_tensor(self.lr, "float32")
        left = (self.total_steps - ops.cast(step, "float32")) / (self.share * self.total_steps)
        return self.lr * ops.clip(left, 0.0, 1.0)

    def at(self, step: int) -> float:
        """Returns the same in plain Python, for the plots."""
        if not self.share:
            return self.lr
        return self.lr * min(1.0, max(0.0, (self.total_steps - step) / (self.share * self.total_steps)))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments."""
        return {"lr": self.lr, "total_steps": self.total_steps, "share": self.share}


def make_schedule(settings: FitSettings, steps_per_epoch: int) -> WarmUp:
    """Returns the learning-rate schedule of a whole training."""
    total = settings.epochs * steps_per_epoch
    warmup = min(round(settings.warmup_epochs * steps_per_epoch), total // 2)
    return WarmUp(settings.lr, warmup, total, cosine=settings.schedule == "cosine")


def make_optimizer(settings: FitSettings, schedule: WarmUp) -> keras.optimizers.Optimizer:
    """Returns the optimizer; biases, norms and position embeddings are not decayed.

    Reference:
        - [Loshchilov and Hutter, 2019](https://arxiv.org/abs/1711.05101), AdamW.
    """
    decay, clip = settings.weight_decay or None, settings.clip_norm or None
    if settings.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(
            schedule, weight_decay=settings.weight_decay, global_clipnorm=clip, name="adamw"
        )
    else:
        optimizer = keras.optimizers.SGD(
            schedule,
            momentum=settings.momentum,
            nesterov=settings.momentum > 0,
            weight_decay=decay,
            global_clipnorm=clip,
            name="sgd",
        )
    if decay:
        optimizer.exclude_from_weight_decay(var_names=WITHOUT_DECAY)
    return optimizer
