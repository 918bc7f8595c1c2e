"""Targets that lie in a picture go where its pixels go: a rectangle is drawn, and looked for afterwards.

The boxes here are a kind of target as one would be added: it needs no more than this class.
"""

from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from core import catalog
from core.data.augment import Augmentation
from core.data.batches import Batches
from core.data.fitting import fit_picture, fit_placement
from core.data.index import Index
from core.data.load import load
from core.data.sources import folders
from core.data.targets.target import Targets
from core.kinds.kind import Wanted
from core.settings.dataset import DatasetSettings

SIZES = [(60, 90), (90, 60), (80, 80), (64, 200)]


class BoxTargets(Targets):
    """One box a sample: top, left, bottom, right in px of the file's picture."""

    kind: ClassVar[str] = "boxes"
    follows_picture: ClassVar[bool] = True
    shape = (4,)
    dtype = "float32"

    def __init__(self, boxes):
        self.boxes = np.asarray(boxes, np.float64)

    def __len__(self):
        return len(self.boxes)

    def take(self, places):
        return BoxTargets(self.boxes[places])

    def header(self):
        return (self.kind,)

    def content(self):
        return self.boxes.tobytes()

    def batch(self, places, placement=None):
        corners = self.boxes[places].reshape(-1, 2)
        moved = placement.moved(np.repeat(np.arange(len(places)), 2), corners).reshape(-1, 2, 2)
        return np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1).astype(np.float32)


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
    expected = BoxTargets(boxes).batch(np.arange(len(boxes)), placement)
    for picture, box in zip(moved, expected, strict=True):
        np.testing.assert_array_equal(found(picture), box)
    assert (not np.array_equal(moved, images)) == bool(pad or flip)


def test_boxes_of_files_come_with_their_batches(tmp_path, context, monkeypatch):
    """A turned photo too: its box is told in the picture as it is seen."""
    boxes = [(10, 20, 40, 60), (20, 10, 50, 50), (30, 30, 60, 58), (5, 40, 55, 80)]
    for number, (size, box) in enumerate(zip([(60, 90), (90, 60), (70, 70), (60, 100)], boxes, strict=True)):
        picture, exif = drawn(size, box), Image.Exif()
        if number == 0:  # stored on its side
            picture, exif[0x0112] = np.rot90(picture), 6
        (tmp_path / "pictures" / "a").mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(picture)).save(tmp_path / "pictures" / "a" / f"{number}.png", exif=exif)

    def index(settings, seed, context) -> Index:
        found = folders.index(settings, seed, context)
        return Index(**{**vars(found), "targets": {**found.targets, "boxes": BoxTargets(boxes)}})

    monkeypatch.setitem(catalog.TARGETS, "boxes", "core.data.targets.nothing:stand_in")
    rows = {"folder": catalog.Dataset("", "", f"{__name__}:index", "core.data.sources.folders:recognise")}
    monkeypatch.setattr(catalog, "DATASETS", rows)
    loaded = catalog.load
    monkeypatch.setattr(catalog, "load", lambda name: index if name == f"{__name__}:index" else loaded(name))
    values = {"data": str(tmp_path / "pictures"), "image_px": 48, "fit": "pad", "background": "#000000"}
    dataset = load(DatasetSettings(**values, test_share=0, validation_share=0), 0, context, Wanted("boxes", 1))
    batches = Batches(
        dataset.images,
        dataset.targets,
        dataset.splits["train"],
        4,
        seed=1,
        augmentation=Augmentation(4, flip=True),
        placement=dataset.placement,
    )
    for epoch in range(3):
        images, moved = batches.batch(epoch, 0)
        for picture, box in zip(images, moved, strict=True):
            np.testing.assert_allclose(found(picture), np.clip(box, 0, 48), atol=1.0)
