"""Weights saved on one backend give the same results on the others. Each backend needs a process of its own."""

import os
import subprocess
import sys

import numpy as np
import pytest

from core import catalog
from core.jobs import installed_backends

SCRIPT = """
import sys
from pathlib import Path
from core.engine.backend import prepare
backend, folder, verb, *names = sys.argv[1:]
prepare(backend, "cpu", 0)
import numpy as np
from core import catalog
from core.models.shared.saved import ModelDescription, load_model, save_model
for name in names:
    place = Path(folder) / name
    random = np.random.default_rng(0)
    gan = catalog.MODELS[name].kind == "gan"
    side = 28 if gan else 8
    x = random.integers(0, 256, (4, side, side, 1), dtype=np.uint8).astype("float32")
    if gan:
        x = [random.standard_normal((4, 64), np.float32), np.eye(4, 3, dtype="float32")]
    if verb == "save":
        settings = catalog.load(catalog.MODELS[name].settings).parse({"size": "tiny", "epochs": 1})
        target = {"target": "class", "classes": ["a", "b", "c"]}
        description = ModelDescription(name, settings.model_dump(mode="json"), target, (side, side, 1))
        model = description.build()
        for weight in (model.generator if gan else model).weights:
            weight.assign(weight.value + 0.1 * random.random(weight.shape, np.float32))
        save_model(place / "model", model, description)
    else:
        model, _ = load_model(place / "model")
    np.save(place / f"{backend}.npy", model.predict_on_batch(x))
"""
# JAX compiles each size of weights by itself: doing so carelessly takes half the time.
CARELESSLY = {**os.environ, "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"}
NAMES = [name for name, row in catalog.MODELS.items() if row.kind != "language"]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What every model gives on every backend: one process a backend, since each takes seconds to start."""
    folder = tmp_path_factory.mktemp("models")
    backends = installed_backends()
    if len(backends) < 2:
        pytest.skip("only one backend is installed")
    for backend in backends:
        verb = "save" if backend == backends[0] else "load"
        command = [sys.executable, "-c", SCRIPT, backend, str(folder), verb, *NAMES]
        done = subprocess.run(command, env=CARELESSLY, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
    return {name: [np.load(folder / name / f"{backend}.npy") for backend in backends] for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_weights_move_between_backends(name, results):
    first, *others = results[name]
    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-5)
