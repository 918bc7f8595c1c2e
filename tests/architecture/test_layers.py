"""The dependency rule, seen from a running process; the import contracts see it from the source."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"keras", "keras_hub", "tensorflow", "jax", "torch", "sklearn", "av", "cv2", "matplotlib"}


def modules_after(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint(' '.join({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "core.cli.main",
        "core.engine.engine",
        "core.catalog",
        "core.runs.run",
        "core.data.load",
        "core.data.check",
        "core.data.preview",
        "core.media.picture_files",
        "core.media.mp4",
    ],
)
def test_the_light_half_starts_without_machine_learning_or_qt(module):
    assert not modules_after(f"import {module}") & (HEAVY | {"PySide6"})


def test_settings_of_every_row_load_without_machine_learning():
    code = (
        "from core import catalog\n"
        "for row in [*catalog.TASKS.values(), *catalog.MODELS.values()]:\n"
        "    row.settings and catalog.load(row.settings)"
    )
    assert not modules_after(code) & HEAVY


def test_packaging_has_no_init_file_that_would_hide_the_library_of_that_name():
    assert not (ROOT / "packaging" / "__init__.py").exists()
