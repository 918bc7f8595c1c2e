"""Rows batch by batch: one long text costs the others nothing, and nothing is left out."""

import numpy as np
import pytest

from core.data.prefetch import prefetch
from core.text.rows.batches import RowBatches
from core.text.rows.rows import NO_TARGET, lay_out

E = 9


def made(lengths):
    return lay_out([np.arange(1, length + 2) % 8 for length in lengths], 512, E)


def every(batches, epoch=0):
    return [batches.batch(epoch, step) for step in range(len(batches))]


def asked(batches):
    return sorted(int(label) for _, labels in batches for label in labels.ravel() if label != NO_TARGET)


def test_one_long_text_widens_its_own_batch_only():
    rows = made([5] * 50 + [500] + [7] * 50)
    found = every(RowBatches(rows, 10))
    assert [ids.shape[1] for ids, _ in found] == [500] + [16] * 10
    assert asked(found) == sorted(rows.labels.tolist())


def test_batches_of_rows_that_are_half_full_have_one_shape():
    batches = RowBatches(made([30, 40, 50, 60] * 5), 4)
    assert batches.one_width
    assert {ids.shape for ids, _ in every(batches)} == {(4, 60)}
    assert np.array_equal(batches.order(0), np.arange(20))


@pytest.mark.parametrize("lengths", [[5] * 30 + [300], [30, 40] * 10])
def test_training_sees_every_row_in_an_order_that_the_seed_fixes(lengths):
    rows = made(lengths)
    one, again = (RowBatches(rows, 8, seed=3) for _ in range(2))
    for (ids, labels), (other, others) in zip(every(one, 1), every(again, 1), strict=True):
        assert np.array_equal(ids, other)
        assert np.array_equal(labels, others)
    assert not np.array_equal(one.order(0), one.order(1))
    assert set(one.order(0)) == set(range(len(rows)))


def test_rows_are_got_ready_ahead_as_pictures_are():
    batches = RowBatches(made([5] * 30 + [300]), 8, seed=3)
    assert (batches.batch_bytes, batches.workers) == (8 * 300 * 2 * 4, 1)
    for step, (ids, labels) in enumerate(prefetch(batches, epoch=2)):
        np.testing.assert_array_equal([ids, labels], batches.batch(2, step))
    assert step == len(batches) - 1


def test_no_rows_make_no_batches():
    assert len(RowBatches(made([]), 8)) == 0
