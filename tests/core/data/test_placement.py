"""Targets that lie in a picture go where its pixels go: a rectangle is drawn, and looked for afterwards.

The boxes here are a kind of target as one would be added: it needs no more than this class.
"""

from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from core import catalog
from core.data import cache, reading
from core.data.augment import Augmentation
from core.data.fitting import fit_picture, fit_placement
from core.data.index import Index
from core.data.load import load
from core.data.picture_batches import PictureBatches
from core.data.sources import folders
from core.data.targets.target import Targets
from core.kinds.kind import Wanted
from core.settings.dataset import DatasetSettings

SIZES = [(60, 90), (90, 60), (80, 80), (64, 200)]


class BoxTargets(Targets):
    """One box a sample, with its class: top, left, bottom, right in px of the file's picture."""

    kind: ClassVar[str] = "boxes"
    follows_picture: ClassVar[bool] = True

    def __init__(self, boxes, labels=None):
        self.boxes = np.asarray(boxes, np.float64)
        self.labels = np.arange(len(self.boxes), dtype=np.int32) if labels is None else labels

    def __len__(self):
        return len(self.boxes)

    def take(self, places):
        return BoxTargets(self.boxes[places], self.labels[places])

    def header(self):
        return (self.kind,)

    def content(self):
        return self.boxes.tobytes() + self.labels.tobytes()

    def batch(self, places, placement=None, random=None):
        corners = self.boxes[places].reshape(-1, 2)
        moved = placement.moved(np.repeat(np.arange(len(places)), 2), corners).reshape(-1, 2, 2)
        boxes = np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1).astype(np.float32)
        return {"boxes": boxes, "labels": self.labels[places]}


def drawn(size, box):
    picture = np.zeros((*size, 3), np.uint8)
    top, left, bottom, right = box
    picture[top:bottom, left:right] = 255
    return picture


def found(picture):
    """Where the rectangle lies, to the half pixel: by how white each row and column is."""
    light = picture[..., 0] / 255
    ends = []
    for axis in (1, 0):
        profile = light.max(axis=axis)
        inside = np.flatnonzero(profile > 0.5)
        ends.append((inside[0], inside[-1] + 1))
    (top, bottom), (left, right) = ends
    return np.array([top, left, bottom, right], float)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", SIZES)
def test_a_box_is_fitted_with_its_picture(fit, size):
    middle = np.array(size) // 2
    box = (middle[0] - 12, middle[1] - 18, middle[0] + 16, middle[1] + 10)
    picture = fit_picture(drawn(size, box), 48, 3, fit=fit, background="#000000")
    placement = fit_placement(np.array([size]), 48, fit=fit)
    moved = placement.moved(np.zeros(2, int), np.array(box, float).reshape(2, 2)).ravel()
    np.testing.assert_allclose(found(picture), moved, atol=1.0)


@pytest.mark.parametrize(("pad", "flip"), [(0, False), (5, False), (0, True), (5, True)])
def test_a_box_is_augmented_with_its_picture(pad, flip):
    boxes = np.array([(10, 12, 20, 30), (8, 8, 24, 16), (12, 20, 30, 28)] * 8)
    images = np.stack([drawn((40, 40), box) for box in boxes])
    augmentation = Augmentation(pad, flip)
    moved, placement = augmentation(images.copy(), np.random.default_rng(0))
    expected = BoxTargets(boxes).batch(np.arange(len(boxes)), placement)["boxes"]
    for picture, box in zip(moved, expected, strict=True):
        np.testing.assert_array_equal(found(picture), box)
    assert (not np.array_equal(moved, images)) == bool(pad or flip)


BOXES = [(10, 20, 40, 60), (20, 10, 50, 50), (30, 30, 60, 58), (5, 40, 55, 80), (10, 20, 40, 60)]
FILE_SIZES = [(60, 90), (90, 60), (70, 70), (60, 100), (60, 90)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of pictures with boxes: one lies on its side, of one the EXIF block is damaged, one is a JPEG."""
    (tmp_path / "pictures" / "a").mkdir(parents=True)
    for number, (size, box) in enumerate(zip(FILE_SIZES, BOXES, strict=True)):
        picture, exif = drawn(size, box), Image.Exif()
        if number == 0:
            picture, exif[0x0112] = np.rot90(picture), 6
        path = tmp_path / "pictures" / "a" / f"{number}.{'jpg' if number == 4 else 'png'}"
        extra = {"exif": b"Exif\0\0II*\0" + b"\xff" * 9} if number == 3 else {"exif": exif}
        Image.fromarray(np.ascontiguousarray(picture)).save(path, quality=95, **extra)

    def index(settings, seed, context) -> Index:
        found = folders.index(settings, seed, context)
        return Index(**{**vars(found), "targets": {**found.targets, "boxes": BoxTargets(BOXES)}})

    monkeypatch.setitem(catalog.TARGETS, "boxes", "core.data.targets.nothing:stand_in")
    rows = {"folder": catalog.Dataset("", "", f"{__name__}:index", "core.data.sources.folders:recognise")}
    monkeypatch.setattr(catalog, "DATASETS", rows)
    loaded = catalog.load
    monkeypatch.setattr(catalog, "load", lambda name: index if name == f"{__name__}:index" else loaded(name))
    return tmp_path / "pictures"


def boxes_of(folder, context):
    values = {"data": str(folder), "image_px": 48, "fit": "pad", "background": "#000000"}
    return load(DatasetSettings(**values, test_share=0, validation_share=0), 0, context, Wanted("boxes", 1))


def test_boxes_of_files_come_with_their_batches(folder, context):
    """A turned photo too, and one whose EXIF block is damaged: its box is told in the picture as it is seen."""
    dataset = boxes_of(folder, context)
    assert len(dataset.images) == 5
    batches = PictureBatches.of(dataset, "train", 5, seed=1, augmentation=Augmentation(4, flip=True))
    for epoch in range(3):
        images, moved = batches.batch(epoch, 0)
        assert moved["labels"].tolist() == batches.order(epoch).tolist()
        for picture, box in zip(images, moved["boxes"], strict=True):
            np.testing.assert_allclose(found(picture), np.clip(box, 0, 48), atol=1.0)


def test_the_files_sizes_are_looked_up_once(folder, context, new_context, monkeypatch):
    first = boxes_of(folder, context)
    monkeypatch.setattr(reading, "read_size", None)  # would end the test
    again = boxes_of(folder, new_context())
    np.testing.assert_array_equal(first.placement.scale, again.placement.scale)
    (kept,) = context.workspace.cache_folder.rglob(cache.SIZES)
    kept.write_bytes(kept.read_bytes()[:-30])
    with pytest.raises(TypeError):
        boxes_of(folder, new_context())


def test_no_one_trains_on_boxes_that_stay_where_they_were():
    with pytest.raises(ValueError, match="kind 'boxes' lie in the pictures"):
        PictureBatches(np.zeros((5, 8, 8, 3), np.uint8), BoxTargets(BOXES), np.arange(5), 5)
