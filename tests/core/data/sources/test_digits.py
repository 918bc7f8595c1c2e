import subprocess
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from core.data.sources.digits import index
from core.settings.dataset import DatasetSettings


def test_they_are_scikit_learns_own(context):
    found, bunch = index(DatasetSettings(data="digits"), 0, context), load_digits()
    np.testing.assert_array_equal(found.draw(context), np.rint(bunch.images * (255 / 16))[..., None])
    np.testing.assert_array_equal(found.targets["class"].labels, bunch.target)
    assert (found.draw(context).dtype, found.targets["class"].labels.dtype) == (np.uint8, np.int32)
    assert len(found.names) == len(found.targets["class"].labels) == len(found.given) == 1797


def test_they_are_read_without_importing_scikit_learn():
    code = "import sys; from core.data.sources.digits import _table; _table(); sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[4], check=False).returncode == 0
