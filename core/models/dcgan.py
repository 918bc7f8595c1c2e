"""The DCGAN: a generator and a discriminator of strided convolutions. Knows neither data nor training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import layers, ops

from core.models.shared.classes import class_count
from core.models.shared.spectral import SpectralConv2D, SpectralDense
from core.settings.dcgan import DcganSettings

SMALLEST_PX, LARGEST_PX = 28, 64
KERNEL_PX = 4  # twice the stride: every output pixel is reached by as many inputs, which avoids a checkerboard
SLOPE = 0.2


class Gan(keras.Model):
    """A generator and its discriminator, side by side.

    Args:
        generator: float (B, Z) latents, and float (B, K) class weights where it draws by class -> (B, H, W, C) in
            [-1, 1].
        discriminator: (B, H, W, C) in [-1, 1], and (B, K) class weights -> (B, 1), high for real pictures.
        class_count: int, K; 0 where it doesn't draw by class.
    """

    def __init__(self, generator: keras.Model, discriminator: keras.Model, class_count: int) -> None:
        super().__init__(name="gan")
        self.generator = generator
        self.discriminator = discriminator
        self.class_count = class_count
        self.latent = int(generator.input_shape[0][-1] if class_count else generator.input_shape[-1])
        self.built = True

    @property
    def portable(self) -> keras.Model:
        """The part that is of use outside Pixelwright."""
        return self.generator

    def call(self, inputs: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002 (Keras's own signature)
        """Draws pictures."""
        return self.generator(inputs, training=training)


def build(settings: DcganSettings, input_shape: tuple[int, int, int], target: Mapping[str, Any]) -> Gan:
    """Builds both networks.

    Args:
        settings: the architecture.
        input_shape: (H, W, C) of the pictures; see `fitting_side`.
        target: one class at least, see `core.models.shared.saved.ModelDescription`; below 2 it can't draw by class.

    Raises:
        ValueError: pictures of that side can't be drawn, or there are no classes.

    Reference:
        - [Radford et al., 2016](https://arxiv.org/abs/1511.06434), DCGAN.
        - [Miyato and Koyama, 2018](https://arxiv.org/abs/1802.05637), projection discriminator.
    """
    height, width, _ = input_shape
    if height != width or fitting_side(height) != height:
        raise ValueError(f"a DCGAN can't draw pictures of {width} x {height} px")
    count = class_count(target, fewest=1)
    classes = count if settings.conditional and count > 1 else 0
    generator = build_generator(settings, input_shape, classes)
    return Gan(generator, _build_discriminator(settings, input_shape, classes), classes)


def fitting_side(side_px: int) -> int:
    """Returns the picture side that a DCGAN draws where the data have that one.

    Args:
        side_px: int, the data's own.

    Returns:
        28 to 64 px, and from 4 to 7 px by doubling; smaller pictures are enlarged to 32 px.
    """
    if side_px < SMALLEST_PX:
        return 32
    sides = [start * 2**doublings for doublings in (2, 3, 4) for start in (4, 5, 6, 7)]
    return min(
        (side for side in sides if SMALLEST_PX <= side <= LARGEST_PX), key=lambda side: (abs(side - side_px), -side)
    )


def build_generator(settings: DcganSettings, shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Builds a generator: a dense layer, then transposed convolutions, each of which doubles the side.

    Shapes: B pictures, H x W pixels, C channels, Z latent numbers, K classes, F filters, S first side.

    Args:
        settings: the architecture.
        shape: (H, W, C).
        classes: int, K, or 0.

    Returns:
        float32 (B, Z), and (B, K) class weights (one-hot, or a mixture) where K > 0 -> (B, H, W, C) in [-1, 1].
    """
    start, doublings = stages(shape[0])
    normal = keras.initializers.RandomNormal(stddev=0.02)

    # === Layers ===
    # Beside the latents the class is a vector of the same size; a mixture of classes lies between them.
    embed = layers.Dense(settings.latent, use_bias=False, name="class") if classes else None
    filters = [settings.filters * 2**place for place in reversed(range(doublings))]
    first = layers.Dense(start * start * filters[0], use_bias=False, kernel_initializer=normal, name="first")
    blocks: list[layers.Layer] = [layers.Reshape((start, start, filters[0]), name="map"), *_norm("first")]
    for place, count in enumerate(filters[1:], 1):
        blocks.append(_up(count, f"up{place}", normal, use_bias=False))
        blocks += _norm(f"up{place}")
    blocks += [_up(shape[2], "paint", normal, use_bias=True), layers.Activation("tanh", name="tanh")]

    # === Functional model ===
    latents = keras.Input((settings.latent,), name="latents")  # (B, Z)
    weights = keras.Input((classes,), name="classes") if classes else None  # (B, K)
    x = latents if embed is None else layers.Concatenate(name="join")([latents, embed(weights)])  # (B, Z) or (B, 2Z)
    x = first(x)  # (B, Z) -> (B, S * S * F)
    for layer in blocks:
        x = layer(x)  # (B, S, S, F) -> (B, 2S, 2S, F/2) at each "up"

    # === Config ===
    return keras.Model(latents if weights is None else [latents, weights], x, name="generator")


def _build_discriminator(settings: DcganSettings, shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Builds convolutions of stride 2, and a read-out that adds how well the picture fits its class."""
    _, doublings = stages(shape[0])

    # === Layers ===
    convolutions = [
        _down(settings, settings.filters * 2**place, stride=2, name=f"down{place + 1}") for place in range(doublings)
    ]
    last = _down(settings, settings.filters * 2 ** (doublings - 1), stride=1, name="last")
    flat = layers.Flatten(name="flatten")
    real = SpectralDense(1, name="real") if settings.spectral_norm else layers.Dense(1, name="real")

    # === Functional model ===
    pixels = keras.Input(shape, name="pixels")  # (B, H, W, C)
    x = pixels
    for layer in [*convolutions, last]:
        x = layer(x)  # (B, H, W, F) -> (B, H/2, W/2, 2F)
        x = ops.maximum(x, SLOPE * x)  # LeakyReLU, whose own operation TensorFlow fails to fuse, and says so each time
    features = flat(x)  # (B, S * S * F)
    score = real(features)  # (B, 1)
    if not classes:
        return keras.Model(pixels, score, name="discriminator")
    weights = keras.Input((classes,), name="classes")  # (B, K)
    width = features.shape[-1]
    if settings.spectral_norm:
        embed: layers.Layer = SpectralDense(width, use_bias=False, name="class")
    else:
        embed = layers.Dense(width, use_bias=False, name="class")
    fit = layers.Dot(axes=1, name="projection")([features, embed(weights)])  # (B, 1)

    # === Config ===
    return keras.Model([pixels, weights], layers.Add(name="score")([score, fit]), name="discriminator")


def stages(side: int) -> tuple[int, int]:
    """Returns the side of the first map, 4 to 7 px, and how often it is doubled."""
    doublings = 0
    while side % 2 == 0 and side > 7:
        side //= 2
        doublings += 1
    return side, doublings


def _norm(name: str) -> list[layers.Layer]:
    return [layers.BatchNormalization(momentum=0.9, name=f"{name}_norm"), layers.ReLU(name=f"{name}_relu")]


def _up(filters: int, name: str, initializer: Any, *, use_bias: bool) -> layers.Layer:
    return layers.Conv2DTranspose(
        filters, KERNEL_PX, 2, padding="same", use_bias=use_bias, kernel_initializer=initializer, name=name
    )


def _down(settings: DcganSettings, filters: int, *, stride: int, name: str) -> layers.Layer:
    kernel_px = KERNEL_PX if stride == 2 else 3
    if settings.spectral_norm:
        return SpectralConv2D(filters, kernel_px, stride, name=name)
    return layers.Conv2D(filters, kernel_px, stride, padding="same", name=name)
