import shutil

import numpy as np
import pytest

from core.data.load import load, report_small_test
from core.errors import CancelledError, UserError
from core.events import Log
from core.settings.dataset import DatasetSettings


def test_digits_are_ready_to_train_on(context):
    dataset = load(DatasetSettings(), 0, context)
    assert dataset.images.shape == (1797, 8, 8, 1)
    assert dataset.images.dtype == np.uint8
    assert (dataset.images.min(), dataset.images.max()) == (0, 255)
    assert dataset.targets.classes == tuple("0123456789")
    assert dataset.targets.labels.dtype == np.int32
    assert dataset.targets.labels[:10].tolist() == list(range(10))
    assert {name: len(rows) for name, rows in dataset.splits.items()} == {"train": 1258, "validation": 180, "test": 359}
    assert dataset.given == ()


def test_same_seed_same_dataset_and_fingerprint(context):
    first, again, other = (load(DatasetSettings(), seed, context) for seed in (3, 3, 4))
    assert first.fingerprint == again.fingerprint == other.fingerprint
    assert np.array_equal(first.splits["test"], again.splits["test"])
    assert not np.array_equal(first.splits["test"], other.splits["test"])


def test_size_and_colour_are_settings(context):
    dataset = load(DatasetSettings(image_px=12, colour="rgb"), 0, context)
    assert dataset.shape == (12, 12, 3)
    assert np.array_equal(dataset.images[..., 0], dataset.images[..., 2])
    assert dataset.fingerprint != load(DatasetSettings(), 0, context).fingerprint


def test_unknown_name_is_one_clear_sentence(context):
    with pytest.raises(UserError, match="no-such-thing"):
        load(DatasetSettings(data="no-such-thing"), 0, context)


def test_cancelled_context_stops_at_once(context):
    context.cancel()
    with pytest.raises(CancelledError):
        load(DatasetSettings(), 0, context)


def test_copies_across_given_splits_are_counted_and_told_once(context, make_pictures):
    folder = make_pictures({"train/cats": 4, "train/dogs": 4, "test/cats": 3, "test/dogs": 3})
    for number in range(2):
        shutil.copy(folder / "train/cats" / f"{number}.png", folder / "test/cats" / f"{number}.png")
    assert load(DatasetSettings(data=str(folder), validation_share=0.3), 0, context).leaks == 2
    told = [log for log in context.of(Log) if "exact copy" in log.message]
    assert [(log.level, log.values) for log in told] == [("warning", {"count": 2})]


def test_without_copies_nothing_leaks(context):
    assert load(DatasetSettings(), 0, context).leaks == 0
    assert not context.of(Log)


def test_a_test_split_of_few_pictures_is_warned_of(context):
    for count in (0, 29, 30):
        report_small_test(count, context)
    assert [event.values["count"] for event in context.of(Log)] == [29]
