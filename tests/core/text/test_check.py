"""The doctor of texts: what it counts, what it warns of, and when texts are meant at all."""

import zipfile

import pytest

from core.context import Context
from core.errors import UserError
from core.events import Log
from core.jobs import Job
from core.runs.run import Workspace
from core.settings.text_data import TextSettings
from core.text.check import check_text, holds_texts


@pytest.fixture
def events():
    return []


@pytest.fixture
def context(tmp_path, events):
    job = Job(task="check_text", backend="tensorflow")
    return Context(job, Workspace(tmp_path / "workspace"), listener=events.append)


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def check(context, data, **settings):
    return check_text(TextSettings.parse({"data": str(data), **settings}), context)


def test_it_counts_and_lists_what_cannot_be_used(context, events, tmp_path):
    texts = {f"{number:02}.txt": f"Text number {number // 2} of some.\n" * 30 for number in range(40)}
    others = {"empty.txt": "  ", "binary.txt": b"a\0b", "notes.md": "no text"}
    report = check(context, write(tmp_path / "data", texts | others))
    assert (report["samples"], report["documents"], report["classes"]) == (40, "file", {})
    assert report["characters"] == sum(map(len, texts.values()))
    assert sum(report["splits"].values()) == 40
    assert sorted(row["path"].rpartition("/")[2] for row in report["unreadable"]) == ["binary.txt", "empty.txt"]
    assert [row["path"].rpartition("/")[2] for row in report["left_out"]] == ["notes.md"]
    assert (report["duplicate_groups"], report["leaks"]) == (20, 0)
    *warnings, few = report["warnings"]
    assert warnings == [
        "2 texts cannot be read; training leaves out what it can't read.",
        f"1 file is no part of the data set, such as '{tmp_path / 'data' / 'notes.md'}': It is no .txt file.",
        "20 texts occur more than once; copies are kept in one split.",
    ]
    assert "characters to train on are few" in few
    told = [event.values for event in events if isinstance(event, Log) and "could not be used" in event.message]
    assert told == [{"skipped": 3, "count": 43}]  # once


def test_copies_across_given_splits_are_leaks(context, tmp_path):
    files = {
        f"{split}/{number}.txt": f"{split} text {number} " * 9 for split in ("train", "test") for number in range(9)
    }
    files["test/copy.txt"] = files["train/3.txt"]
    report = check(context, write(tmp_path / "data", files))
    assert report["given"] == ["train", "test"]
    assert report["leaks"] == 1
    assert report["duplicates"][0]["leak"]
    assert "1 text occurs in more than one given split: the test score will flatter." in report["warnings"]


def test_what_training_would_refuse_is_said(context, tmp_path):
    report = check(context, write(tmp_path / "data", {"test/1.txt": "only a test, and nothing to learn from"}))
    assert report["refused"].startswith("No text of")
    assert (report["splits"], report["samples"]) == ({}, 1)
    assert "Training would refuse this data" in report["warnings"][0]


def test_nothing_that_can_be_read_is_an_error(context, tmp_path):
    with pytest.raises(UserError, match="can be read"):
        check(context, write(tmp_path / "data", {"a.txt": ""}))


def test_texts_are_meant_where_there_are_hardly_any_pictures(context, tmp_path):
    texts = write(tmp_path / "texts", {"a.txt": "a", "readme.md": "b"})
    more = {f"{number}.txt": "a" for number in range(3)}
    assert holds_texts(str(write(tmp_path / "more", {**more, "letter.rtf": b"{\\rtf1}"})), context)
    assert not holds_texts(str(write(tmp_path / "labelled", {**more, "1.png": b"", "2.png": b""})), context)
    captioned = write(tmp_path / "captioned", {"cats/1.png": b"", "cats/1.txt": "a cat"})
    assert holds_texts(str(texts), context)
    assert holds_texts(str(texts / "a.txt"), context)
    assert not holds_texts(str(captioned), context)
    assert not holds_texts("shapes", context)
    with zipfile.ZipFile(tmp_path / "texts.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    assert holds_texts(str(tmp_path / "texts.zip"), context)
    with pytest.raises(UserError, match="There is no file"):
        holds_texts(str(tmp_path / "nowhere"), context)
