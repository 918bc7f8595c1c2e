"""What folders mean: classes, splits, and what is said of them. No picture is decoded here."""

import pytest

from core.data.sources.layout import arrange, is_junk, is_picture_name
from core.data.splits import TEST, TRAIN, UNGIVEN, VALIDATION
from core.settings.dataset import DatasetSettings


def laid_out(*files, folders=(), **changes):
    return arrange(sorted(files), folders, DatasetSettings(data="data", **changes))


def many(*folders, count=3):
    return [f"{folder}/{number}.png" for folder in folders for number in range(count)]


def classes(layout):
    return layout.targets["class"].classes if layout.targets else ()


def counts(layout):
    return {split: list(layout.given).count(split) for split in sorted(set(layout.given))}


def said(layout):
    return " ".join(log.message.format(**log.values) for log in layout.remarks)


PAIR = {TRAIN: 6, TEST: 6}


@pytest.mark.parametrize("outer", ["", "dataset/", "archive/dataset/"])
@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("training_set", "test_set"),
        ("training_set/training_set", "test_set/test_set"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("train_images", "test_images"),
        ("training", "evaluation"),
        ("train", "holdout"),
        ("train/images", "test/images"),
        ("train/train", "test"),
        ("train/flowers", "test/flowers"),
    ],
)
def test_folders_called_as_splits_are_splits(outer, train, test):
    layout = laid_out(*many(*(f"{outer}{split}/{name}" for split in (train, test) for name in ("cats", "dogs"))))
    assert classes(layout) == ("cats", "dogs")
    assert counts(layout) == PAIR
    assert set(layout.inside) == {"0.png", "1.png", "2.png"}
    assert layout.skipped == ()


def test_dev_is_for_validation():
    layout = laid_out(*many(*(f"{split}/{name}" for split in ("train", "dev", "test") for name in "ab")))
    assert counts(layout) == {TRAIN: 6, VALIDATION: 6, TEST: 6}
    assert "'dev' = validation" in said(layout)


def test_plain_names_need_no_word():
    assert laid_out(*many(*(f"{split}/{name}" for split in ("train", "val", "test") for name in "ab"))).remarks == ()


def test_what_lies_beside_the_splits_is_left_out_and_counted():
    layout = laid_out(*many("seg_train/a", "seg_train/b", "seg_test/a", "seg_test/b", "seg_pred"))
    assert counts(layout) == PAIR
    assert {one.reason for one in layout.skipped} == {"It lies outside the train and test folders."}
    assert len(layout.skipped) == 3
    assert "lie beside the splits, and are left out: 'seg_pred'." in said(layout)


def test_a_folder_inside_the_classes_that_is_no_split_beside_some_is_named():
    layout = laid_out(*many("cat/train", "cat/test", "cat/new", "dog/train", "dog/test"))
    assert "are left out: 'cat/new'." in said(layout)
    assert "left out" not in said(laid_out(*many("train", "test")))


def test_splits_inside_the_classes():
    layout = laid_out(*many("cat/train", "cat/test", "dog/train", "dog/test"))
    assert classes(layout) == ("cat", "dog")
    assert counts(layout) == PAIR
    assert set(layout.inside) == {"0.png", "1.png", "2.png"}
    assert "inside the classes are taken for splits: 'train' = train, 'test' = test" in said(layout)


def test_groups_inside_the_classes_are_no_splits():
    layout = laid_out(*many("cat/tom", "cat/tim", "dog/rex", "dog/ann"))
    assert counts(layout) == {UNGIVEN: 12}
    assert layout.remarks == ()


@pytest.mark.parametrize(
    "folders",
    [
        ("train", "test"),
        ("images/train", "images/val"),
        ("train_imgs", "test_imgs"),
        ("train/train", "test1/test1"),
        ("train/images", "valid/images"),
    ],
)
def test_a_flat_pair_is_not_two_classes(folders):
    layout = laid_out(*many(*folders))
    assert classes(layout) == ()
    assert "are taken for splits, and hold their pictures in no class folders" in str(layout.no_classes)
    assert layout.problem is None
    assert TRAIN in counts(layout)
    assert len(counts(layout)) == 2


def test_a_lone_flat_train_folder_is_no_class():
    layout = laid_out(*many("dogs-vs-cats/train"))
    assert classes(layout) == ()
    assert "'train'" in str(layout.no_classes)
    assert classes(laid_out(*many("test"))) == ("test",)


@pytest.mark.parametrize("test", ["test", "test/images", "asl_test/asl_test"])
@pytest.mark.parametrize("beside", [(), ("meta",)])
def test_class_folders_for_the_training_alone(test, beside):
    """The test pictures of a contest lie in no class folders; other folders may lie beside them."""
    train = "asl_train" if test.startswith("asl") else "train"
    layout = laid_out(*many(f"{train}/a/images", f"{train}/b/images", test, *beside))
    assert classes(layout) == ("a", "b")
    assert counts(layout) == {TRAIN: 6}
    assert sum(one.reason == "It lies in no class folder." for one in layout.skipped) == 3
    assert len(layout.skipped) == 3 + 3 * len(beside)


def test_a_flat_test_beside_class_folders_is_left_out_and_counted():
    layout = laid_out(*many("train/a", "train/b", "test"))
    assert classes(layout) == ("a", "b")
    assert counts(layout) == {TRAIN: 6}
    assert {one.reason for one in layout.skipped} == {"It lies in no class folder."}


