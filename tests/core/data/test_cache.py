import multiprocessing
import os
import shutil
import threading
import time
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from core.data import cache as cache_module
from core.data import decode, reading
from core.data.cache import PictureCache, PixelSink
from core.data.load import load
from core.data.unloaded import UnloadedImages
from core.errors import CancelledError, UserError
from core.events import Log, Progress
from core.settings.dataset import DatasetSettings


@pytest.fixture
def folder(make_pictures):
    return make_pictures({"a": 40, "b": 40})


def read(path, context, **changes):
    return load(DatasetSettings(data=str(path), **changes), 0, context)


def decoded(context):
    """Whether pictures were decoded, rather than taken from the cache."""
    return any(event.phase == "decode" for event in context.of(Progress))


def entry_of(context):
    return next(path for path in (context.workspace.cache_folder / "pictures").iterdir() if path.is_dir())


def same(one, other):
    return np.array_equal(one.images, other.images) and one.fingerprint == other.fingerprint


def test_second_start_does_not_decode(folder, context, new_context):
    (folder / "a" / "bad.png").write_bytes(b"bad")
    first, again = read(folder, context), read(folder, later := new_context())
    assert decoded(context)
    assert not decoded(later)
    assert same(first, again)
    assert again.skipped == first.skipped
    assert len(again.skipped) == 1


def test_large_data_sets_stay_on_disk(folder, context, new_context, monkeypatch):
    monkeypatch.setattr(cache_module, "IN_MEMORY_BYTES", 100)
    first, again = read(folder, context), read(folder, new_context())
    assert isinstance(first.images, UnloadedImages)
    assert isinstance(again.images, UnloadedImages)
    assert same(first, again)


@pytest.mark.parametrize("changes", [{"image_px": 8}, {"colour": "grey"}, {"fit": "pad"}, {"background": "#000000"}])
def test_other_settings_decode_anew(folder, context, new_context, changes):
    read(folder, context)
    read(folder, later := new_context(), **changes)
    assert decoded(later)


def test_changed_file_decodes_anew(folder, context, new_context):
    before = read(folder, context)
    shutil.copy(folder / "b" / "0.png", folder / "a" / "0.png")
    os.utime(folder / "a" / "0.png", (1, 1))
    after = read(folder, later := new_context())
    assert decoded(later)
    assert after.fingerprint != before.fingerprint


