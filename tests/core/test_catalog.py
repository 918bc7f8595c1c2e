import pytest

from core import catalog
from core.errors import UserError


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("gtp2", "Did you mean 'gpt2'? Choose one of: cnn, vit, dcgan, gpt2."),
        ("mlp", "Choose one of: cnn, vit, dcgan, gpt2."),
    ],
)
def test_a_name_that_is_in_no_table_is_told_with_those_that_are(name, hint):
    assert catalog.find({"cnn": 1, "vit": 2, "dcgan": 3, "gpt2": 4}, "vit", "model") == 2
    with pytest.raises(UserError) as error:
        catalog.find({"cnn": 1, "vit": 2, "dcgan": 3, "gpt2": 4}, name, "model")
    assert str(error.value) == f"There is no model '{name}'. {hint}"
