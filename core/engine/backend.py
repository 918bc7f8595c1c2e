"""Chooses the Keras backend before Keras is first imported, and the device, memory rule and seed after it.

With `core.training.steps.gradients` this is the only code that knows one backend from another.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

from core.errors import UserError
from core.jobs import installed_backends

REMEDIES = {
    "tensorflow": "pip install tensorflow",
    "jax": 'pip install "pixelwright[jax]"',
    "torch": 'pip install "pixelwright[torch]"',
}


def prepare(backend: str, device: str, seed: int) -> None:
    """Imports Keras on that backend, if it isn't yet, and sets device and random seed.

    Args:
        backend: "tensorflow", "jax" or "torch".
        device: "auto" (a GPU where the backend finds one), "cpu" or "gpu:N".
        seed: int, for Keras's, NumPy's and Python's global generators.

    Raises:
        UserError: the backend isn't installed, another one is loaded already, or there is no such device.
    """
    if backend not in installed_backends():
        raise UserError(
            "The backend '{backend}' is not installed.",
            hint="Install it with: {command}.",
            backend=backend,
            command=REMEDIES.get(backend, ""),
        )
    if "keras" not in sys.modules:
        _set_environment(backend, device)
        if backend != "tensorflow":
            # Keras pulls in an installed TensorFlow for small things (to seed it, say): 5 s and 600 MB for nothing.
            sys.meta_path.insert(0, _Refusal("tensorflow"))
    with _quiet_stderr(), _empty_keras_home():
        keras = importlib.import_module("keras")
    if keras.backend.backend() != backend:
        raise UserError(
            "This process already runs on {loaded}; it can't change to {backend}.",
            hint="Start the command again, or restart the engine.",
            loaded=keras.backend.backend(),
            backend=backend,
        )
    _check_device(device)
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(seed)
    _be_deterministic(backend)


def _be_deterministic(backend: str) -> None:
    """Makes the same job give the same result on a CPU, where that costs nothing worth mentioning.

    JAX is deterministic there by itself. On a GPU speed goes first: results differ in the last digits.
    """
    if backend == "tensorflow":
        tensorflow = importlib.import_module("tensorflow")
        if not tensorflow.config.list_physical_devices("GPU"):
            tensorflow.config.experimental.enable_op_determinism()
    elif backend == "torch":
        torch = importlib.import_module("torch")
        if not torch.cuda.is_available():
            torch.use_deterministic_algorithms(mode=True, warn_only=True)


class _Refusal(Loader, MetaPathFinder):
    """Refuses to import one package. `sys.modules[name] = None` would do it too, but Keras takes that for imported.

    Args:
        name: str, the package.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Finds the package, so that it still counts as installed."""
        return ModuleSpec(fullname, self) if fullname == self._name else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Raises ImportError."""
        raise ImportError(f"{spec.name} is kept out of this process")

    def exec_module(self, module: Any) -> None:
        """Never reached."""


def _set_environment(backend: str, device: str) -> None:
    os.environ["KERAS_BACKEND"] = backend
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    # PyTorch's threads wait for each other by spinning: beside another busy program they then get five to twenty times
    # less done. Asleep they wait as well.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Two engines share one GPU: neither may take all its memory.
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    if device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        os.environ["JAX_PLATFORMS"] = "cpu"
    elif device.startswith("gpu:"):
        os.environ["CUDA_VISIBLE_DEVICES"] = device.removeprefix("gpu:")


@contextmanager
def _empty_keras_home() -> Iterator[None]:
    """Gives Keras, which reads it once, a folder of settings that is empty and that nobody else can write to.

    A user's own keras.json may ask for float16 or channels first.
    """
    with tempfile.TemporaryDirectory(prefix="pixelwright-") as folder:
        os.environ["KERAS_HOME"] = folder
        try:
            yield
        finally:
            del os.environ["KERAS_HOME"]


def _check_device(device: str) -> None:
    found = devices()  # asked for in any case: TensorFlow complains of a missing GPU at the first look, here unheard
    if device.startswith("gpu") and not any("gpu" in name or "cuda" in name for name in found):
        raise UserError(
            "There is no device '{device}'.",
            hint="Choose auto or cpu; `pixelwright doctor` lists the devices.",
            device=device,
        )


def devices() -> list[str]:
    """Returns the devices of the backend that is loaded, e.g. ["cpu:0", "gpu:0"]. Imports Keras."""
    keras = importlib.import_module("keras")
    if keras.backend.backend() == "torch":
        torch = importlib.import_module("torch")
        return [*(f"gpu:{index}" for index in range(torch.cuda.device_count())), "cpu:0"]
    with _quiet_stderr():
        return [name.lower() for name in keras.distribution.list_devices()]


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Keeps the native libraries' greetings off the terminal; TensorFlow prints them before its log level counts.

    What was written is passed on if the block fails, because then it may hold the reason.
    """
    try:
        former = os.dup(2)
    except OSError:  # a window program may have no stderr at all
        yield
        return
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        except BaseException:
            file.seek(0)
            with suppress(OSError):
                os.write(former, file.read())
            raise
        finally:
            os.dup2(former, 2)
            os.close(former)
