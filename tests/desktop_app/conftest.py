"""Every test here draws off screen, in a workspace of its own, and leaves no thread and no timer behind."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

sys.path.insert(0, str(Path(__file__).parent))  # engine processes import fake_engine by name

import pytest
from PySide6.QtCore import QEvent, QThread, QTimer
from PySide6.QtWidgets import QApplication

from core.runs.run import Workspace
from desktop_app.preferences import Preferences
from desktop_app.theme import theme
from desktop_app.translation import translator


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def preferences(tmp_path):
    made = Preferences(tmp_path / "window.json")
    made.set("language", "en")
    made.set("theme", "light")
    return made


@pytest.fixture
def window(qtbot, workspace, preferences):
    """A shown main window with its engines."""
    from desktop_app.app import make_window

    made = make_window(workspace, preferences)
    qtbot.addWidget(made)
    with qtbot.waitSignal(made.painted, timeout=10_000):
        made.show()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _size_not_measured(monkeypatch):
    """Spares each window the process that imports a backend, only to tell how large the chosen model is."""
    monkeypatch.setattr("desktop_app.panels.training_looks.DESCRIBE_DELAY_MS", 3_600_000)


@pytest.fixture(autouse=True)
def _english_and_light(qapp):
    yield
    translator().set_language("en")
    theme().use("light")


@pytest.fixture(autouse=True)
def _nothing_left_behind(qapp):
    """A thread or timer that outlives its test fails it. Closed windows go, or each theme would be put on them too."""
    yield
    QApplication.processEvents()
    gc.collect()
    left = [item for item in gc.get_objects() if isinstance(item, QThread | QTimer) and _lives(item)]
    threads = [item for item in left if isinstance(item, QThread) and item.isRunning()]
    timers = [item for item in left if isinstance(item, QTimer) and item.isActive() and not item.isSingleShot()]
    assert not threads, f"threads left running: {threads}"
    assert not timers, f"timers left running: {timers}"
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _lives(item) -> bool:
    import shiboken6

    return shiboken6.isValid(item)
