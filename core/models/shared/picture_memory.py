"""How much memory a network takes to look at a picture of some size; refuses what is too much before it is tried."""

from __future__ import annotations

from math import prod

import keras

from core.errors import UserError
from core.models.shared.size import memory_bytes

MEMORY_SHARE = 2  # one part in so many of the computer's memory may be taken
BYTES = 4  # of a number


def check_picture_memory(model: keras.Model, shape: tuple[int, int], name: str, *, passes: int = 1) -> None:
    """Refuses a picture for which the network's layers together would need too much memory.

    A file may leave the sides of its pictures open, so that only the picture decides how much it needs.

    Args:
        model: functional, float32 (B, H, W, C) -> any.
        shape: (H, W), px, of one picture.
        name: str, what the user calls the network.
        passes: int, how often a layer's output is held: 2 where gradients go back through it.

    Raises:
        UserError: it would take more than half of the computer's memory.
    """
    needed, room = passes * picture_bytes(model, shape), memory_bytes() // MEMORY_SHARE
    if needed > room:
        raise UserError(
            "To process a picture of {width} x {height} px the network '{name}' would need {needed} "
            "GB of memory, and there are {room} GB for it.",
            hint="Make the picture smaller, or choose a smaller network.",
            width=shape[1],
            height=shape[0],
            name=name,
            needed=f"{needed / 1e9:.1f}",
            room=f"{room / 1e9:.1f}",
        )


def picture_bytes(model: keras.Model, shape: tuple[int, int]) -> int:
    """Returns the bytes of all layers' outputs for one picture (H, W); 0 where they don't take that size."""
    every = keras.Model(model.inputs[0], [layer.output for layer in model.layers])
    try:
        resized = reapplied(every, (*shape, model.inputs[0].shape[-1]))
        own = BYTES * sum(prod(output.shape[1:]) for output in resized.outputs)
        # A layer may be a whole network of its own, such as a backbone within a classifier.
        nested = [layer for layer in resized.layers if isinstance(layer, keras.Model) and len(layer.inputs) == 1]
        return own + sum(_nested_bytes(layer, resized) for layer in nested)
    except (ValueError, TypeError):  # whoever uses it says so
        return 0


def _nested_bytes(layer: keras.Model, outer: keras.Model) -> int:
    """Returns the bytes of a network within a network, of the size it is given there."""
    operation = next(one for one in outer.operations if one is layer)
    given = operation._inbound_nodes[-1].input_tensors[0].shape
    return picture_bytes(layer, (given[1], given[2])) if len(given) == 4 else 0


def reapplied(model: keras.Model, shape: tuple[int, int, int]) -> keras.Model:
    """Returns the model for pictures of another shape (H, W, C), made of the same layers with the same weights."""
    return keras.models.clone_model(model, input_tensors=keras.Input(shape), clone_function=lambda layer: layer)
