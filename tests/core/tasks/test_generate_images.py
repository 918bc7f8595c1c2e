import numpy as np
import pytest

from core.errors import UserError
from core.tasks.generate_images import chosen_labels


def test_all_classes_take_turns_where_none_is_named():
    assert chosen_labels("", ["cats", "dogs"], np.arange(3)).tolist() == [0, 1, 0]
    assert chosen_labels("dogs", ["cats", "dogs"], np.arange(3)).tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("label", "hint"),
    [("cat", "Did you mean 'cats'? It has learnt: cats, dogs."), ("horses", "It has learnt: cats, dogs.")],
)
def test_a_class_that_was_not_learnt_is_told_with_those_that_were(label, hint):
    with pytest.raises(UserError) as error:
        chosen_labels(label, ["cats", "dogs"], np.arange(3))
    assert str(error.value) == f"The run can't draw '{label}'. {hint}"
