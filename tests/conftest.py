"""How the tests run: side by side where whole folders of them are asked for, and with few looks through old objects."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

MAX_WORKERS = 4  # each holds a backend and Qt: up to 3 GB
LONGEST = ("faults", "end_to_end")  # begun first, so that no process has a long file left when the others have ended

# Libraries make millions of objects that stay. Looked through as often as Python does by itself, they cost as much time
# as the tests.
gc.set_threshold(50_000, 20, 20)

if "PYTEST_XDIST_WORKER" in os.environ:
    # As the engines do it: as many processes as processors, each with one thread.
    for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(variable, "1")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Returns how many processes `-n auto` takes; 0 is this one alone.

    Single files don't pay for the start of others, and what is marked slow measures times.
    """
    folders = any(Path(str(place).partition("::")[0]).is_dir() for place in config.args)
    if not folders or config.option.keyword or config.option.markexpr != "not slow":
        return 0
    return min(os.cpu_count() or 1, MAX_WORKERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the longest files first."""
    items.sort(key=lambda item: not any(folder in item.path.parts for folder in LONGEST))


@pytest.fixture(autouse=True, scope="module")
def _older_objects_set_aside():
    """What stays from the files before, a backend's million objects, is not looked through again and again."""
    gc.collect()
    gc.freeze()
