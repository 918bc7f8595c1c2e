import ctypes
import sys
from types import SimpleNamespace

import pytest

from core.models.shared.size import UNTOLD_MEMORY_BYTES, memory_bytes


@pytest.mark.parametrize(("kilobytes", "expected"), [(16 * 2**20, 16 * 2**30), (0, UNTOLD_MEMORY_BYTES)])
def test_memory_is_asked_for_on_windows_too(monkeypatch, kilobytes, expected):
    def tell(pointer):
        pointer._obj.value = kilobytes

    kernel = SimpleNamespace(GetPhysicallyInstalledSystemMemory=tell)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    assert memory_bytes() == expected
