import numpy as np
import pytest
from PIL import Image

from core.data.decode import DecodeError
from core.data.load import load
from core.data.pictures import find_pictures, read_picture
from core.errors import CancelledError
from core.settings.dataset import DatasetSettings


def test_folders_are_searched_in_natural_order(make_pictures, context, tmp_path):
    folder = make_pictures({"a": 11, "a/deep/er": 1, ".hidden": 1})
    (folder / "a" / "notes.txt").write_text("hello")
    found, skipped = find_pictures([folder], context)
    assert [path.relative_to(folder).as_posix() for path in found] == [
        *(f"a/{number}.png" for number in range(11)),
        "a/deep/er/0.png",
    ]
    assert [one.path for one in skipped] == [str(folder / "a" / "notes.txt")]


def test_given_order_is_kept_and_nothing_comes_twice(make_pictures, context):
    folder = make_pictures({"a": 2, "b": 1})
    found, skipped = find_pictures([folder / "b" / "0.png", folder, str(folder / "a" / "1.png")], context)
    assert found == [folder / "b" / "0.png", folder / "a" / "0.png", folder / "a" / "1.png"]
    assert skipped == ()


def test_what_is_not_there_is_listed(context, tmp_path):
    found, skipped = find_pictures([tmp_path / "gone.png"], context)
    assert found == []
    assert skipped[0].path == str(tmp_path / "gone.png")


def test_stop(make_pictures, context):
    context.cancel()
    with pytest.raises(CancelledError):
        find_pictures([make_pictures({"a": 1})], context)


@pytest.mark.parametrize("changes", [{}, {"image_px": 7}, {"colour": "grey"}, {"fit": "pad", "background": "#102030"}])
@pytest.mark.parametrize("size", [(30, 44, 3), (30, 44), (30, 44, 4)])
def test_pictures_are_read_as_training_read_them(make_pictures, context, changes, size):
    settings = DatasetSettings(data=str(make_pictures({"a": 3, "b": 3}, size=size)), **changes)
    dataset = load(settings, 0, context)
    side, _, channels = dataset.shape
    for name, picture in zip(dataset.names, dataset.images, strict=True):
        again = read_picture(name, side_px=side, channels=channels, background=settings.background, fit=settings.fit)
        assert np.array_equal(again, picture)


def test_large_photos_are_read_as_training_read_them(context, tmp_path):
    x, y = np.meshgrid(np.linspace(0, 255, 1000), np.linspace(0, 255, 800))
    for label, blue in (("a", 0), ("b", 255)):
        (tmp_path / "photos" / label).mkdir(parents=True)
        picture = np.stack([x, y, np.full_like(x, blue)], -1).astype(np.uint8)
        Image.fromarray(picture).save(tmp_path / "photos" / label / "1.jpg")
    dataset = load(DatasetSettings(data=str(tmp_path / "photos")), 0, context)
    assert np.array_equal(read_picture(dataset.names[0], side_px=64, channels=3), dataset.images[0])


def test_unreadable_picture_says_why(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"bad")
    with pytest.raises(DecodeError, match="no picture"):
        read_picture(tmp_path / "bad.png", side_px=8, channels=3)
