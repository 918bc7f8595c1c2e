import json
import shutil

import numpy as np
import pytest
from PIL import Image

from core.data.check import check
from core.data.load import load
from core.data.preview import preview
from core.errors import UserError
from core.events import Log
from core.settings.dataset import DatasetSettings


def look(path, context):
    report = check(DatasetSettings(data=str(path)), context)
    json.dumps(report)
    return report


def test_healthy_data_set_has_no_warnings(make_pictures, context):
    report = look(make_pictures({"a": 12, "b": 12}), context)
    assert report["samples"] == 24
    assert report["classes"] == {"a": 12, "b": 12}
    assert report["unreadable"] == report["duplicates"] == report["warnings"] == []
    assert report["imbalance"] == 1.0
    assert report["sizes"] == {"most_common": [12, 12], "smallest": [12, 12], "largest": [12, 12], "different": 1}
    assert report["colours"] == {"grey": 0, "rgb": 24}


def test_unreadable_pictures_are_listed_and_not_counted(make_pictures, context):
    folder = make_pictures({"a": 12, "b": 12})
    (folder / "a" / "0.png").write_bytes(b"bad")
    report = look(folder, context)
    assert report["samples"] == 23
    assert report["classes"] == {"a": 11, "b": 12}
    assert [row["path"] for row in report["unreadable"]] == [f"{folder}/a/0.png"]
    assert report["unreadable"][0]["reason"].endswith(".")


def test_copies_are_found_by_their_pixels(make_pictures, context):
    folder = make_pictures({"a": 12, "b": 12})
    Image.open(folder / "a" / "0.png").save(folder / "a" / "copy.bmp")
    (group,) = look(folder, context)["duplicates"]
    assert {path.rsplit("/", 1)[1] for path in group["paths"]} == {"0.png", "copy.bmp"}
    assert not group["leak"]
    assert not group["conflict"]


def test_copies_under_two_labels_are_a_conflict(make_pictures, context):
    folder = make_pictures({"a": 12, "b": 12})
    shutil.copy(folder / "a" / "0.png", folder / "b" / "copy.png")
    report = look(folder, context)
    assert report["conflicts"] == 1
    assert report["duplicates"][0]["labels"] == ["a", "b"]
    assert any("label" in sentence for sentence in report["warnings"])


def test_copies_in_two_given_splits_are_a_leak(make_pictures, context):
    folder = make_pictures({"train/a": 12, "train/b": 12, "test/a": 12, "test/b": 12})
    shutil.copy(folder / "train" / "a" / "0.png", folder / "test" / "a" / "copy.png")
    report = look(folder, context)
    assert report["leaks"] == 1
    assert sorted(report["duplicates"][0]["splits"]) == ["test", "train"]
    assert report["splits"] == {"train": 19, "validation": 5, "test": 25}
    assert report["given"] == ["train", "test"]


def test_pictures_of_other_sizes_with_the_same_bytes_are_no_copies(tmp_path, context):
    for label, size in (("a", (4, 6)), ("b", (6, 4))):
        (tmp_path / "flat" / label).mkdir(parents=True)
        Image.fromarray(np.zeros(size, np.uint8)).save(tmp_path / "flat" / label / "1.png")
    assert look(tmp_path / "flat", context)["duplicates"] == []


def test_imbalance_and_small_classes(make_pictures, context):
    report = look(make_pictures({"a": 40, "b": 2}), context)
    assert report["imbalance"] == 20.0
    assert any("20 times" in sentence for sentence in report["warnings"])
    assert any("'b'" in sentence for sentence in report["warnings"])


def test_one_class_is_a_finding(make_pictures, context):
    report = look(make_pictures({"a": 12}), context)
    assert report["classes"] == {"a": 12}
    assert any("only one class" in sentence for sentence in report["warnings"])
    assert "only one class" in report["refused"]


def test_what_training_would_refuse_once_it_has_read_the_pictures_is_told(make_pictures, context):
    folder = make_pictures({"a": 12, "b": 1})
    (folder / "b" / "0.png").write_bytes(b"bad")
    report = look(folder, context)
    assert "Only the class 'a'" in report["refused"]
    assert report["warnings"][0] == f"Training would refuse this data: {report['refused']}"
    assert report["splits"] == {}


def test_data_without_a_train_split_would_be_refused(make_pictures, context):
    folder = make_pictures({"test/a": 12, "test/b": 12, "val/a": 12, "val/b": 12})
    assert "left to train on" in look(folder, context)["refused"]


def test_groups_are_counted_where_asked_for_and_hinted_at_where_not(make_pictures, context, new_context):
    folder = make_pictures({"a/tom": 12, "a/tim": 12, "b/ann": 12})
    report = look(folder, context)
    assert (report["groups"], report["refused"]) == (None, "")
    assert any("group_by=folder" in sentence for sentence in report["warnings"])
    grouped = check(DatasetSettings(data=str(folder), group_by="folder"), new_context())
    assert grouped["groups"] == 3
    assert not any("group_by" in sentence for sentence in grouped["warnings"])


