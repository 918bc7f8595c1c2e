"""Order and augmentation follow from seed, epoch and step alone."""

import numpy as np
import pytest

from core.data.augment import Augmentation
from core.data.picture_batches import PictureBatches
from core.data.targets.captions import CaptionTargets
from core.data.targets.classes import ClassTargets

IMAGES = np.arange(10 * 4 * 4, dtype=np.uint8).reshape(10, 4, 4, 1)
TARGETS = ClassTargets(tuple("abcdefghij"), np.arange(10))


def batches(size=4, seed=3, augmentation=None, indices=None):
    return PictureBatches(IMAGES, TARGETS, np.arange(10) if indices is None else indices, size, seed, augmentation)


def test_every_picture_is_seen_in_each_epoch():
    made = batches()
    labels = np.concatenate([made.batch(0, step)[1] for step in range(len(made))])
    assert set(labels.tolist()) == set(range(10))


def test_training_batches_all_have_one_shape():
    made = batches()
    assert len(made) == 3
    assert {made.batch(0, step)[0].shape for step in range(3)} == {(4, 4, 4, 1)}


def test_a_batch_is_never_larger_than_the_split():
    made = batches(size=64, indices=np.array([2, 5, 7]))
    assert len(made) == 1
    assert sorted(made.batch(0, 0)[1].tolist()) == [2, 5, 7]


def test_epochs_differ_and_repeat_themselves():
    augmentation = Augmentation(1, flip=True)
    first, again = batches(augmentation=augmentation), batches(augmentation=augmentation)
    for step in (2, 0):
        for one, other in zip(first.batch(5, step), again.batch(5, step), strict=True):
            np.testing.assert_array_equal(one, other)
    assert first.order(5).tolist() != first.order(6).tolist()
    assert first.order(5).tolist() != batches(seed=4).order(5).tolist()


def test_each_epoch_and_step_augments_anew():
    made = batches(size=10, augmentation=Augmentation(1, flip=True))
    seen = []
    for epoch in range(4):
        images, labels = made.batch(epoch, 0)
        seen.append(images[np.argsort(labels)].tobytes())
    assert len(set(seen)) == 4


def test_without_a_seed_the_order_is_kept_and_the_last_batch_short():
    made = batches(seed=None)
    assert [made.batch(0, step)[1].tolist() for step in range(3)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


CAPTIONS = CaptionTargets([tuple(f"{place} {word}" for word in "abcd") for place in range(10)])


def test_which_caption_is_trained_on_follows_from_seed_epoch_and_step():
    def captions(epoch, step, augmentation=None, seed=3):
        return PictureBatches(IMAGES, CAPTIONS, np.arange(10), 4, seed, augmentation).batch(epoch, step)[1].tolist()

    assert captions(2, 1) == captions(2, 1) == captions(2, 1, Augmentation(1, flip=True))
    words = {captions(epoch, 0, seed=3)[place].split()[1] for epoch in range(6) for place in range(4)}
    assert words == set("abcd")
    assert captions(0, 0, seed=None) == [f"{place} a" for place in range(4)]


def test_a_batch_is_prepared_of_its_pictures_and_targets():
    def prepare(images, captions):
        tokens = np.array([int(text.split()[0]) for text in captions])
        return {"pictures": images, "tokens": tokens[:, None]}, tokens + 1

    made = PictureBatches(IMAGES, CAPTIONS, np.arange(10), 4, seed=3, prepare=prepare)
    samples, labels = made.batch(0, 1)
    chosen = made.order(0)[4:8]
    np.testing.assert_array_equal(samples["pictures"], IMAGES[chosen])
    np.testing.assert_array_equal(samples["tokens"][:, 0], chosen)
    np.testing.assert_array_equal(labels, chosen + 1)


def test_an_empty_split_has_no_batches():
    assert len(batches(seed=None, indices=np.array([], np.int64))) == 0


def test_crops_have_an_offset_for_each_picture():
    images = np.zeros((64, 5, 5, 1), np.uint8)
    images[:, 2, 2] = 255
    moved, _ = Augmentation(1)(images, np.random.default_rng(0))
    places = {tuple(np.argwhere(picture[..., 0])[0]) for picture in moved}
    assert places == {(row, column) for row in (1, 2, 3) for column in (1, 2, 3)}


def test_flips_mirror_about_half_the_pictures():
    images = np.tile(np.arange(4, dtype=np.uint8)[:, None], (200, 3, 1, 1))
    flipped, _ = Augmentation(flip=True)(images.copy(), np.random.default_rng(0))
    mirrored = [picture[0, 0, 0] == 3 for picture in flipped]
    assert 70 < sum(mirrored) < 130
    assert all(sorted(picture[0, :, 0].tolist()) == [0, 1, 2, 3] for picture in flipped)


def test_the_data_set_itself_is_never_changed():
    before = IMAGES.copy()
    batches(augmentation=Augmentation(1, flip=True)).batch(0, 0)
    Augmentation(flip=True)(IMAGES[:5].copy(), np.random.default_rng(0))
    np.testing.assert_array_equal(IMAGES, before)


@pytest.mark.parametrize("channels", [1, 3])
def test_crops_keep_the_channels_together(channels):
    images = np.random.default_rng(0).integers(0, 255, (3, 6, 6, 1), dtype=np.uint8).repeat(channels, axis=-1)
    cropped, _ = Augmentation(2)(images, np.random.default_rng(1))
    assert cropped.shape == images.shape
    assert (cropped == cropped[..., :1]).all()
