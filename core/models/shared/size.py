"""How large a model is: parameters, work for one picture, bytes on disk."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod

import keras
from keras import layers

from core.errors import UserError

UNTOLD_MEMORY_BYTES = 8 * 2**30


@dataclass(frozen=True)
class ModelSize:
    """Size of a model.

    Args:
        parameters: int, all weights, trainable or not.
        flops: int, floating-point operations to classify or draw one picture, two for each multiply-add;
            convolutions, dense layers and attention are counted, the rest is small beside them.
        file_bytes: int, what the weights take on disk as float32.
    """

    parameters: int
    flops: int
    file_bytes: int


def model_size(model: keras.Model) -> ModelSize:
    """Returns the size of a built functional model, or of a GAN, whose generator does the work."""
    parameters = int(model.count_params())
    working = getattr(model, "portable", model).layers
    return ModelSize(parameters, 2 * sum(multiply_adds(layer) for layer in working), 4 * parameters)


def multiply_adds(layer: layers.Layer) -> int:
    """Returns the multiply-adds of one layer for one picture; 0 for layers without a matrix product."""
    if isinstance(layer, layers.Conv2DTranspose):
        return prod(layer.input.shape[1:3]) * prod(layer.kernel.shape)
    if isinstance(layer, layers.Conv2D):
        return prod(layer.output.shape[1:]) * prod(layer.kernel.shape[:3])
    if isinstance(layer, layers.Dense):
        return prod(layer.output.shape[1:]) * layer.kernel.shape[0]
    if isinstance(layer, layers.EinsumDense):
        return prod(layer.output.shape[1:]) * layer.kernel.shape[0]
    if isinstance(layer, layers.MultiHeadAttention):
        tokens, width = layer.output.shape[1:]
        inner = layer.num_heads * layer.key_dim
        # Query, key, value and output projections; then scores and weighted sum over all pairs of tokens.
        return 4 * tokens * width * inner + 2 * tokens * tokens * inner
    return 0


def check_size(parameters: int, *, bytes_each: int) -> None:
    """Refuses a model that would take more than a quarter of the computer's memory.

    Args:
        parameters: int, as `count_parameters` returns.
        bytes_each: int, what one takes in all: 4 to use it, 16 to train it (weight, gradient, two moments).

    Raises:
        UserError: it is too large.
    """
    room = memory_bytes() // 4
    if parameters * bytes_each > room:
        raise UserError(
            "A model of these settings has {parameters} parameters, and this computer has memory for {room}.",
            hint="Choose a smaller size, fewer units or fewer classes.",
            parameters=parameters,
            room=room // bytes_each,
        )


def count_parameters(build: Callable[[], keras.Model]) -> int:
    """Returns how many parameters a model would have, without giving it the memory for them."""

    def count() -> int:
        with keras.StatelessScope(initialize_variables=False):
            return int(build().count_params())

    # Keras keeps a list, for each thread, of variables yet to be given memory, and does so at the next chance. A
    # thread of its own takes that list with it.
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(count).result()


def memory_bytes() -> int:
    """Returns the computer's physical memory; 8 GiB where the system doesn't say."""
    if sys.platform == "win32":
        kilobytes = ctypes.c_ulonglong()
        ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes))
        return kilobytes.value * 1024 or UNTOLD_MEMORY_BYTES
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return UNTOLD_MEMORY_BYTES
