import errno
import os

import pytest

from core.errors import UserError
from core.files import publish_folder, read_json, sha256, write_atomic, write_json


def test_a_failed_write_leaves_the_former_file_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    write_atomic(path, b"old")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="full"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError) as error:
        write_atomic(tmp_path / "file" / "inside.json", b"")
    assert "inside.json" in str(error.value)


def test_damaged_json_is_named(tmp_path):
    path = tmp_path / "run.json"
    path.write_text("{")
    with pytest.raises(UserError, match="damaged"):
        read_json(path)


def test_json_keeps_every_character(tmp_path):
    value = {"名": "猫 🐈", "not UTF-8": "\udcff"}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value


def test_publishing_replaces_a_folder_whole(tmp_path):
    for text in ("one", "two"):
        temporary = tmp_path / f"tmp-{text}"
        temporary.mkdir()
        (temporary / "weights").write_text(text)
        publish_folder(temporary, tmp_path / "final")
        assert (tmp_path / "final" / "weights").read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ["final"]


def test_sha256_of_a_known_text(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
