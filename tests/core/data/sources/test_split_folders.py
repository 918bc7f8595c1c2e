import pytest

from core.data.sources.split_folders import splits_of
from core.data.splits import TEST, TRAIN, VALIDATION


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("Training", "Testing"),
        ("training_set", "test_set"),
        ("TrainingSet", "TestSet"),
        ("trainset", "testset"),
        ("seg_train", "seg_test"),
        ("train_images", "test_images"),
        ("images_train", "images_test"),
        ("train", "holdout"),
        ("train", "hold-out"),
        ("training", "evaluation"),
        ("train data", "eval data"),
        ("train2017", "test2017"),
        ("01_train", "02_test"),
        ("stage1_train", "stage1_test"),
        ("ILSVRC2012_img_train", "ILSVRC2012_img_test"),
        ("训练集", "测试集"),
        ("trainval", "test"),
    ],
)
def test_usual_names_of_splits(train, test):
    assert splits_of([train, test]) == {train: TRAIN, test: TEST}


@pytest.mark.parametrize("name", ["val", "valid", "Validation", "dev", "dev_set", "验证集", "val2017"])
def test_usual_names_of_validation(name):
    assert splits_of(["train", name, "test"])[name] == VALIDATION


@pytest.mark.parametrize("last", ["eval", "evaluation", "holdout"])
def test_what_is_held_out_is_for_the_test_unless_something_else_is(last):
    assert splits_of(["train", last]) == {"train": TRAIN, last: TEST}
    assert splits_of(["train", "val", last])[last] == TEST
    assert splits_of(["train", last, "test"])[last] == VALIDATION
    assert splits_of(["train", "val", "test", last])[last] == TEST


@pytest.mark.parametrize(
    "names",
    [
        ("cats", "dogs"),
        ("bullet_train", "crash_test"),
        ("trains", "tests"),
        ("test_tube", "beaker"),
        ("train_test", "both"),
        ("device", "developer"),
        ("invalid", "trainer"),
    ],
)
def test_names_of_classes_are_no_splits(names):
    assert splits_of(names) == {}


def test_other_names_beside_splits_mean_nothing():
    assert splits_of(["seg_train", "seg_test", "seg_pred"]) == {"seg_train": TRAIN, "seg_test": TEST}
    assert splits_of(["train", "test", "test_hard"]) == {"train": TRAIN, "test": TEST}