def test_whoever_has_such_classes_says_so():
    layout = laid_out(*many("train/new", "train/old", "test/tube", "test/bench"), layout="classes")
    assert classes(layout) == ("test", "train")
    assert counts(layout) == {UNGIVEN: 12}


def test_split_names_among_classes_are_told():
    layout = laid_out(*many("train", "test", "plane"))
    assert classes(layout) == ("plane", "test", "train")
    assert "'test', 'train' are called as splits are" in said(layout)
    assert laid_out(*many("train", "plane", "car")).remarks == ()


def test_outer_folders_with_the_same_inner_names_are_told():
    files = many(*(f"{place}/{name}" for place in ("site1", "site2") for name in ("cats", "dogs", "birds")))
    layout = laid_out(*files)
    assert classes(layout) == ("site1", "site2")
    assert "'site1', 'site2' are taken for classes, but hold folders of the same names" in said(layout)
    assert laid_out(*files, group_by="folder").remarks == ()


def test_a_copy_of_all_inside_is_told():
    layout = laid_out(*many("cats", "dogs", "pets/cats", "pets/dogs"))
    assert "'pets' holds folders called like those beside it" in said(layout)


def test_a_copy_in_a_folder_of_its_own_is_told():
    layout = laid_out(*many("pets/cats", "pets/dogs", "data/pets/cats", "data/pets/dogs"))
    assert "'data' holds folders called like those beside it" in said(layout)


@pytest.mark.parametrize("inner", ["", "people/"])
def test_a_data_set_beside_something_else_is_told(inner):
    layout = laid_out(*many(f"people/{inner}tom", f"people/{inner}ann", "unknown"))
    assert classes(layout) == ("people", "unknown")
    assert "'people' holds folders" in said(layout)
    assert laid_out(*many("cats/tom", "cats/tim", "dogs", "birds", "cows")).remarks == ()


def test_classes_that_differ_only_in_case_are_told():
    layout = laid_out(*many("Cat", "cat", "Golden Retriever", "golden_retriever", "dog"))
    assert len(classes(layout)) == 5
    assert "differ only in capitals, spaces or signs: 'Cat', 'cat'" in said(layout)
    assert "'Golden Retriever', 'golden_retriever'" in said(layout)


def test_folders_without_a_picture_are_told_and_those_that_hold_nothing_may_be_classes():
    layout = laid_out(*many("a", "b"), "labels/1.txt", folders=("a", "b", "c", "labels", ".git", "__MACOSX"))
    assert layout.targets["class"].empty == ("c",)
    assert "No picture lies in these folders, so they are left out: 'c', 'labels'" in said(layout)


def test_a_class_that_is_empty_in_one_split_alone_is_not_empty():
    layout = laid_out(
        *many("train/a", "train/b", "test/a"), folders=("train/a", "train/b", "test/a", "test/b", "test/c")
    )
    assert layout.targets["class"].empty == ("c",)


def test_one_full_and_one_empty_class():
    targets = laid_out(*many("cats"), folders=("cats", "dogs")).targets["class"]
    assert "in the folder 'dogs' there are none" in str(targets.problem("data", 2))
    assert targets.problem("data", 1) is None


def test_a_class_may_be_called_by_its_size():
    layout = laid_out(*many(".5mm", ".22", "2mm"))
    assert classes(layout) == (".22", ".5mm", "2mm")


def test_hidden_folders_are_told_unless_every_program_makes_them():
    layout = laid_out(*many("a", "b", ".mine", ".git"), folders=(".extra", ".Trashes", ".ipynb_checkpoints"))
    assert classes(layout) == ("a", "b")
    assert "hidden, and left out: '.extra', '.mine'." in said(layout)


def test_hidden_pictures_are_counted_and_what_systems_leave_is_not():
    layout = laid_out(*many("a", "b"), "a/.x.jpg", "a/._1.jpg", "a/.DS_Store", "a/Thumbs.db", "$RECYCLE.BIN/1.jpg")
    assert [(one.path, one.reason) for one in layout.skipped] == [
        ("data/a/.x.jpg", "It is hidden: its name begins with a dot.")
    ]


@pytest.mark.parametrize(
    "name",
    ["__MACOSX", "$RECYCLE.BIN", "@eaDir", ".Trashes", "Thumbs.db", ".ipynb_checkpoints", "System Volume Information"],
)
def test_what_systems_leave_behind(name):
    assert is_junk(name)


def test_archives_among_the_pictures_are_told():
    layout = laid_out(*many("a", "b"), "more.zip", "a/rest.tar.gz")
    assert "Archives inside the data are not looked into (2, such as 'data/a/rest.tar.gz')" in said(layout)
    assert {one.reason for one in layout.skipped} == {"It is an archive: unpack it to have its pictures read."}
    assert not is_picture_name("a.7z")


def test_nothing_but_an_archive():
    assert "but the archive 'flowers.zip'" in str(laid_out("flowers.zip").problem)


def test_the_layout_of_earlier_runs_is_kept():
    layout = laid_out(*many("training_set/a", "training_set/b", "test_set/a", ".5mm"), layout="earlier")
    assert classes(layout) == ("test_set", "training_set")
    assert layout.remarks == ()
    layout = laid_out(*many("train/a", "train/b", "dev/a", "test/a"), layout="earlier")
    assert counts(layout) == {TRAIN: 6, TEST: 3}
    assert len(layout.skipped) == 3
