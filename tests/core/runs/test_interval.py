"""The interval of a share against scipy's, and at the ends where simpler ones fail."""

import pytest
from scipy.stats import binomtest

from core.runs.interval import interval_shown, wilson_interval


@pytest.mark.parametrize(("right", "count"), [(0, 1), (1, 1), (0, 24), (24, 24), (7, 24), (350, 359), (52, 100)])
def test_it_is_wilsons(right, count):
    expected = binomtest(right, count).proportion_ci(0.95, method="wilson")
    assert wilson_interval(right / count, count) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_all_of_few_says_less_than_all_of_many():
    (few, top), (many, _) = wilson_interval(1.0, 10), wilson_interval(1.0, 1000)
    assert few < 0.75 < 0.99 < many < top == pytest.approx(1)


@pytest.mark.parametrize(("share", "count"), [(0.5, 0), (1.1, 10), (-0.1, 10), (float("nan"), 10)])
def test_what_is_no_share_is_a_mistake_of_the_program(share, count):
    with pytest.raises(ValueError, match="Received"):
        wilson_interval(share, count)


def test_people_read_it_in_percent():
    assert interval_shown(0.52, 100) == "42.3 to 61.5 %"
    assert interval_shown(0.52, 0) == ""
