"""The embedded data set "digits": scikit-learn's 1,797 real handwritten digits of 8x8 px."""

from __future__ import annotations

import numpy as np

from core.context import Context
from core.data.index import Index
from core.settings.dataset import DatasetSettings

COUNT = 1797


def index(settings: DatasetSettings, seed: int, context: Context) -> Index:
    """Returns the index of the digits; the seed changes nothing in it."""
    context.check()
    from sklearn.datasets import load_digits  # slow to import

    bunch = load_digits()
    # Sixteen steps of ink, 0 to 16, become the full range of a byte.
    pictures = np.rint(bunch.images * (255 / 16)).astype(np.uint8)[..., None]
    return Index(
        source="digits",
        identity="digits",
        classes=tuple("0123456789"),
        names=[f"digits/{number}" for number in range(COUNT)],
        labels=bunch.target.astype(np.int32),
        given=np.full(COUNT, -1, np.int8),
        draw=lambda context, places=None: pictures if places is None else pictures[places],
    )
