"""Gradients and compiled steps, spelt once for every backend.

With `core.engine.backend` the only code that differs by backend.

A step is a plain function that reads and assigns Keras variables. TensorFlow traces it into a graph, PyTorch runs it
as it stands (and records it on a GPU), and for JAX, whose functions must be pure, the variables travel in and out of
it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import StatelessScope, tree

from core.training.steps.cuda_graph import PlayedBack


class CompiledStep:
    """A compiled function that may assign variables; made by `compile_step`.

    With JAX the variables' values are kept outside the variables between the calls, where they are not copied, and the
    variables are empty: `sync` has to be called before they are read or written elsewhere.

    Args:
        function: arrays in, a structure of arrays out; it is compiled anew for each combination of shapes.
        variables: all the Keras variables that it assigns; it may read them too.
        read: all others that it reads; they stay where they are and may be used elsewhere between the calls.
        xla: bool, whether TensorFlow compiles it with XLA.
        gradients: bool, whether any are taken inside; PyTorch needs less memory where none are.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        variables: Sequence[keras.Variable],
        read: Sequence[keras.Variable] = (),
        *,
        xla: bool = False,
        gradients: bool = True,
    ) -> None:
        self._function = function
        self._variables, self._read = list(variables), list(read)
        self._xla, self._gradients = xla, gradients
        self._values: list[Any] | None = None
        self._played: PlayedBack | None = None
        self.traces = 0  # how often it was traced; more than once means that shapes or types changed
        backend = keras.backend.backend()
        self._call = {"tensorflow": self._tensorflow, "jax": self._jax}.get(backend, self._torch)()

    def __call__(self, *arrays: Any) -> Any:
        """Runs it.

        Args:
            arrays: NumPy arrays or tensors, or structures of them.

        Returns:
            What the function returns, as tensors.
        """
        return self._call(*arrays)

    def sync(self) -> None:
        """Gives the variables the values that the last call left."""
        if self._values is not None:
            for variable, value in zip(self._variables, self._values, strict=True):
                variable._value = value
            self._values = None

    @property
    def recorded(self) -> bool:
        """Whether it is played back on a GPU, as PyTorch's steps are after a few calls."""
        return self._played is not None and self._played.recorded

    def _traced(self, *arrays: Any) -> Any:
        self.traces += 1
        return self._function(*arrays)

    def _tensorflow(self) -> Callable[..., Any]:
        import tensorflow as tf

        # On a CPU XLA would compile for a minute and then be slower, so there it is left to TensorFlow's own graphs.
        return tf.function(self._traced, autograph=False, reduce_retracing=True, jit_compile=self._xla or None)

    def _torch(self) -> Callable[..., Any]:
        import torch

        def run(*tensors: Any) -> Any:
            with torch.set_grad_enabled(self._gradients):
                outputs = self._function(*tensors)
            return tree.map_structure(lambda one: one.detach() if torch.is_tensor(one) else one, outputs)

        if any(variable.value.is_cuda for variable in [*self._variables, *self._read]):
            self._played = PlayedBack(run)

        def call(*arrays: Any) -> Any:
            self.traces = 1
            return (self._played or run)(*tree.map_structure(keras.ops.convert_to_tensor, arrays))

        return call

    def _jax(self) -> Callable[..., Any]:
        import jax

        known = [*self._variables, *self._read]

        def pure(values: list[Any], read: list[Any], *arrays: Any) -> tuple[list[Any], Any]:
            scope = StatelessScope(state_mapping=list(zip(known, [*values, *read], strict=True)))
            with scope:
                outputs = self._traced(*arrays)
            return [scope.get_current_value(variable) for variable in self._variables], outputs

        compiled = jax.jit(pure, donate_argnums=0)

        def call(*arrays: Any) -> Any:
            values = self._values
            if values is None:
                values = [variable.value for variable in self._variables]
                # Two variables may share one buffer, which can be given away only once.
                given: set[int] = set()
                for place, value in enumerate(values):
                    buffer = value.unsafe_buffer_pointer()
                    values[place] = jax.numpy.array(value, copy=True) if buffer in given else value
                    given.add(buffer)
            self._values, outputs = compiled(values, [variable.value for variable in self._read], *arrays)
            return outputs

        return call


def compile_step(
    function: Callable[..., Any],
    variables: Sequence[keras.Variable],
    read: Sequence[keras.Variable] = (),
    *,
    xla: bool = False,
    gradients: bool = True,
) -> CompiledStep:
    """Compiles a step; see `CompiledStep`."""
    return CompiledStep(function, variables, read, xla=xla, gradients=gradients)


