import math

import pytest

from core.text.perplexity_shown import perplexity_shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1.0, "1.00"), (23.456, "23.46"), (50_257.0, "50,257.00"), (math.exp(700), "1.0e+304"), (math.inf, "inf")],
)
def test_a_huge_perplexity_is_a_power_of_ten(value, shown):
    assert perplexity_shown(value) == shown
