import os
import shutil
import sys
import unicodedata

import numpy as np
import pytest
from PIL import Image

from core.data.load import load
from core.data.sources import folders
from core.errors import UserError
from core.events import Log, Progress
from core.kinds.kind import Wanted
from core.settings.dataset import DatasetSettings


def read(path, context, **changes):
    return load(DatasetSettings(data=str(path), **changes), 0, context)


def counts(dataset):
    return {name: len(rows) for name, rows in dataset.splits.items()}


def test_class_folders_become_classes_in_plain_text_order(make_pictures, context):
    dataset = read(make_pictures({"b": 10, "a": 10, "10": 10, "2": 10, "Z": 10}), context)
    assert dataset.targets.classes == ("10", "2", "Z", "a", "b")
    assert dataset.images.shape == (50, 12, 12, 3)
    assert np.bincount(dataset.targets.labels).tolist() == [10] * 5
    assert counts(dataset) == {"train": 35, "validation": 5, "test": 10}


def test_pictures_labels_and_names_belong_together(make_pictures, context):
    folder = make_pictures({"a": 5, "b": 5})
    dataset = read(folder, context)
    for picture, label, name in zip(dataset.images, dataset.targets.labels, dataset.names, strict=True):
        assert np.array_equal(picture, np.asarray(Image.open(name)))
        assert dataset.targets.classes[label] in name.split("/")


def test_nested_pictures_count_and_hidden_ones_do_not(make_pictures, context):
    folder = make_pictures({"a/x/y": 3, "a": 2, "b": 4, ".hidden": 3, "__MACOSX/a": 3})
    (folder / "a" / ".DS_Store").write_bytes(b"x")
    (folder / "b" / "Thumbs.db").write_bytes(b"x")
    dataset = read(folder, context)
    assert dataset.targets.classes == ("a", "b")
    assert np.bincount(dataset.targets.labels).tolist() == [5, 4]
    assert dataset.skipped == ()


@pytest.mark.parametrize(
    "names", [("train", "val", "test"), ("Training", "VALIDATION", "Testing"), ("TRAIN", "valid", "test")]
)
def test_train_validation_and_test_folders_win(make_pictures, context, names):
    train, validation, test = names
    folder = make_pictures(
        {f"{train}/a": 6, f"{train}/b": 6, f"{validation}/a": 3, f"{validation}/b": 3, f"{test}/a": 2, f"{test}/b": 2}
    )
    dataset = read(folder, context)
    assert counts(dataset) == {"train": 12, "validation": 6, "test": 4}
    assert dataset.given == ("train", "validation", "test")
    assert all(f"/{test}/" in dataset.names[place] for place in dataset.splits["test"])


def test_missing_validation_folder_is_cut_out_of_train(make_pictures, context):
    dataset = read(make_pictures({"train/a": 16, "train/b": 16, "test/a": 4, "test/b": 4}), context)
    assert counts(dataset) == {"train": 28, "validation": 4, "test": 8}
    assert dataset.given == ("train", "test")


def test_lone_train_folder_among_others_is_a_class(make_pictures, context):
    assert read(make_pictures({"train": 5, "plane": 5}), context).targets.classes == ("plane", "train")


def test_one_outer_folder_is_looked_into(make_pictures, context):
    folder = make_pictures({"outer/a": 4, "outer/b": 4})
    assert read(folder, context).targets.classes == ("a", "b")


def test_unreadable_files_are_skipped_and_listed(make_pictures, context):
    folder = make_pictures({"a": 6, "b": 6})
    (folder / "a" / "broken.png").write_bytes((folder / "a" / "0.png").read_bytes()[:60])
    (folder / "b" / "empty.jpg").write_bytes(b"")
    (folder / "b" / "notes.txt").write_text("no picture")
    (folder / "loose.png").write_bytes((folder / "a" / "0.png").read_bytes())
    dataset = read(folder, context)
    assert len(dataset.images) == 12
    assert {skipped.path.removeprefix(f"{folder}/") for skipped in dataset.skipped} == {
        "a/broken.png",
        "b/empty.jpg",
        "b/notes.txt",
        "loose.png",
    }
    assert all(skipped.reason.endswith(".") for skipped in dataset.skipped)
    warnings = [event for event in context.of(Log) if event.level == "warning"]
    assert any("broken.png" in str(event.values) for event in warnings)
    assert any(event.values.get("skipped") == 4 for event in warnings)


def test_warnings_are_capped(make_pictures, context):
    folder = make_pictures({"a": 3, "b": 3})
    for number in range(100):
        (folder / "a" / f"bad{number}.png").write_bytes(b"bad")
    assert len(read(folder, context).skipped) == 100
    assert len(context.of(Log)) < 30


def test_class_without_a_readable_picture_is_left_out_and_told(make_pictures, context):
    folder = make_pictures({"a": 3, "c": 3})
    (folder / "b").mkdir()
    (folder / "b" / "bad.png").write_bytes(b"bad")
    dataset = read(folder, context)
    assert dataset.targets.classes == ("a", "c")
    assert set(dataset.targets.labels) == {0, 1}
    assert any("None of the pictures" in log.message and log.values == {"classes": "'b'"} for log in context.of(Log))


