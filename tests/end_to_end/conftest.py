import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent))  # for window_steps
sys.path.insert(0, str(Path(__file__).parents[1] / "desktop_app"))  # for lateness and dropping

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.runs.run import Workspace

COLOURS = {"red": (200, 40, 40), "green": (40, 160, 60), "blue": (50, 70, 210)}


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A folder of three class folders of 40 noisy coloured discs each, with a Chinese name, and one broken file."""
    folder = tmp_path_factory.mktemp("data") / "图片 set"
    random = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for index in range(40):
            pixels = random.integers(0, 256, (24, 24, 3), dtype=np.uint8)
            picture = Image.fromarray(pixels)
            x, y = random.integers(4, 12, 2)
            ImageDraw.Draw(picture).ellipse([x, y, x + 10, y + 10], fill=colour)
            picture.save(folder / name / f"{index}.png")
    (folder / "red" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing follows")
    return folder


@pytest.fixture
def window(qtbot, tmp_path):
    """The shown main window with its engines, in a workspace with a Chinese name."""
    from desktop_app.app import make_window
    from desktop_app.preferences import Preferences

    preferences = Preferences(tmp_path / "window.json")
    preferences.set("language", "en")
    made = make_window(Workspace(tmp_path / "工作区"), preferences)
    qtbot.addWidget(made)
    with qtbot.waitSignal(made.painted, timeout=10_000):
        made.show()
    yield made
    made.close()
