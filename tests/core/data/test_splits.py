import numpy as np
import pytest

from core.data.splits import make_splits


def split(labels, **changes):
    values = {"test_share": 0.2, "validation_share": 0.1, "seed": 0} | changes
    return make_splits(np.asarray(labels), **values)


def sizes(splits):
    return [len(splits[name]) for name in ("train", "validation", "test")]


def test_shares_are_of_the_whole_and_cover_everything_once():
    splits = split(np.repeat(np.arange(10), 100))
    assert sizes(splits) == [700, 100, 200]
    assert sorted(np.concatenate(list(splits.values()))) == list(range(1000))
    assert all(np.array_equal(rows, np.sort(rows)) and rows.dtype == np.int64 for rows in splits.values())


def test_every_class_gets_its_share_of_every_split():
    labels = np.repeat([0, 1, 2], [500, 100, 30])
    splits = split(labels)
    assert np.bincount(labels[splits["test"]]).tolist() == [100, 20, 6]
    assert np.bincount(labels[splits["validation"]]).tolist() == [50, 10, 3]


def test_rounding_keeps_the_total_share():
    assert sizes(split(np.repeat(np.arange(7), 9), validation_share=0.0)) == [50, 0, 13]  # 63 * 0.2 = 12.6


def test_same_seed_same_splits_and_another_seed_others():
    labels = np.arange(300) % 3
    first, again, other = split(labels, seed=5), split(labels, seed=5), split(labels, seed=6)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["test"], other["test"])


def test_known_splits_never_change_between_versions():
    assert split([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], seed=1)["test"].tolist() == [3, 9]


def test_class_with_one_picture_goes_to_train():
    assert 40 in split([0] * 40 + [1])["train"]


@pytest.mark.parametrize("count", [2, 3, 4])
def test_every_class_keeps_a_picture_to_train_on(count):
    splits = split([0] * count + [1] * count, test_share=0.6, validation_share=0.39)
    labels = np.repeat([0, 1], count)
    assert set(labels[splits["train"]]) == {0, 1}


def test_exact_duplicates_never_straddle_a_split():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 400)
    digests = rng.integers(0, 250, 400).astype(np.uint64)
    splits = split(labels, digests=digests)
    seen = [set(digests[rows]) for rows in splits.values()]
    assert not seen[0] & (seen[1] | seen[2])
    assert not seen[1] & seen[2]
    assert 60 <= len(splits["test"]) <= 100
    assert 25 <= len(splits["validation"]) <= 55


def test_class_of_copies_of_one_picture_stays_together():
    splits = split([0] * 10 + [1] * 40, digests=np.r_[np.zeros(10), np.arange(1, 41)].astype(np.uint64))
    assert set(range(10)) <= set(splits["train"])


def test_groups_stay_together_and_shares_are_met():
    people = np.repeat(np.arange(200), 10)
    labels = np.tile(np.arange(10), 200)
    splits = split(labels, groups=people)
    assert sizes(splits) == [1400, 200, 400]
    assert not set(people[splits["test"]]) & set(people[splits["train"]])
    assert not set(people[splits["validation"]]) & set(people[splits["train"]])


def test_duplicates_link_groups():
    groups = np.repeat(np.arange(20), 5)
    digests = np.arange(100).astype(np.uint64)
    digests[99] = digests[0]  # the last person's picture is a copy of the first's
    for seed in range(10):
        splits = split(np.tile(np.arange(5), 20), groups=groups, digests=digests, seed=seed)
        home = next(set(rows) for rows in splits.values() if 0 in rows)
        assert home >= set(range(5)) | set(range(95, 100))


def test_given_test_split_wins_and_validation_comes_out_of_train():
    given = np.r_[np.zeros(80), np.full(20, 2)].astype(np.int8)
    splits = split(np.arange(100) % 2, given=given)
    assert splits["test"].tolist() == list(range(80, 100))
    assert sizes(splits) == [70, 10, 20]


def test_given_validation_split_wins_and_test_comes_out_of_train():
    given = np.r_[np.zeros(80), np.full(20, 1)].astype(np.int8)
    splits = split(np.arange(100) % 2, given=given)
    assert splits["validation"].tolist() == list(range(80, 100))
    assert sizes(splits) == [60, 20, 20]


def test_only_a_given_test_split_leaves_the_others_empty():
    splits = split(np.arange(10) % 2, given=np.full(10, 2, np.int8))
    assert sizes(splits) == [0, 0, 10]


def test_no_shares_put_everything_into_train():
    assert sizes(split(np.arange(10) % 2, test_share=0.0, validation_share=0.0)) == [10, 0, 0]
