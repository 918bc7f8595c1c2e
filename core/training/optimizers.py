"""Optimizers and learning-rate schedules from the settings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from core.settings.fit import FitSettings

WITHOUT_DECAY = frozenset({"bias", "gamma", "beta", "class_token", "position_embedding"})  # a part of the path


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
        return self._rate(ops.cast(step, "float32"), ops)

    def at(self, step: int) -> float:
        """Returns the same on the host, for the plots: asking the backend in each step costs time."""
        return float(self._rate(step, np))

    def _rate(self, step: Any, xp: Any) -> Any:
        """The formula, in the functions of `keras.ops` or NumPy.

        Keras's `CosineDecay(warmup_target=...)` begins at a rate of zero, which makes the first step none, and can
        neither stay nor be asked on the host.
        """
        rising = (step + 1) / max(1, self.warmup_steps)
        if not self.cosine:
            return self.lr * xp.minimum(rising, 1.0)
        done = xp.clip((step - self.warmup_steps) / max(1, self.total_steps - self.warmup_steps), 0.0, 1.0)
        return self.lr * xp.where(step < self.warmup_steps, rising, 0.5 * (1 + xp.cos(math.pi * done)))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments."""
        return {
            "lr": self.lr,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
            "cosine": self.cosine,
        }


class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that stays constant, then falls linearly to zero.

    Args:
        lr: float, the learning rate at first.
        total_steps: int, steps of the whole training.
        share: float in [0, 1], the last part of these, over which it falls.

    Reference:
        - [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), whose learning rates fall so.
    """

    def __init__(self, lr: float, total_steps: int, share: float) -> None:
        super().__init__()
        self.lr = lr
        self.total_steps = total_steps
        self.share = share

    def __call__(self, step: Any) -> Any:
        """Returns the learning rate of a step, inside the compiled training step."""
        return self._rate(ops.cast(step, "float32"), ops)

    def at(self, step: int) -> float:
        """Returns the same on the host, for the plots."""
        return float(self._rate(step, np))

    def _rate(self, step: Any, xp: Any) -> Any:
        """The formula, in the functions of `keras.ops` or NumPy."""
        if not self.share:
            return self.lr * xp.ones(())
        return self.lr * xp.clip((self.total_steps - step) / (self.share * self.total_steps), 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments."""
        return {"lr": self.lr, "total_steps": self.total_steps, "share": self.share}


def make_schedule(settings: FitSettings, steps_per_epoch: int) -> WarmUp:
    """Returns the learning-rate schedule of a whole training."""
    total = settings.epochs * steps_per_epoch
    warmup = min(round(settings.warmup_epochs * steps_per_epoch), total // 2)
    return WarmUp(settings.lr, warmup, total, cosine=settings.schedule == "cosine")


def make_optimizer(
    settings: FitSettings, schedule: WarmUp, variables: Sequence[keras.Variable]
) -> keras.optimizers.Optimizer:
    """Returns the optimizer; biases, norms, class tokens and position embeddings are not decayed.

    Args:
        settings: which one, and how.
        schedule: of the learning rate.
        variables: what is to be trained.

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
        optimizer.exclude_from_weight_decay(var_list=[one for one in variables if not is_decayed(one.path)])
    return optimizer


def is_decayed(path: str) -> bool:
    """Whether weight decay is for the variable with this path.

    Keras itself looks at a variable's own name only, and keras_hub's is "embeddings" for tokens and positions alike.
    """
    return not WITHOUT_DECAY.intersection(path.split("/"))
