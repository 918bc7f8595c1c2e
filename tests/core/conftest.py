"""A tokenizer of few tokens, for models small enough to be built in a test."""

import os

import pytest

from core.text.tokenizer.tokenizer import BYTE_OF, END, Tokenizer

# As `core.engine.backend.prepare` has it, which comes too late: scikit-learn's threads read it when they are first
# loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

WORDS = ("the", "red", "blue", "circle", "square", "left", "of", "and", "large", "small", "is", "above")


def join_words(words):
    """Merges that make each word, with a space before it, one token."""
    merges = []
    for word in words:
        made = "Ġ"
        for sign in word:
            merges.append((made, sign))
            made += sign
    return list(dict.fromkeys(merges))


@pytest.fixture(scope="session")
def small_tokenizer():
    merges = join_words(WORDS)
    tokens = [END, *sorted(BYTE_OF), *dict.fromkeys(left + right for left, right in merges)]
    return Tokenizer({token: number for number, token in enumerate(tokens)}, merges)
