import json

import pytest

from core.errors import UserError
from core.files.sealed import DamagedError, _manifest, seal, unseal, unseal_versioned


def test_what_was_sealed_is_read_back(tmp_path):
    seal(tmp_path / "a", {"x": b"1", "y": b"2"})
    assert unseal(tmp_path / "a") == {"x": b"1", "y": b"2"}


@pytest.mark.parametrize("place", range(2))
def test_any_change_is_noticed(tmp_path, place):
    seal(tmp_path / "a", {"x": b"12"})
    content = bytearray((tmp_path / "a" / "x").read_bytes())
    content[place] ^= 1
    (tmp_path / "a" / "x").write_bytes(bytes(content))
    with pytest.raises(DamagedError):
        unseal(tmp_path / "a")


@pytest.mark.parametrize("name", ["../outside", "/dev/zero", "link"])
def test_a_foreign_manifest_cannot_name_files_elsewhere(tmp_path, name):
    (tmp_path / "outside").write_bytes(b"secret")
    seal(tmp_path / "a", {"x": b"12"})
    (tmp_path / "a" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "a" / "manifest.json").write_bytes(_manifest({name: [6, "0" * 64]}, 1))
    with pytest.raises(DamagedError, match="no file in it"):
        unseal(tmp_path / "a")


@pytest.mark.parametrize("manifest", ["", "[]", "{}", json.dumps({"format": 1, "files": {"x": []}}), "[" * 100_000])
def test_a_damaged_manifest_is_told(tmp_path, manifest):
    seal(tmp_path / "a", {"x": b"12"})
    (tmp_path / "a" / "manifest.json").write_text(manifest)
    with pytest.raises(DamagedError):
        unseal(tmp_path / "a")


def test_a_newer_folder_asks_for_an_update(tmp_path):
    seal(tmp_path / "a", {"x": b"1"}, 2)
    with pytest.raises(UserError, match="newer version"):
        unseal(tmp_path / "a")
    assert unseal_versioned(tmp_path / "a") == (2, {"x": b"1"})
