import time

import pytest
from PIL import Image

from core.data.load import load
from core.data.preview import preview
from core.errors import UserError
from core.events import Images
from core.settings.dataset import DatasetSettings


def test_counts_and_pictures_of_every_class(make_pictures, context):
    folder = make_pictures({"a": 40, "b": 20, "c": 1}, size=(20, 20, 3))
    report = preview(DatasetSettings(data=str(folder)), context)
    assert report["classes"] == {"a": 40, "b": 20, "c": 1}
    assert report["samples"] == 61
    assert report["shape"] == [20, 20, 3]
    assert report["splits"] == {"train": 43, "validation": 6, "test": 12}
    assert report["given"] == []
    (event,) = context.of(Images)
    assert event.title == "preview"
    assert len(event.pictures) == len(event.details) <= 40
    assert [detail["label"] for detail in event.details[:3]] == ["a", "b", "c"]
    assert event.details[0]["path"].endswith(".png")


def test_thumbnails_are_small_and_unreadable_pictures_left_out(make_pictures, context):
    folder = make_pictures({"a": 2, "b": 2}, size=(100, 300, 3))
    (folder / "a" / "0.png").write_bytes(b"bad")
    preview(DatasetSettings(data=str(folder)), context)
    (event,) = context.of(Images)
    assert [picture.shape for picture in event.pictures] == [(32, 96, 3)] * 3


def test_given_splits(make_pictures, context):
    folder = make_pictures({"train/a": 16, "train/b": 16, "test/a": 4, "test/b": 4})
    report = preview(DatasetSettings(data=str(folder)), context)
    assert report["splits"] == {"train": 28, "validation": 4, "test": 8}
    assert report["given"] == ["train", "test"]


def test_what_was_guessed_is_handed_on_as_templates(make_pictures, context):
    folder = make_pictures({"train/a": 3, "train/b": 3, "dev/a": 3, "dev/b": 3})
    (remark,) = preview(DatasetSettings(data=str(folder)), context)["remarks"]
    assert remark["message"].startswith("These folders are taken for splits: {folders}.")
    assert remark["values"] == {"folders": "'train' = train, 'dev' = validation"}


def test_embedded_digits(context):
    report = preview(DatasetSettings(data="digits"), context)
    assert report["samples"] == 1797
    assert report["shape"] == [8, 8, 1]
    (event,) = context.of(Images)
    assert sorted({detail["label"] for detail in event.details}) == list("0123456789")
    assert len(event.pictures) == 40


def test_settings_decide_the_shape(context):
    assert preview(DatasetSettings(data="digits", image_px=16, colour="rgb"), context)["shape"] == [16, 16, 3]


@pytest.mark.parametrize("changes", [{}, {"image_px": 10}, {"colour": "grey"}])
def test_the_shape_is_the_one_that_training_takes(make_pictures, context, new_context, changes):
    for data in (str(make_pictures({"a": 12, "b": 12}, size=(20, 30, 3))), "digits"):
        settings = DatasetSettings(data=data, **changes)
        assert tuple(preview(settings, context)["shape"]) == load(settings, 0, new_context()).shape


def test_what_cannot_be_trained_on_is_said(make_pictures, context):
    with pytest.raises(UserError, match="only one class"):
        preview(DatasetSettings(data=str(make_pictures({"a": 3}))), context)


def test_nothing_is_written(make_pictures, context):
    preview(DatasetSettings(data=str(make_pictures({"a": 3, "b": 3}))), context)
    assert not context.workspace.folder.exists()


def test_fifty_thousand_pictures_take_less_than_two_seconds(shared_data, context):
    path = shared_data("cifar10-train.zip")
    started = time.perf_counter()
    report = preview(DatasetSettings(data=str(path)), context)
    assert time.perf_counter() - started < 4  # 2 s where the machine is idle
    assert report["samples"] == 50_000
    assert report["shape"] == [32, 32, 3]


def test_pictures_are_ready_for_a_window(make_pictures, context):
    preview(DatasetSettings(data=str(make_pictures({"a": 3, "b": 3}, size=(10, 10)))), context)
    (event,) = context.of(Images)
    assert Image.fromarray(event.pictures[0][..., 0]).size == (10, 10)
