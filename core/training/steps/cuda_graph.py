"""PyTorch steps on an NVIDIA GPU, recorded once and played back: the GPU no longer waits for Python."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
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

    One form of its arguments is recorded: the first that comes often enough. An epoch's last, shorter batch runs as it
    stands.

    Args:
        function: tensors on the GPU, or structures of them, in; a structure of tensors out.

    Reference:
        - [PyTorch's notes on CUDA graphs](https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs).
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._seen: Counter[Hashable] = Counter()
        self._form: Hashable = None  # of the arguments that are recorded
        self._stream: Any = None  # both for the first calls and for recording: gradients remember where they were made
        self._graph: Any = None
        self._places: list[Any] = []  # where the graph reads
        self._outputs: Any = None

    def __call__(self, *arguments: Any) -> Any:
        """Runs it; what it returns is the caller's own."""
        form = form_of(arguments)
        if self._form is None:
            self._seen[form] += 1
            if self._seen[form] <= WARM_UP:
                return self._run_aside(arguments)
            self._form = form
            self._record(arguments)
        if self._graph is None or form != self._form:
            return self._function(*arguments)
        for place, tensor in zip(self._places, leaves_of(arguments), strict=True):
            place.copy_(tensor)
        self._graph.replay()
        return tree.map_structure(lambda one: one.clone(), self._outputs)

    @property
    def recorded(self) -> bool:
        """Whether it is played back by now."""
        return self._graph is not None

    def _run_aside(self, arguments: tuple[Any, ...]) -> Any:
        import torch

        self._stream = self._stream or torch.cuda.Stream()
        usual = torch.cuda.current_stream()
        self._stream.wait_stream(usual)
        with torch.cuda.stream(self._stream), numbers_made_in_place():
            outputs = self._function(*arguments)
        usual.wait_stream(self._stream)
        return outputs

    def _record(self, arguments: tuple[Any, ...]) -> None:
        """Records the function on arguments of its own, which runs nothing."""
        inputs = tree.map_structure(lambda one: one.clone(), arguments)
        recorded = self._capture(inputs)
        if recorded is not None:
            self._graph, self._outputs = recorded
            self._places = list(leaves_of(inputs))

    def _capture(self, inputs: Any) -> tuple[Any, Any] | None:
        """Returns the graph and where its outputs will lie; None where it can't be recorded."""
        import torch

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
            return None
        return graph, outputs


def form_of(argument: Any) -> Hashable:
    """Returns what is equal for arguments of the same structure, shapes and types.

    Both this and `leaves_of` are called in each step: Keras's `tree` takes several times as long.

    Args:
        argument: a tensor, or dicts, lists and tuples of tensors.
    """
    if isinstance(argument, dict):
        return tuple((name, form_of(argument[name])) for name in sorted(argument))
    if isinstance(argument, list | tuple):
        return tuple(map(form_of, argument))
    return argument.shape, argument.dtype


def leaves_of(argument: Any) -> Iterator[Any]:
    """Gives the tensors of an argument, always in the same order."""
    if isinstance(argument, dict):
        argument = [argument[name] for name in sorted(argument)]
    elif not isinstance(argument, list | tuple):
        yield argument
        return
    for one in argument:
        yield from leaves_of(one)


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
