import errno
import os
from pathlib import Path

import pytest

from core.errors import UserError
from core.files.atomic import (
    path_exists,
    path_of,
    publish_folder,
    read_json,
    replacing,
    sha256,
    write_atomic,
    write_json,
)


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


def test_a_written_file_is_as_readable_as_any_other(tmp_path):
    (tmp_path / "plain").write_text("")
    write_atomic(tmp_path / "atomic", b"")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_path_that_cannot_be_looked_at_is_not_there():
    assert not path_exists(Path("a" * 5000))
    assert path_of("~no-such-user/x") == Path("~no-such-user/x")


def test_damaged_json_is_named(tmp_path):
    path = tmp_path / "run.json"
    for content in ("{", "[" * 100_000):
        path.write_text(content)
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


def test_what_is_written_bit_by_bit_appears_at_once_or_not_at_all(tmp_path):
    path = tmp_path / "film.gif"
    with replacing(path) as file:
        file.write(b"one ")
        file.write(b"two")
        assert not path.exists()
    assert path.read_bytes() == b"one two"
    with pytest.raises(TypeError), replacing(path) as file:
        file.write("no bytes")
    assert path.read_bytes() == b"one two"
    assert list(tmp_path.iterdir()) == [path]