class CompiledForward:
    """A compiled function that reads variables and assigns none; made by `compile_forward`.

    The variables stay where they are and may be used elsewhere between the calls: however many functions are compiled,
    their memory is taken once. It is traced once for each combination of shapes.

    Args:
        function: arrays in, a structure of arrays out.
        variables: all the Keras variables that it reads.
        consumed: positions of the arguments that no one uses after the call; JAX writes results in their place.
    """

    def __init__(
        self, function: Callable[..., Any], variables: Sequence[keras.Variable], consumed: Sequence[int] = ()
    ) -> None:
        self._function = function
        self._variables = list(variables)
        self._consumed = tuple(consumed)
        self.traces = 0
        backend = keras.backend.backend()
        self._call = {"tensorflow": self._tensorflow, "jax": self._jax}.get(backend, self._torch)()

    def __call__(self, *arguments: Any) -> Any:
        """Runs it.

        Args:
            arguments: arrays, and whole numbers, which may change from call to call; or structures of these.

        Returns:
            What the function returns, as tensors.
        """
        return self._call(*arguments)

    def _traced(self, *arguments: Any) -> Any:
        self.traces += 1
        return self._function(*arguments)

    def _tensorflow(self) -> Callable[..., Any]:
        import tensorflow as tf

        compiled = tf.function(self._traced, autograph=False)
        return lambda *arguments: compiled(*tree.map_structure(tf.convert_to_tensor, arguments))

    def _torch(self) -> Callable[..., Any]:
        import torch

        def call(*arguments: Any) -> Any:
            self.traces = 1

            def to_tensor(one: Any) -> Any:
                # A whole number stays one: to slice by a tensor costs more.
                return one if isinstance(one, int) else keras.ops.convert_to_tensor(one)

            with torch.no_grad():
                return self._function(*tree.map_structure(to_tensor, arguments))

        return call

    def _jax(self) -> Callable[..., Any]:
        import jax

        def pure(values: list[Any], *arguments: Any) -> Any:
            with StatelessScope(state_mapping=list(zip(self._variables, values, strict=True))):
                return self._traced(*arguments)

        compiled = jax.jit(pure, donate_argnums=tuple(1 + position for position in self._consumed))
        return lambda *arguments: compiled([variable.value for variable in self._variables], *arguments)


def compile_forward(
    function: Callable[..., Any], variables: Sequence[keras.Variable], consumed: Sequence[int] = ()
) -> CompiledForward:
    """Compiles a function that assigns nothing; see `CompiledForward`."""
    return CompiledForward(function, variables, consumed)


def value_and_grad(
    function: Callable[[], tuple[Any, Any]], variables: Sequence[keras.Variable]
) -> tuple[Any, Any, list[Any]]:
    """Computes a scalar and its gradient with respect to variables. To be called inside a compiled step.

    Args:
        function: returns the scalar, and anything else that is wanted of it; may assign other variables.
        variables: what it is differentiated by.

    Returns:
        The scalar, the rest, and one gradient a variable, each of the variable's shape.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        values = [variable.value for variable in variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            value, rest = function()
        gradients = tape.gradient(value, values, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        # An embedding's are slices, one a token. Where a token comes twice Keras's Adam squares each by itself, and
        # would learn otherwise than on the other backends.
        return value, rest, [tf.convert_to_tensor(gradient) for gradient in gradients]
    if backend == "torch":
        import torch

        value, rest = function()
        values = [variable.value for variable in variables]
        gradients = list(torch.autograd.grad(value, values, allow_unused=True, materialize_grads=True))
        return value.detach(), rest, gradients
    return _jax_value_and_grad(function, variables)


def _jax_value_and_grad(
    function: Callable[[], tuple[Any, Any]], variables: Sequence[keras.Variable]
) -> tuple[Any, Any, list[Any]]:
    import jax
    from keras.src.backend.common.stateless_scope import get_stateless_scope, in_stateless_scope

    if not in_stateless_scope():
        raise RuntimeError("value_and_grad must be called inside a compiled step. Received: a call outside one")
    outer = get_stateless_scope()
    changed: list[int] = []

    def pure(values: list[Any]) -> tuple[Any, tuple[Any, list[Any]]]:
        inner = StatelessScope()
        inner.state_mapping = dict(outer.state_mapping)
        inner.state_mapping.update(zip(map(id, variables), values, strict=True))
        before = dict(inner.state_mapping)
        with inner:
            value, rest = function()
        after = inner.state_mapping
        changed[:] = [key for key, found in after.items() if found is not before.get(key)]
        return value, (rest, [after[key] for key in changed])

    values = [variable.value for variable in variables]
    (value, (rest, updates)), gradients = jax.value_and_grad(pure, has_aux=True)(values)
    outer.state_mapping.update(zip(changed, updates, strict=True))
    return value, rest, gradients


def input_gradient(function: Callable[[Any], tuple[Any, Any]], array: Any) -> tuple[Any, Any, Any]:
    """Computes a scalar and its gradient with respect to an array. The function must assign no variable.

    The gradient can itself be differentiated by `value_and_grad`, as a gradient penalty needs.

    Args:
        function: takes the array; returns the scalar, and anything else that is wanted.
        array: float tensor.

    Returns:
        The scalar, the rest, and the gradient, of the array's shape.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        array = tf.convert_to_tensor(array)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(array)
            value, rest = function(array)
        return value, rest, tape.gradient(value, array, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    if backend == "torch":
        import torch

        array = keras.ops.convert_to_tensor(array)
        with torch.enable_grad():
            array = array if array.requires_grad else array.detach().requires_grad_(requires_grad=True)
            value, rest = function(array)
            (gradient,) = torch.autograd.grad(
                value, array, create_graph=True, allow_unused=True, materialize_grads=True
            )
        return value, rest, gradient
    import jax

    (value, rest), gradient = jax.value_and_grad(function, has_aux=True)(keras.ops.convert_to_tensor(array))
    return value, rest, gradient
