"""Randomness inside a training step that Keras's own seeds don't rule."""

from __future__ import annotations

import keras
import numpy as np

STEP = 3  # keeps these draws apart from those of `core.data.batches`


def seed_step(seed: int, epoch: int, step: int) -> None:
    """Makes what a step draws depend on its place alone, so that it is the same after a stop.

    PyTorch draws dropout from a global generator, from which its data loader takes numbers too. With TensorFlow and
    JAX every random number comes from the model's own variables, and nothing is left to do.

    Args:
        seed: int >= 0, the job's.
        epoch: int, from 0.
        step: int, from 0, within the epoch.
    """
    if keras.backend.backend() == "torch":
        import torch

        torch.manual_seed(int(np.random.default_rng((seed, STEP, epoch, step)).integers(2**63)))
