"""Paints one picture anew in the style of another, a step at a time, on every backend. Knows no files and no loop.

Shapes: H x W pixels, F feature maps of H' x W' places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from core.errors import UserError
from core.models.foreign.backbone import Backbone
from core.settings.stylize import StylizeSettings
from core.training.steps.gradients import compile_step, value_and_grad

# So that a strength and a smoothness of 1 look right: each loss is a share of what its target weighs.
STYLE_WEIGHT, SMOOTH_WEIGHT = 30.0, 0.1
SHIFTS = 16  # how many ways of moving the picture there are
KEPT_BYTES = 2**28  # of the content's features, moved in these ways
NOISE_CELL_PX = 4
BETA_2 = 0.99  # the losses change fast, so old gradients say little
TINY = 1e-8
LOSSES = ("loss", "content_loss", "style_loss")


@dataclass(eq=False)
class _Shift:
    """One way of moving the picture, cyclically.

    Args:
        rows: int32 (H,), which row comes where.
        columns: int32 (W,).
        targets: float32 (1, H', W', F), the features of the content moved so, one array a content layer; none where
            they are not kept.
    """

    rows: np.ndarray
    columns: np.ndarray
    targets: list[np.ndarray] = field(default_factory=list)


class StylePainter:
    """A picture that comes nearer to a style with each step.

    The loss is how much the deep features differ from the content's, plus how much the correlations of the features
    (Gram matrices) differ from the style's, plus how rough the picture is. Each time the network looks at the picture
    moved by a few pixels, or the grid of its strides would be painted too.

    Args:
        backbone: what compares.
        content: float32 (H, W, 3), 0 to 1.
        style: float32 (any, any, 3), 0 to 1.
        settings: how.
        seed: int, of the shifts and the noise.
        check: called between the parts of the preparation; may raise to end it.

    Raises:
        UserError: the backbone lacks a layer, or can't look at pictures of that size.

    Reference:
        - [Gatys, Ecker and Bethge, 2016](https://doi.org/10.1109/CVPR.2016.265).
        - [Mordvintsev et al., 2018](https://doi.org/10.23915/distill.00012), moving the picture.
    """

    def __init__(
        self,
        backbone: Backbone,
        content: np.ndarray,
        style: np.ndarray,
        settings: StylizeSettings,
        seed: int,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._random = np.random.default_rng(seed)
        of_style, of_content = wanted_layers(backbone, settings)
        weights = np.array(settings.layer_weights or [1.0] * len(of_style), np.float64)
        self._weights = [float(weight) for weight in weights / weights.sum()]
        names = list(dict.fromkeys([*of_style, *of_content]))
        self._style_places = [names.index(name) for name in of_style]
        self._content_places = [names.index(name) for name in of_content]
        self._features = backbone.features(names, content.shape[:2])
        seen = backbone.features(of_style, style.shape[:2])(style[None], training=False)
        self._grams = [_array(gram(one)) for one in _listed(seen)]
        check()
        self._content, self._kept_bytes = content, 0
        self._shifts = self._make_shifts(content)
        self._content_scale = [1 / (float(np.mean(one**2)) + TINY) for one in self._targets(self._shifts[0])]
        check()
        start = content if settings.start == "content" else _noise(self._random, content.shape)
        self._pixels = keras.Variable(start[None], name="picture")  # (1, H, W, 3)
        self._optimizer = keras.optimizers.Adam(settings.lr, beta_2=BETA_2)
        self._optimizer.build([self._pixels])
        variables = [self._pixels, *self._optimizer.variables]
        self._compiled = compile_step(self._step, variables, read=self._features.variables)

    def __call__(self) -> dict[str, float]:
        """Improves the picture by one step.

        Returns:
            The losses before the step, by name: "loss", "content_loss" (0: the content's own features; 1: as far from
            them as black is), "style_loss" (the same of the style).
        """
        shift = self._shifts[self._random.integers(len(self._shifts))]
        found = self._compiled(shift.rows, shift.columns, *self._targets(shift))
        values = np.asarray(ops.convert_to_numpy(found), np.float64)
        return dict(zip(LOSSES, values.tolist(), strict=True))

    @property
    def traces(self) -> int:
        """How often the step was compiled."""
        return self._compiled.traces

    def picture(self) -> np.ndarray:
        """Returns the picture so far: uint8 (H, W, 3)."""
        self._compiled.sync()
        pixels = np.clip(ops.convert_to_numpy(self._pixels.value)[0], 0.0, 1.0)
        return np.rint(pixels * 255).astype(np.uint8)

    def _make_shifts(self, content: np.ndarray) -> list[_Shift]:
        most = min(self._settings.shift_px, (min(content.shape[:2]) - 1) // 2)
        moves = self._random.integers(-most, most + 1, (SHIFTS if most else 1, 2))
        sides = content.shape[:2]
        return [
            _Shift(*(((np.arange(side) - by) % side).astype(np.int32) for side, by in zip(sides, move, strict=True)))
            for move in moves
        ]

    def _targets(self, shift: _Shift) -> list[np.ndarray]:
        """Returns the content's features, moved so; kept as long as there is room, and else computed anew."""
        if shift.targets:
            return shift.targets
        moved = self._content[shift.rows][:, shift.columns]
        seen = _listed(self._features(moved[None], training=False))
        targets = [_array(seen[place]) for place in self._content_places]
        taken = sum(one.nbytes for one in targets)
        if self._kept_bytes + taken <= KEPT_BYTES:
            self._kept_bytes += taken
            shift.targets = targets
        return targets

    def _step(self, rows: Any, columns: Any, *targets: Any) -> Any:
        def loss() -> tuple[Any, Any]:
            pixels = self._pixels.value
            moved = ops.take(ops.take(pixels, rows, axis=1), columns, axis=2)
            seen = _listed(self._features(moved, training=False))
            of_content = sum(
                ops.mean((seen[place] - target) ** 2) * scale
                for place, target, scale in zip(self._content_places, targets, self._content_scale, strict=True)
            ) / len(targets)
            of_style = sum(
                weight * gram_loss(seen[place], target)
                for place, target, weight in zip(self._style_places, self._grams, self._weights, strict=True)
            )
            total = of_content + STYLE_WEIGHT * self._settings.strength * of_style
            total = total + SMOOTH_WEIGHT * self._settings.smoothness * roughness(pixels)
            return total, (of_content, of_style)

        total, (of_content, of_style), gradients = value_and_grad(loss, [self._pixels])
        self._optimizer.apply(gradients, [self._pixels])
        self._pixels.assign(ops.clip(self._pixels.value, 0.0, 1.0))
        return ops.stack([total, of_content, of_style])


def wanted_layers(backbone: Backbone, settings: StylizeSettings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the names of the style's and of the content's layers.

    Raises:
        UserError: the weights are not as many as the style layers.
    """
    of_style = settings.style_layers or backbone.style_layers()
    if settings.layer_weights and len(settings.layer_weights) != len(of_style):
        raise UserError(
            "There are {weights} layer weights for {layers} style layers.",
            hint="Give one to each: {known}.",
            weights=len(settings.layer_weights),
            layers=len(of_style),
            known=", ".join(of_style),
        )
    return of_style, settings.content_layers or backbone.content_layers()


def gram(features: Any) -> Any:
    """Returns how often each two feature maps are high at the same place.

    Args:
        features: float32 (1, H', W', F).

    Returns:
        float32 (F, F), the mean over the places of the products.
    """
    flat = ops.reshape(features, (-1, features.shape[-1]))  # (1, H', W', F) -> (H' * W', F)
    return ops.matmul(ops.transpose(flat), flat) / flat.shape[0]


def gram_loss(features: Any, target: Any) -> Any:
    """Returns the squared distance of the features' Gram matrix (F, F) from the target, over the target's own size."""
    difference = gram(features) - ops.convert_to_tensor(target)
    return ops.sum(difference**2) / (float(np.sum(target**2)) + TINY)


def roughness(pixels: Any) -> Any:
    """Returns the mean squared difference of neighbouring pixels (total variation) of (1, H, W, 3)."""
    down, across = pixels[:, 1:] - pixels[:, :-1], pixels[:, :, 1:] - pixels[:, :, :-1]
    return ops.mean(down**2) + ops.mean(across**2)


def _noise(random: np.random.Generator, shape: Sequence[int]) -> np.ndarray:
    """Returns soft grey noise: of fine noise the network's first layers see little that could be improved."""
    cells = [-(-side // NOISE_CELL_PX) for side in shape[:2]]
    coarse = random.normal(0.5, 0.15, (*cells, 3)).repeat(NOISE_CELL_PX, 0).repeat(NOISE_CELL_PX, 1)
    return np.clip(coarse[: shape[0], : shape[1]], 0.0, 1.0).astype(np.float32)


def _listed(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


def _array(tensor: Any) -> np.ndarray:
    return np.array(ops.convert_to_numpy(tensor), np.float32)
