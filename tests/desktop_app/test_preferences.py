from __future__ import annotations

import pytest

from desktop_app.preferences import Preferences


def test_what_is_saved_is_there_again(tmp_path):
    path = tmp_path / "deep" / "window.json"
    first = Preferences(path)
    first.set("theme", "dark")
    first.save()
    assert Preferences(path).get("theme", "system") == "dark"


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe\x00", b'{"theme": 7}'])
def test_a_damaged_file_is_as_good_as_none(tmp_path, content):
    path = tmp_path / "window.json"
    path.write_bytes(content)
    assert Preferences(path).get("theme", "system") == "system"


def test_not_being_able_to_save_is_no_failure(tmp_path):
    (tmp_path / "file").write_text("")
    preferences = Preferences(tmp_path / "file" / "window.json")
    preferences.set("theme", "dark")
    preferences.save()
