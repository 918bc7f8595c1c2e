"""PyTorch steps on an NVIDIA GPU, recorded once and played back: the GPU no longer waits for Python."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from keras import tree

WARM_UP = 3  # calls that run as they stand: what CUDA's libraries make at first use, they may not make while recording


class PlayedBack:
    """A function of tensors that is recorded as a CUDA graph after a few calls, and from then on played back.

    A step of small nets is some hundred kernels of microseconds each; started one by one through Keras's layers they
    take ten times as long as they run. Nothing but what runs on the GPU is played back, so the function must always do
    the same, and may assign variables in place only. Where it can't be recorded (it reads a value back to Python, say),
    it goes on running as it stands.

    Args:
        function: tensors on the GPU in, a structure of tensors out; all of the same shapes in every call.

    Reference:
        - [PyTorch's notes on CUDA graphs](https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs).
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._calls = 0
        self._stream: Any = None  # both for the first calls and for recording: gradients remember where they were made
        self._graph: Any = None
        self._inputs: list[Any] = []
        self._outputs: Any = None

    def __call__(self, *tensors: Any) -> Any:
        """Runs it; what it returns is the caller's own."""
        self._calls += 1
        if self._calls <= WARM_UP:
            return self._run_aside(tensors)
        if self._calls == WARM_UP + 1:
            self._record(tensors)
        if self._graph is None or [one.shape for one in tensors] != [one.shape for one in self._inputs]:
            return self._function(*tensors)
        for place, tensor in zip(self._inputs, tensors, strict=True):
            place.copy_(tensor)
        self._graph.replay()
        return tree.map_structure(lambda one: one.clone(), self._outputs)

    @property
    def recorded(self) -> bool:
        """Whether it is played back by now."""
        return self._graph is not None

    def _run_aside(self, tensors: tuple[Any, ...]) -> Any:
        import torch

        self._stream = self._stream or torch.cuda.Stream()
        usual = torch.cuda.current_stream()
        self._stream.wait_stream(usual)
        with torch.cuda.stream(self._stream), numbers_made_in_place():
            outputs = self._function(*tensors)
        usual.wait_stream(self._stream)
        return outputs

    def _record(self, tensors: tuple[Any, ...]) -> None:
        """Records the function, which runs nothing."""
        import torch

        inputs = [one.clone() for one in tensors]
        graph = torch.cuda.CUDAGraph()
        try:
            # The outer one ends in any case; what records does not where recording fails.
            with torch.cuda.stream(self._stream), torch.cuda.graph(graph, stream=self._stream), numbers_made_in_place():
                outputs = self._function(*inputs)
        except RuntimeError as error:  # CUDA's and PyTorch's own
            logging.getLogger(__name__).info("The step runs unrecorded: %s", error)
            torch.cuda.synchronize()
            for generator in torch.cuda.default_generators:  # they believe that it is still being recorded
                generator.graphsafe_set_state(generator.clone_state())
            return
        self._graph, self._inputs, self._outputs = graph, inputs, outputs


def numbers_made_in_place() -> AbstractContextManager[Any]:
    """Returns a context in which Keras's constants are written by the GPU itself.

    It copies each of them there from the CPU's memory, which can't be recorded.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    class NumbersMadeInPlace(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func is torch.as_tensor and args and isinstance(args[0], bool | int | float):
                return torch.full((), args[0], **(kwargs or {}))
            return func(*args, **(kwargs or {}))

    return NumbersMadeInPlace()
