"""What generator and discriminator play for. Each row of `LOSSES` is one game."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from keras import ops


@dataclass(frozen=True)
class AdversarialLoss:
    """Both players' losses, as functions of the discriminator's scores (B, 1).

    Args:
        discriminator: `(real, fake, smoothing) -> scalar`.
        generator: `(fake) -> scalar`.
        middle: `(real, fake, smoothing) -> scalar`, the score above which a picture counts as taken for real: what the
            best discriminator gives where real and fake pictures are equally likely.
        penalised: bool, whether the critic's slope is held to 1.
    """

    discriminator: Callable[[Any, Any, float], Any]
    generator: Callable[[Any], Any]
    middle: Callable[[Any, Any, float], Any]
    penalised: bool = False


def _non_saturating_discriminator(real: Any, fake: Any, smoothing: float) -> Any:
    """-[log D(x) + log(1 - D(G(z)))] with D = sigmoid(score); real counts as 1 - smoothing."""
    of_real = (1 - smoothing) * ops.softplus(-real) + smoothing * ops.softplus(real)
    return ops.mean(of_real) + ops.mean(ops.softplus(fake))


def _least_squares_discriminator(real: Any, fake: Any, smoothing: float) -> Any:
    return 0.5 * (ops.mean((real - (1 - smoothing)) ** 2) + ops.mean(fake**2))


def _hinge_discriminator(real: Any, fake: Any, smoothing: float) -> Any:
    return ops.mean(ops.relu(1 - real)) + ops.mean(ops.relu(1 + fake))


def _zero(real: Any, fake: Any, smoothing: float) -> float:
    return 0.0


LOSSES: Mapping[str, AdversarialLoss] = {
    # Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661
    "non-saturating": AdversarialLoss(
        _non_saturating_discriminator,
        lambda fake: ops.mean(ops.softplus(-fake)),
        middle=lambda real, fake, smoothing: math.log(
            (1 - smoothing) / (1 + smoothing)
        ),  # sigmoid: (1 - smoothing) / 2
    ),
    # Mao et al., 2017, https://arxiv.org/abs/1611.04076
    "least-squares": AdversarialLoss(
        _least_squares_discriminator,
        lambda fake: 0.5 * ops.mean((fake - 1) ** 2),
        middle=lambda real, fake, smoothing: (1 - smoothing) / 2,
    ),
    # Lim and Ye, 2017, https://arxiv.org/abs/1705.02894
    "hinge": AdversarialLoss(_hinge_discriminator, lambda fake: -ops.mean(fake), middle=_zero),
    # Gulrajani et al., 2017, https://arxiv.org/abs/1704.00028
    "wasserstein": AdversarialLoss(
        lambda real, fake, smoothing: ops.mean(fake) - ops.mean(real),
        lambda fake: -ops.mean(fake),
        middle=lambda real, fake, smoothing: (ops.mean(real) + ops.mean(fake)) / 2,
        penalised=True,
    ),
}
