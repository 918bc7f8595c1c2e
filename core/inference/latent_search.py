"""Looks for the latents whose pictures fit what is seen of a picture, on every backend. Knows no files and no loop.

Shapes: N attempts, Z latent numbers, K classes, H x W pixels, C channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from core.models.dcgan import Gan
from core.settings.inpaint import InpaintSettings
from core.training.steps.gradients import compile_step, value_and_grad

SHELL_WEIGHT = 0.01  # how much it counts that a latent has the length that the generator knows
BETA_2 = 0.99


@dataclass(frozen=True, eq=False)
class Found:
    """How the attempts fit, before a step.

    Args:
        context: float (N,), the weighted mean absolute difference where the picture is seen; black to white is 2.
        prior: float (N,), low where the discriminator takes the whole for real.
        loss: float (N,), both together, as weighed.
    """

    context: np.ndarray
    prior: np.ndarray
    loss: np.ndarray


class LatentSearch:
    """Several latents at once, each improved by gradient descent through generator and discriminator.

    Args:
        gan: the model; it is not changed.
        count: int, N, how many attempts there are.
        settings: how.

    Reference:
        - [Yeh et al., 2017](https://arxiv.org/abs/1607.07539), Semantic image inpainting with deep generative models.
    """

    def __init__(self, gan: Gan, count: int, settings: InpaintSettings) -> None:
        self._gan, self._settings = gan, settings
        self._latents = keras.Variable(np.zeros((count, gan.latent), np.float32), name="latents")
        self._optimizer = keras.optimizers.Adam(settings.lr, beta_2=BETA_2)
        self._optimizer.build([self._latents])
        self._arrays: tuple[np.ndarray, ...] = ()
        networks = [*gan.generator.variables, *gan.discriminator.variables]
        self._compiled = compile_step(self._step, [self._latents, *self._optimizer.variables], read=networks)

    def begin(self, picture: np.ndarray, hole: np.ndarray, labels: np.ndarray, latents: np.ndarray) -> None:
        """Sets out to fill a picture; another one may have been filled before.

        Args:
            picture: uint8 (H, W, C), of the model's size.
            hole: bool (H, W), what is not seen.
            labels: int (N,), the class of each attempt; of no meaning where the GAN doesn't draw by class.
            latents: float32 (N, Z), where the attempts begin.
        """
        self._compiled.sync()
        for variable in self._optimizer.variables:
            if "learning_rate" not in variable.path:
                variable.assign(np.zeros(variable.shape, variable.dtype))
        self._latents.assign(latents)
        target = picture.astype(np.float32)[None] / 127.5 - 1  # (1, H, W, C)
        weights = context_weights(hole, self._settings.window_px, self._settings.far)[None, ..., None]  # (1, H, W, 1)
        self._arrays = (target, weights)
        if self._gan.class_count:
            self._arrays += (np.eye(self._gan.class_count, dtype=np.float32)[labels],)  # (N, K)

    def __call__(self) -> Found:
        """Improves every attempt by one step."""
        values = np.asarray(ops.convert_to_numpy(self._compiled(*self._arrays)), np.float64)  # (3, N)
        return Found(*values)

    @property
    def traces(self) -> int:
        """How often the step was compiled."""
        return self._compiled.traces

    def latents(self) -> np.ndarray:
        """Returns the attempts so far: float32 (N, Z)."""
        self._compiled.sync()
        return np.array(ops.convert_to_numpy(self._latents.value), np.float32)

    def _step(self, target: Any, weights: Any, classes: Any = None) -> Any:
        def loss() -> tuple[Any, Any]:
            latents = self._latents.value
            drawn = self._gan.generator(_with(latents, classes), training=False)  # (N, H, W, C)
            context = ops.sum(weights * ops.mean(ops.abs(drawn - target), axis=-1, keepdims=True), axis=(1, 2, 3))
            score = self._gan.discriminator(_with(drawn, classes), training=False)[:, 0]  # (N,)
            # Whatever the two were trained by, this falls with the score and flattens once the picture is believed.
            prior = ops.softplus(-score)
            shell = (ops.sqrt(ops.mean(latents**2, axis=-1) + 1e-12) - 1) ** 2
            each = context + self._settings.prior * prior
            return ops.sum(each + SHELL_WEIGHT * shell), ops.stack([context, prior, each])

        _, found, gradients = value_and_grad(loss, [self._latents])
        self._optimizer.apply(gradients, [self._latents])
        return found


def context_weights(hole: np.ndarray, window_px: int, far: float) -> np.ndarray:
    """Returns how much each seen pixel counts: the more, the more of its neighbourhood is hole.

    Args:
        hole: bool (H, W).
        window_px: int, side of the neighbourhood; an even one is taken one larger.
        far: float, what is added for every seen pixel, 1 being a neighbourhood full of hole.

    Returns:
        float32 (H, W), 0 in the hole, of sum 1; all 0 where nothing is seen.
    """
    reach = window_px // 2
    side = 2 * reach + 1
    padded = np.pad(hole.astype(np.float32), reach)
    share = np.lib.stride_tricks.sliding_window_view(padded, (side, side)).mean(axis=(2, 3))  # (H, W)
    weights = np.where(hole, 0.0, share + far)
    total = weights.sum()
    if not total and not hole.all():
        weights, total = np.where(hole, 0.0, 1.0), float((~hole).sum())
    return (weights / total if total else weights).astype(np.float32)


def _with(array: Any, classes: Any) -> Any:
    return array if classes is None else [array, classes]