@pytest.mark.parametrize("file", ["pixels.u8", "kept.npy", "digests.npy", "manifest.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "missing"])
def test_damaged_cache_is_rebuilt(folder, context, new_context, file, damage):
    first = read(folder, context)
    path = entry_of(context) / file
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 0x10
    path.write_bytes({"flip": content, "cut": content[: len(content) // 2], "empty": b""}.get(damage, b""))
    if damage == "missing":
        path.unlink()
    assert same(first, read(folder, new_context()))
    assert not decoded(new_context())
    assert same(first, read(folder, new_context()))


def test_entry_cut_off_while_written_is_never_read(folder, context, new_context):
    first = read(folder, context)
    entry = entry_of(context)
    partial = entry.with_name(f".partial-{entry.name}-x")
    entry.rename(partial)
    assert same(first, read(folder, later := new_context()))
    assert decoded(later)
    assert not partial.exists()


def test_stopping_leaves_nothing_behind(folder, new_context):
    context = new_context()
    context.listen = lambda event: context.cancel() if getattr(event, "phase", "") == "decode" else None
    with pytest.raises(CancelledError):
        read(folder, context)
    assert [path for path in (context.workspace.cache_folder / "pictures").iterdir() if path.is_dir()] == []


def test_stop_takes_effect_while_one_picture_is_slow(folder, context, monkeypatch):
    monkeypatch.setattr(reading, "read_one", lambda *arguments: time.sleep(5))
    threading.Timer(0.3, context.cancel).start()
    started = time.perf_counter()
    with pytest.raises(CancelledError):
        read(folder, context, image_px=8, colour="rgb")
    assert time.perf_counter() - started < 2


@pytest.fixture
def full_disk(monkeypatch):
    """A disk that holds 5,000 bytes of pixels."""
    real_open = cache_module.Path.open

    class Full:
        """A file on a disk that holds 5,000 bytes."""

        def __init__(self, file):
            self.file, self.left = file, 5000

        def write(self, content):
            if not self.left:
                raise OSError(28, "No space left on device")
            written = self.file.write(content[: self.left])
            self.left -= written
            return written

        def close(self):
            self.file.close()

    def open_full(path, *arguments, **options):
        file = real_open(path, *arguments, **options)
        return Full(file) if path.name == "pixels.u8" and arguments == ("wb",) else file

    monkeypatch.setattr(cache_module.Path, "open", open_full)


def test_full_disk_falls_back_to_memory(folder, context, new_context, request):
    expected = read(folder, context)
    PictureCache(context.workspace.cache_folder).clear()
    request.getfixturevalue("full_disk")
    assert same(expected, read(folder, later := new_context()))
    assert any("cannot be kept" in event.message for event in later.of(Log))
    assert PictureCache(context.workspace.cache_folder).size() == 0


def assert_streamed(dataset, expected):
    assert isinstance(dataset.images, UnloadedImages)
    assert dataset.fingerprint == expected.fingerprint
    assert np.array_equal(np.asarray(dataset.images), expected.images)


def test_a_full_disk_puts_no_more_into_memory_than_has_room_there(folder, context, new_context, monkeypatch, request):
    expected = read(folder, context)
    PictureCache(context.workspace.cache_folder).clear()
    request.getfixturevalue("full_disk")
    monkeypatch.setattr(reading, "MEMORY_BYTES", 6000)
    assert_streamed(read(folder, later := new_context()), expected)
    assert any("cannot be kept" in event.message for event in later.of(Log))
    assert PictureCache(context.workspace.cache_folder).size() == 0


def test_a_disk_that_fills_up_at_the_very_end_puts_no_more_into_memory_either(
    folder, context, new_context, monkeypatch
):
    expected = read(folder, context)
    PictureCache(context.workspace.cache_folder).clear()

    def full(*arguments):
        raise cache_module.UserError("The disk is full.")

    monkeypatch.setattr(cache_module, "publish_folder", full)
    monkeypatch.setattr(reading, "MEMORY_BYTES", 6000)
    assert_streamed(read(folder, new_context()), expected)


def test_a_cache_that_can_not_be_written_puts_no_more_into_memory_either(folder, context, new_context, monkeypatch):
    expected = read(folder, context)
    PictureCache(context.workspace.cache_folder).clear()

    def refuse(self, key):
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(PictureCache, "partial", refuse)
    monkeypatch.setattr(reading, "MEMORY_BYTES", 6000)
    assert_streamed(read(folder, new_context()), expected)


@pytest.mark.parametrize("fails_at", [None, 0, 9, 19])
@pytest.mark.parametrize("missing", [0, 3])
def test_pixels_take_their_own_memory_once(tmp_path, fails_at, missing):
    pieces = [bytes([number]) * 2**20 for number in range(20 - missing)]
    tracemalloc.start()
    try:
        sink = PixelSink(tmp_path / "pixels.u8" if fails_at is not None else None, 20 * 2**20, 20 * 2**20)
        for number, piece in enumerate(pieces):
            if number == fails_at:
                sink.take_back(OSError(28, "No space left on device"))
            sink.append(piece)
        if fails_at == 19 and missing:
            sink.take_back(OSError(28, "No space left on device"))
        pixels = sink.array((len(pieces), 2**10, 2**10, 1))
        assert tracemalloc.get_traced_memory()[1] < 21 * 2**20
    finally:
        tracemalloc.stop()
    assert pixels.tobytes() == b"".join(pieces)


def test_disk_that_fills_up_at_the_very_end(folder, context, monkeypatch):
    def full(*arguments):
        raise cache_module.UserError("The disk is full.")

    monkeypatch.setattr(cache_module, "publish_folder", full)
    dataset = read(folder, context)
    assert len(dataset.images) == 80
    assert any("cannot be kept" in event.message for event in context.of(Log))


def test_workspace_that_cannot_be_written(folder, new_context, tmp_path):
    (tmp_path / "workspace").write_text("a file where the folder should be")
    assert len(read(folder, context := new_context()).images) == 80
    assert any("cannot be written" in str(event.values) for event in context.of(Log))


def test_size_and_clear(folder, context, new_context):
    read(folder, context)
    cache = PictureCache(context.workspace.cache_folder)
    assert cache.size() > 80 * 12 * 12 * 3
    cache.clear()
    assert cache.size() == 0
    read(folder, later := new_context())
    assert decoded(later)


def test_oldest_entries_make_room(make_pictures, new_context, monkeypatch):
    folders = [make_pictures({"a": 10, "b": 10}, root=f"set{number}") for number in range(3)]
    for number, folder in enumerate(folders[:2]):
        read(folder, new_context())
        entries = list((new_context().workspace.cache_folder / "pictures").glob("*/manifest.json"))
        os.utime(max(entries, key=lambda path: path.stat().st_mtime), (number + 1, number + 1))
    cache = PictureCache(new_context().workspace.cache_folder)
    monkeypatch.setattr(PictureCache, "cap", lambda self: cache.size() + 100)
    read(folders[2], new_context())
    read(folders[1], kept := new_context())
    assert not decoded(kept)
    read(folders[0], gone := new_context())
    assert decoded(gone)


def test_too_large_for_the_cache_stays_in_memory(folder, context, new_context, monkeypatch):
    monkeypatch.setattr(PictureCache, "cap", lambda self: 100)
    first = read(folder, context)
    assert isinstance(first.images, np.ndarray)
    assert any("too little room" in str(event.values) for event in context.of(Log))
    read(folder, later := new_context())
    assert decoded(later)


def test_too_large_for_cache_and_memory_streams(folder, context, new_context, monkeypatch):
    expected = read(folder, context)
    PictureCache(context.workspace.cache_folder).clear()
    monkeypatch.setattr(PictureCache, "cap", lambda self: 100)
    monkeypatch.setattr(reading, "MEMORY_BYTES", 100)
    streamed = read(folder, new_context())
    assert isinstance(streamed.images, UnloadedImages)
    assert streamed.shape == (12, 12, 3)
    assert len(streamed.images) == 80
    assert streamed.fingerprint == expected.fingerprint
    assert np.array_equal(streamed.images[[5, 70, 5]], expected.images[[5, 70, 5]])
    assert np.array_equal(streamed.images[3:9], expected.images[3:9])
    assert np.array_equal(streamed.images[79], expected.images[79])
    assert np.array_equal(np.asarray(streamed.images), expected.images)
    with pytest.raises(IndexError):
        streamed.images[80]
    again = read(folder, later := new_context())
    assert not decoded(later)
    assert np.array_equal(again.images[:4], expected.images[:4])


def _read_in_process(folder, workspace, results):
    from core.context import Context
    from core.jobs import Job
    from core.runs.run import Workspace

    context = Context(Job(task="check", backend="tensorflow"), Workspace(workspace))
    dataset = load(DatasetSettings(data=str(folder)), 0, context)
    results.put((dataset.fingerprint, int(dataset.images.sum())))


def test_two_processes_at_once(folder, context, tmp_path):
    spawn = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")
    results = spawn.Queue()
    processes = [
        spawn.Process(target=_read_in_process, args=(folder, tmp_path / "workspace", results)) for _ in range(4)
    ]
    for process in processes:
        process.start()
    found = {results.get(timeout=60) for _ in processes}
    for process in processes:
        process.join()
    assert len(found) == 1
    entries = [path for path in (tmp_path / "workspace" / "cache" / "pictures").iterdir() if path.is_dir()]
    assert len(entries) == 1


def test_skipped_files_keep_the_name_they_have_now(folder, make_zip, context, new_context):
    (folder / "a" / "bad.png").write_bytes(b"bad")
    read(make_zip(folder), context)
    path = make_zip(folder, name="renamed.zip")
    dataset = read(path, later := new_context())
    assert not decoded(later)
    assert dataset.skipped[0].path == f"{path}/a/bad.png"


def fail_to_open(monkeypatch, name, error):
    """Lets the pictures of a name be opened no more."""
    real = decode._opened

    def open_file(source, stack):
        if source.name == name:
            raise error
        return real(source, stack)

    monkeypatch.setattr(decode, "_opened", open_file)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(13, "Permission denied"), "You are not allowed to read it."),
        (OSError(5, "Input/output error"), "It cannot be opened."),
        (MemoryError(), "The memory does not suffice to read it."),
    ],
)
def test_a_failure_that_passes_is_not_remembered(folder, context, new_context, monkeypatch, error, reason):
    (folder / "a" / "bad.png").write_bytes(b"bad")
    with monkeypatch.context() as failing:
        fail_to_open(failing, "7.png", error)
        first = read(folder, context)
        assert [one.reason for one in first.skipped].count(reason) == 2
        assert len(first.skipped) == 3
        still = read(folder, later := new_context())
        assert not decoded(later)
        assert still.skipped == first.skipped
    mended = read(folder, new_context())
    assert [one.path for one in mended.skipped] == [f"{folder}/a/bad.png"]
    assert len(mended.images) == 80
    again = read(folder, last := new_context())
    assert not decoded(last)
    assert same(mended, again)


def test_pictures_that_changed_places_are_noticed_at_one_size_and_date(context, new_context, tmp_path):
    names = []
    for label, shade in (("a", 0), ("b", 200)):
        (tmp_path / "set" / label).mkdir(parents=True)
        for number in range(3):
            names.append(tmp_path / "set" / label / f"{number}.bmp")
            Image.fromarray(np.full((8, 8), shade + number, np.uint8)).save(names[-1])
            os.utime(names[-1], (1, 1))
    first = read(tmp_path / "set", context)
    names[0].rename(tmp_path / "aside")
    names[3].rename(names[0])
    (tmp_path / "aside").rename(names[3])
    swapped = read(tmp_path / "set", new_context())
    assert swapped.fingerprint != first.fingerprint
    assert swapped.images[0].max() == 200


@pytest.fixture
def streamed(folder, context, monkeypatch):
    """A data set that is decoded again each time, since neither the cache nor the memory holds it."""
    monkeypatch.setattr(cache_module, "MAX_BYTES", 0)
    monkeypatch.setattr(reading, "MEMORY_BYTES", 0)
    found = read(folder, context)
    assert isinstance(found.images, UnloadedImages)
    return found


def test_a_picture_that_vanished_is_told_in_a_sentence(folder, streamed):
    (folder / "a" / "0.png").unlink()
    with pytest.raises(UserError, match=r"a/0.png' can no longer be read. It is not there. Put it back as it was"):
        streamed.images[:]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (Image.new("RGB", (12, 12), "red"), "It has colours now, and was grey."),
        (Image.new("I;16", (12, 12), 40000), "It has more than 8 bits now, and had no more before."),
    ],
    ids=["colours", "depth"],
)
def test_a_picture_that_has_become_another_is_told_in_a_sentence(make_pictures, context, monkeypatch, other, reason):
    monkeypatch.setattr(cache_module, "MAX_BYTES", 0)
    monkeypatch.setattr(reading, "MEMORY_BYTES", 0)
    folder = make_pictures({"a": 3, "b": 3}, root="grey", size=(12, 12))
    found = read(folder, context)
    other.save(folder / "b" / "1.png")
    with pytest.raises(UserError, match=reason):
        found.images[:]