def test_an_empty_class_folder_is_told(make_pictures, context):
    folder = make_pictures({"a": 3, "c": 3})
    (folder / "b").mkdir()
    assert read(folder, context).targets.empty == ("b",)
    assert any("No picture lies" in log.message and log.values == {"folders": "'b'"} for log in context.of(Log))


def test_a_class_may_be_called_by_its_size(make_pictures, context):
    assert read(make_pictures({".5mm": 3, "1mm": 3}), context).targets.classes == (".5mm", "1mm")


def test_suffix_does_not_decide(make_pictures, context):
    folder = make_pictures({"a": 3, "b": 3})
    for file in folder.rglob("*.png"):
        file.rename(file.with_suffix(".jpg" if file.stem == "0" else ""))
    assert len(read(folder, context).images) == 6


def test_links_are_followed_and_loops_are_not(make_pictures, context, tmp_path):
    folder = make_pictures({"a": 3, "b": 3})
    elsewhere = make_pictures({"c": 4}, root="elsewhere")
    try:
        (folder / "c").symlink_to(elsewhere / "c", target_is_directory=True)
        (folder / "a" / "loop").symlink_to(folder, target_is_directory=True)
        (folder / "a" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    except OSError:
        pytest.skip("no links here")
    dataset = read(folder, context)
    assert np.bincount(dataset.targets.labels).tolist() == [3, 3, 4]
    assert ["leads nowhere" in skipped.reason for skipped in dataset.skipped] == [True]


def linked(link, target):
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.symlink_to(target, target_is_directory=True)
    except OSError:
        pytest.skip("no links here")


@pytest.mark.parametrize(("one", "other"), [("valid", "test"), ("train", "val")])
def test_two_splits_may_be_links_to_one_folder(make_pictures, context, tmp_path, one, other):
    folder = make_pictures({"train/a": 6, "train/b": 6, "test/a": 2, "test/b": 2})
    shared = make_pictures({"a": 4, "b": 4}, root="shared")
    for name in (one, other):
        shutil.rmtree(folder / name, ignore_errors=True)
        linked(folder / name, shared)
    dataset = read(folder, context)
    split = {"valid": "validation", "val": "validation"}
    assert counts(dataset)[split.get(one, one)] == counts(dataset)[split.get(other, other)] == 8
    assert any("reached more than once" in log.message and log.level == "warning" for log in context.of(Log))


def test_two_classes_may_be_links_to_one_folder(make_pictures, context, tmp_path):
    folder = make_pictures({"dogs": 3})
    for name in ("cats", "felines"):
        linked(folder / name, make_pictures({"cats": 4}, root="elsewhere") / "cats")
    assert np.bincount(read(folder, context).targets.labels).tolist() == [4, 3, 4]
    earlier = read(folder, context, layout="earlier")
    assert np.bincount(earlier.targets.labels).tolist() in ([4, 3], [3, 4])


def test_folders_full_of_links_to_each_other_end(make_pictures, context):
    names = [chr(ord("a") + number) for number in range(9)]
    folder = make_pictures(dict.fromkeys(names, 1))
    for name in names:
        for other in names:
            linked(folder / name / f"to {other}", folder / other)
    dataset = read(folder, context)
    assert len(dataset.images) == len(names) * folders.MOST_TIMES
    assert set(names) <= set(dataset.targets.classes)
    assert any("too many links" in skipped.reason for skipped in dataset.skipped)


def test_a_file_system_that_numbers_no_files(make_pictures, context, monkeypatch):
    folder = make_pictures({"a": 3, "b": 3, "b/deep": 2})
    linked(folder / "a" / "loop", folder)
    real = os.stat

    def without_numbers(path, *given, **named):
        status = list(real(path, *given, **named))
        status[1] = 0
        return os.stat_result(status)

    monkeypatch.setattr(folders.os, "stat", without_numbers)
    assert np.bincount(read(folder, context).targets.labels).tolist() == [3, 5]


@pytest.mark.parametrize("name", ["猫 和 狗", "🐈‍⬛", "e\u0301te\u0301", "a{b}'c", "with space "])
def test_unicode_names(make_pictures, context, name):
    dataset = read(make_pictures({f"{name}/{name}": 3, "other": 3}, root=name), context)
    assert unicodedata.normalize("NFC", name) in dataset.targets.classes
    assert len(dataset.images) == 6


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_that_are_no_valid_text(make_pictures, context):
    folder = make_pictures({"a": 3, "b": 3})
    target = os.path.join(os.fsencode(folder), b"\xff\xfe")  # noqa: PTH118
    os.mkdir(target)  # noqa: PTH102
    os.rename(os.fsencode(folder / "a" / "0.png"), os.path.join(target, b"\xe9.png"))  # noqa: PTH104, PTH118
    dataset = read(folder, context)
    assert len(dataset.targets.classes) == 3
    assert len(dataset.images) == 6
    assert all(name.encode() for name in (*dataset.targets.classes, *dataset.names))


def test_long_paths(make_pictures, context):
    deep = "/".join(["d" * 60] * 8)
    dataset = read(make_pictures({f"a/{deep}": 3, f"b/{deep}": 3}), context)
    assert max(len(name) for name in dataset.names) > 500
    assert len(dataset.images) == 6


def test_own_size_is_the_most_common_one_up_to_64(make_pictures, context):
    folder = make_pictures({"a": 6, "b": 6}, size=(20, 24, 3))
    make_pictures({"c": 2}, size=(50, 50, 3))
    assert read(folder, context).shape == (24, 24, 3)
    assert read(make_pictures({"a": 2, "b": 2}, root="large", size=(90, 120, 3)), context).shape == (64, 64, 3)
    assert read(folder, context, image_px=16).shape == (16, 16, 3)


def test_grey_stays_grey_only_if_all_are(make_pictures, context, new_context):
    folder = make_pictures({"a": 150, "b": 150}, size=(6, 6))
    assert read(folder, context).shape == (6, 6, 1)
    assert read(folder, context, colour="rgb").shape == (6, 6, 3)
    Image.fromarray(np.full((6, 6, 3), (255, 0, 0), np.uint8)).save(folder / "b" / "77.png")
    dataset = read(folder, new_context())  # a job goes through a folder once
    assert dataset.shape == (6, 6, 3)
    assert any(picture[0, 0].tolist() == [255, 0, 0] for picture in dataset.images)


def test_progress_says_rate_and_time_left(make_pictures, context):
    read(make_pictures({"a": 30, "b": 30}), context)
    last = [event for event in context.of(Progress) if event.phase == "decode"][-1]
    assert (last.done, last.total, last.unit) == (60, 60, "pictures")
    assert last.rate > 0
    assert last.eta_s == 0
    assert any(event.phase == "scan" for event in context.of(Progress))


# ------------------------------------------------------------------ one clear sentence each


def fails(path, context):
    with pytest.raises(UserError) as caught:
        read(path, context)
    assert caught.value.hint
    assert str(path) in str(caught.value) or path.name in str(caught.value)
    return str(caught.value)


def test_missing_path(tmp_path, context):
    assert "There is no" in fails(tmp_path / "nowhere", context)


def test_file_that_is_no_data_set(tmp_path, context):
    (tmp_path / "notes.txt").write_text("hello")
    assert "no data set" in fails(tmp_path / "notes.txt", context)


def test_empty_folder(tmp_path, context):
    (tmp_path / "empty").mkdir()
    assert "No pictures" in fails(tmp_path / "empty", context)


def test_one_class(make_pictures, context):
    assert "only one class, 'cats'" in fails(make_pictures({"cats": 5}), context)


def test_one_class_beside_an_empty_folder(make_pictures, context):
    folder = make_pictures({"cats": 5})
    (folder / "dogs").mkdir()
    assert "in the folder 'dogs' there are none" in fails(folder, context)


def test_a_flat_train_and_test_folder(make_pictures, context):
    assert "hold their pictures in no class folders" in fails(make_pictures({"train": 5, "test": 5}), context)


def test_an_archive_is_all_there_is(make_pictures, context):
    folder = make_pictures({})
    folder.mkdir()
    (folder / "flowers.zip").write_bytes(b"PK")
    assert "but the archive 'flowers.zip'" in fails(folder, context)


def test_an_archive_of_another_kind(tmp_path, context):
    (tmp_path / "flowers.7z").write_bytes(b"7z")
    assert "an archive of a kind that isn't read" in fails(tmp_path / "flowers.7z", context)


def test_loose_pictures(make_pictures, context):
    assert "no class folders" in fails(make_pictures({".": 5}), context)


def test_no_readable_picture(make_pictures, context):
    folder = make_pictures({"a": 1, "b": 1})
    for file in folder.rglob("*.png"):
        file.write_bytes(b"bad")
    assert "None of the 2 pictures" in fails(folder, context)


def test_only_one_class_can_be_read(make_pictures, context):
    folder = make_pictures({"a": 3, "b": 1})
    (folder / "b" / "0.png").write_bytes(b"bad")
    assert "Only the class 'a'" in fails(folder, context)


def test_no_name_at_all(context):
    with pytest.raises(UserError):
        load(DatasetSettings(data=""), 0, context)


def test_one_class_is_enough_for_scoring(make_pictures, context):
    dataset = load(DatasetSettings(data=str(make_pictures({"cats": 5}))), 0, context, Wanted(fewest=1))
    assert dataset.targets.classes == ("cats",)
    with pytest.raises(UserError, match="no class folders"):
        load(DatasetSettings(data=str(make_pictures({".": 5}, root="loose"))), 0, context, Wanted(fewest=1))
