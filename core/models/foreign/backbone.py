"""Any convolutional network at hand, taken for what its layers see. Knows neither tasks nor pictures on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from core.errors import UserError
from core.models.foreign.value_range import prepared
from core.models.shared.picture_memory import check_picture_memory, reapplied

ACTIVATIONS = (layers.Activation, layers.ReLU, layers.LeakyReLU, layers.ELU)
CONVOLUTIONS = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)
MOST_RESOLUTIONS = 4  # deeper maps of a picture this size have too few places for their statistics to mean much
CONTENT_RESOLUTION = 2  # the third: shapes are kept there, brushwork is not


@dataclass(frozen=True, eq=False)
class Backbone:
    """A functional network, and how it wants its pixels.

    Args:
        model: float32 (B, H, W, C) -> any, C being 1 or 3.
        value_range: a key of `core.models.foreign.value_range.RANGES`.
        name: str, what the user calls it.
    """

    model: keras.Model
    value_range: str
    name: str

    def activations(self) -> list[list[str]]:
        """Returns the names of its activations on maps, in order, those of one resolution together.

        Raises:
            UserError: it has none, and so is no convolutional network.
        """
        by_side: dict[int, list[str]] = {}
        whole = self.model.inputs[0].shape[1]
        sides = {layer.name: layer for layer in self.model.layers if _is_activation(layer)}
        outputs = self._shapes([layer.output for layer in sides.values()], whole or 256)
        for name, shape in zip(sides, outputs, strict=True):
            if len(shape) == 4 and shape[1] > 1:
                by_side.setdefault(shape[1], []).append(name)
        if not by_side or not any(isinstance(layer, CONVOLUTIONS) for layer in self.model.layers):
            raise UserError(
                "'{name}' has no convolutions, and style transfer needs some.",
                hint="Choose a run of a CNN, or the .keras file of one.",
                name=self.name,
            )
        return [by_side[side] for side in sorted(by_side, reverse=True)]

    def style_layers(self) -> tuple[str, ...]:
        """Returns the first activation, and the last of each resolution, of the four largest."""
        found = self.activations()[:MOST_RESOLUTIONS]
        return tuple(dict.fromkeys([found[0][0], *(names[-1] for names in found)]))

    def content_layers(self) -> tuple[str, ...]:
        """Returns the last activation of the third resolution, or of the last where there are fewer."""
        found = self.activations()
        return (found[min(CONTENT_RESOLUTION, len(found) - 1)][-1],)

    def features(self, names: Sequence[str], shape: tuple[int, int]) -> keras.Model:
        """Returns the network up to some layers, for pictures of any size; weights are shared.

        Args:
            names: layers of the model, each once.
            shape: (H, W), px.

        Returns:
            float32 (B, H, W, 3) of 0 to 1 -> float32 (B, H', W', F), a list of them where there are several layers.

        Raises:
            UserError: there is no such layer, it doesn't take pictures of that size, or memory does not suffice.
        """
        known = {layer.name: layer for layer in self.model.layers}
        for name in names:
            if name not in known:
                raise UserError(
                    "The backbone has no layer '{name}'.",
                    hint="It has: {known}.",
                    name=name,
                    known=", ".join(known),
                )
        part = keras.Model(self.model.inputs[0], [known[name].output for name in names])
        channels = self.model.inputs[0].shape[-1]
        try:
            resized = reapplied(part, (*shape, channels))
        except (ValueError, TypeError) as error:
            raise self._too_small(shape) from error
        for name, output in zip(names, resized.outputs, strict=True):
            if len(output.shape) != 4 or min(output.shape[1:3]) < 1:
                raise UserError(
                    "The layer '{name}' has no feature maps as its output, and style transfer needs them.",
                    hint="Choose one among the convolutions: {known}.",
                    name=name,
                    known=", ".join(name for names in self.activations() for name in names),
                )
        check_picture_memory(part, shape, self.name, passes=2)
        pixels = keras.Input((*shape, 3), name="picture")  # (B, H, W, 3)
        outputs = resized(prepared(pixels, self.value_range, channels))
        return keras.Model(pixels, outputs)

    def _too_small(self, shape: tuple[int, int]) -> UserError:
        return UserError(
            "The backbone '{name}' can't process pictures of {width} x {height} px.",
            hint="Choose another size, earlier layers, or a backbone that is made of convolutions only.",
            name=self.name,
            width=shape[1],
            height=shape[0],
        )

    def _shapes(self, tensors: list[Any], side: int) -> list[tuple[int, ...]]:
        """Returns the tensors' shapes for a picture of that side."""
        if self.model.inputs[0].shape[1] is not None or not tensors:
            return [tuple(tensor.shape) for tensor in tensors]
        part = keras.Model(self.model.inputs[0], tensors)
        resized = reapplied(part, (side, side, self.model.inputs[0].shape[-1]))
        return [tuple(output.shape) for output in resized.outputs]


def _is_activation(layer: layers.Layer) -> bool:
    activation = getattr(layer, "activation", None)
    return isinstance(layer, ACTIVATIONS) or (
        isinstance(layer, CONVOLUTIONS) and activation is not keras.activations.linear
    )