def test_a_licence_is_no_picture(make_pictures, context):
    folder = make_pictures({"a": 12, "b": 12})
    for name in ("LICENSE", "a/LICENSE", "b/README"):
        (folder / name).write_text("words")
    report = look(folder, context)
    assert report["unreadable"] == []
    assert {row["reason"] for row in report["left_out"]} == {"It is no picture file."}
    assert len(report["left_out"]) == 3


def test_the_only_picture_that_cannot_be_read_is_told_as_one(make_pictures, context):
    folder = make_pictures({"a": 1})
    (folder / "a" / "0.png").write_bytes(b"bad")
    with pytest.raises(UserError, match="The only picture in"):
        look(folder, context)


def test_loose_pictures_are_a_finding(make_pictures, context):
    report = look(make_pictures({".": 12}), context)
    assert report["samples"] == 12
    assert report["classes"] == {}
    assert any("no class folders" in sentence for sentence in report["warnings"])


def test_class_that_is_never_trained_on_is_a_finding(make_pictures, context):
    folder = make_pictures({"train/a": 12, "train/b": 12, "test/a": 12, "test/c": 12})
    assert any("'c'" in sentence for sentence in look(folder, context)["warnings"])


def test_classes_without_a_test_picture_are_a_finding(make_pictures, context):
    folder = make_pictures({"train/a": 12, "train/b": 12, "test/a": 12, "test/c": 12})
    report = look(folder, context)
    assert report["unseen_classes"] == {"untrained": ["c"], "untested": ["b"], "empty": []}
    assert any("No training picture" in sentence and "'c'" in sentence for sentence in report["warnings"])
    assert any("no test picture" in sentence and "'b'" in sentence for sentence in report["warnings"])


def test_what_was_guessed_is_a_finding(make_pictures, context):
    folder = make_pictures({"seg_train/a": 12, "seg_train/b": 12, "seg_test/a": 12, "seg_test/b": 12})
    (folder / "seg_train" / "c").mkdir()
    report = look(folder, context)
    assert report["given"] == ["train", "test"]
    assert report["unseen_classes"]["empty"] == ["c"]
    assert any("'seg_train' = train, 'seg_test' = test" in sentence for sentence in report["warnings"])
    assert any("No picture lies in these folders" in sentence for sentence in report["warnings"])


def test_no_readable_picture_is_an_error(make_pictures, context):
    folder = make_pictures({"a": 1, "b": 1})
    for file in folder.rglob("*.png"):
        file.write_bytes(b"bad")
    with pytest.raises(UserError, match="None of the 2"):
        look(folder, context)


def test_empty_folder_is_an_error(tmp_path, context):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="No pictures"):
        look(tmp_path / "empty", context)


def test_digits(context):
    report = look("digits", context)
    assert report["samples"] == 1797
    assert sum(report["classes"].values()) == 1797


def test_real_odd_pictures(shared_data, context):
    report = look(shared_data("odd-images.zip"), context)
    assert report["samples"] + len(report["unreadable"]) == 210
    broken = {row["path"].rsplit("/", 1)[1] for row in report["unreadable"] if "/pngsuite/" in row["path"]}
    assert len(broken) == 13
    assert all(name.startswith("x") for name in broken)


def test_many_copies_of_one_picture_are_counted(tmp_path, context):
    for label in ("a", "b"):
        (tmp_path / "set" / label).mkdir(parents=True)
        for number in range(60):
            Image.new("L", (8, 8), 7).save(tmp_path / "set" / label / f"{number}.png")
    report = look(tmp_path / "set", context)
    assert (report["duplicate_groups"], report["copies"], report["conflicts"]) == (1, 119, 1)
    assert "119 pictures are exact copies of another; copies are kept in one split." in report["warnings"]
    assert any(line.startswith("120 pictures have an exact copy under another label") for line in report["warnings"])


@pytest.mark.parametrize(
    ("size", "fit", "kept"), [((120, 12), "crop", 10), ((12, 30), "crop", 40), ((120, 12), "pad", 0)]
)
def test_what_cropping_throws_away_is_told(make_pictures, context, new_context, size, fit, kept):
    folder = make_pictures({"a": 12, "b": 12}, size=(size[1], size[0], 3))
    settings = DatasetSettings(data=str(folder), fit=fit)
    said = [line for line in check(settings, context)["warnings"] if "cropping" in line]
    assert [f"cropping keeps {kept} % of each" in line for line in said] == [True] * bool(kept)
    for _ in range(2):  # decoded, and from the cache
        training = new_context()
        load(settings, 0, training)
        logs = [event for event in training.of(Log) if "cropping" in event.message]
        assert [(log.level, log.values["kept"]) for log in logs] == [("warning", kept)] * bool(kept)
    assert len(preview(settings, new_context())["remarks"]) == bool(kept)
