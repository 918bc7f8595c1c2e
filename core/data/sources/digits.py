"""The embedded data set "digits": scikit-learn's 1,797 real handwritten digits of 8x8 px."""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from core.context import Context
from core.data.index import Index
from core.data.targets.classes import ClassTargets
from core.settings.dataset import DatasetSettings

COUNT = 1797


def index(settings: DatasetSettings, seed: int, context: Context) -> Index:
    """Returns the index of the digits; the seed changes nothing in it."""
    context.check()
    table = _table()  # (N, 65): 64 pixels row by row, then the digit
    # Sixteen steps of ink, 0 to 16, become the full range of a byte.
    pictures = np.rint(table[:, :-1].reshape(-1, 8, 8, 1) * (255 / 16)).astype(np.uint8)
    return Index(
        source="digits",
        identity="digits",
        names=[f"digits/{number}" for number in range(COUNT)],
        targets={ClassTargets.kind: ClassTargets(tuple("0123456789"), table[:, -1])},
        given=np.full(COUNT, -1, np.int8),
        draw=lambda context, places=None: pictures if places is None else pictures[places],
    )


def _table() -> np.ndarray:
    """Reads the file that lies in scikit-learn, which need not be imported for it: that would take a second."""
    spec = find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("scikit-learn is not installed")
    path = Path(spec.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"
    with gzip.open(path, "rt", encoding="ascii") as file:
        return np.loadtxt(file, delimiter=",")
