from __future__ import annotations

import sys

import PySide6
import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel


class _Emitter(QObject):
    told = Signal()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None and True are immortal from Python 3.12 on")
def test_the_binding_keeps_the_references_it_is_lent(qtbot):
    """PySide6 6.12.0 loses one of None or True with every call on Python 3.11, until the process aborts."""
    label, emitter = QLabel(), _Emitter()
    qtbot.addWidget(label)
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(100):
        label.setText("x")
        emitter.told.emit()
    after = sys.getrefcount(None), sys.getrefcount(True)
    assert all(late > early - 50 for early, late in zip(before, after, strict=True)), (
        f"PySide6 {PySide6.__version__} loses references on Python {sys.version.split()[0]}: "
        "install pyside6<6.12, or use Python 3.12"
    )
