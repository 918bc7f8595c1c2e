"""Convolution and dense layers whose kernels are divided by their largest singular value."""

from __future__ import annotations

from typing import Any

from keras import layers, ops

EPSILON = 1e-12


class Spectral(layers.Layer):
    """Base of both layers: keeps the kernel and an estimate of its first singular vector.

    With `training=True` one step of power iteration brings the estimate nearer; the gradient flows through the
    kernel alone. In contrast to `keras.layers.SpectralNormalization` the kernel itself is never overwritten.

    Args:
        use_bias: bool.

    Reference:
        - [Miyato et al., 2018](https://arxiv.org/abs/1802.05957).
    """

    def __init__(self, *, use_bias: bool = True, name: str | None = None) -> None:
        super().__init__(name=name)
        self.use_bias = use_bias

    def add_kernel(self, shape: tuple[int, ...]) -> None:
        """Makes the weights, the last axis of the shape being the output's; to be called in `build`."""
        self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")
        self.u = self.add_weight(shape=(shape[-1],), initializer="random_normal", trainable=False, name="u")
        if self.use_bias:
            self.bias = self.add_weight(shape=(shape[-1],), initializer="zeros", name="bias")

    def normalised(self, *, training: bool) -> Any:
        """Returns the kernel divided by the estimate of its largest singular value."""
        matrix = ops.reshape(self.kernel, (-1, self.kernel.shape[-1]))  # (I, O)
        fixed = ops.stop_gradient(matrix)
        v = _unit(ops.matmul(fixed, self.u.value))  # (I,)
        u = _unit(ops.matmul(ops.transpose(fixed), v))  # (O,)
        if training:
            self.u.assign(u)
        return self.kernel / ops.sum(v * ops.matmul(matrix, u))


class SpectralConv2D(Spectral):
    """A convolution with padding "same".

    Args:
        filters: int, output channels.
        kernel_px: int, side of the window.
        stride: int.
    """

    def __init__(self, filters: int, kernel_px: int, stride: int, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.filters, self.kernel_px, self.stride = filters, kernel_px, stride

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the weights."""
        self.add_kernel((self.kernel_px, self.kernel_px, input_shape[-1] or 0, self.filters))

    def call(self, inputs: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002 (Keras's own signature)
        """Returns (B, H / stride, W / stride, filters) of (B, H, W, C)."""
        kernel = self.normalised(training=training)
        return ops.conv(inputs, kernel, strides=self.stride, padding="same") + self.bias


class SpectralDense(Spectral):
    """A dense layer.

    Args:
        units: int, output numbers.
        use_bias: bool.
    """

    def __init__(self, units: int, *, use_bias: bool = True, name: str | None = None) -> None:
        super().__init__(use_bias=use_bias, name=name)
        self.units = units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the weights."""
        self.add_kernel((input_shape[-1] or 0, self.units))

    def call(self, inputs: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002 (Keras's own signature)
        """Returns (B, units) of (B, I)."""
        outputs = ops.matmul(inputs, self.normalised(training=training))
        return outputs + self.bias if self.use_bias else outputs


def _unit(vector: Any) -> Any:
    return vector / (ops.sqrt(ops.sum(vector**2)) + EPSILON)
