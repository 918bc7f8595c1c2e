import pickle

import pytest

from core.errors import UserError, closest


def test_a_user_error_is_one_sentence_and_a_remedy():
    error = UserError("No pictures found in '{path}'.", hint="Put one folder per class inside it.", path="cats")
    assert str(error) == "No pictures found in 'cats'. Put one folder per class inside it."


def test_braces_without_values_are_taken_as_they_are():
    assert str(UserError("Bad JSON: {.")) == "Bad JSON: {."


def test_a_user_error_crosses_a_process_border():
    error = UserError("'{a}' is wrong.", hint="Try {b}.", a=1, b="x")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error)
    assert copy.values == error.values


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("epoch", "epochs"),
        ("vti", "vit"),
        ("CATS", "Cats"),
        ("early-stoping", "early_stopping"),
        ("theano", ""),
        ("", ""),
    ],
)
def test_a_mistyped_name_is_guessed_from_those_there_are(name, guess):
    assert closest(name, ["patience", "epochs", "vit", "Cats", "early_stopping"]) == guess
