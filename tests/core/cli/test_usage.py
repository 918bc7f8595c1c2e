import pytest


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("trian",), "No such command 'trian'. Did you mean 'train'? `pixelwright --help` shows"),
        (("bake",), "No such command 'bake'. `pixelwright --help` shows"),
        (
            ("train", "cnn", "--epoch", "3"),
            "No such option: --epoch. Did you mean '--epochs'? `pixelwright train --help`",
        ),
        (("train", "cnn", "--colour", "3"), "No such option: --colour. `pixelwright train --help` shows"),
        (
            ("interpolate", "x", "--out", "a.png", "--method", "sperical"),
            "Invalid value for '--method': 'sperical' is not one of 'linear', 'spherical', 'arithmetic', 'walk'. "
            "Did you mean 'spherical'? `pixelwright interpolate --help` shows",
        ),
        (
            ("interpolate", "x", "--out", "a.png", "--method", "it's"),
            """Invalid value for '--method': "it's" is not one of 'linear', 'spherical', 'arithmetic', 'walk'. `""",
        ),
    ],
)
def test_words_that_make_no_sense_are_told_with_what_may_be_meant(call, words, said):
    status, stdout, stderr = call(*words)
    assert (status, stdout) == (2, "")
    assert stderr.startswith(said)
    assert stderr.endswith("--help` shows how to use it.\n")
