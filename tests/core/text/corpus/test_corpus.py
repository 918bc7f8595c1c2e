"""Texts are found, read and divided; copies never straddle a split."""

import itertools
import zipfile
from collections import Counter

import numpy as np
import pytest

from core.data.dataset import SPLITS
from core.data.sources.shapes import entropy, log_probability
from core.errors import CancelledError, UserError
from core.settings.text_data import TextSettings
from core.text.corpus import files
from core.text.corpus.corpus import load_corpus, load_undivided

STORY = "".join(f"Line {number} of a story that goes on and on.\n" for number in range(2000))


def load(context, data, seed=0, **settings):
    return load_corpus(TextSettings.parse({"data": str(data), **settings}), seed, context)


def texts(corpus, split):
    return [passage.text for passage in corpus.splits[split]]


def test_sentences_of_shapes_are_new_in_every_split(context):
    corpus = load(context, "shapes", count=2000)
    assert corpus.documents == "line"
    train, validation, test = (set(texts(corpus, split)) for split in SPLITS)
    assert not train & validation
    assert not train & test
    assert not validation & test
    shares = np.array([corpus.characters()[split] for split in SPLITS]) / sum(corpus.characters().values())
    np.testing.assert_allclose(shares, [0.7, 0.1, 0.2], atol=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_common_sentences_are_in_every_split_in_the_same_measure(context, seed):
    """Else the loss of the validation split would not be that of the whole."""
    corpus = load(context, "shapes", seed)
    copies = Counter(text for split in SPLITS for text in texts(corpus, split))
    common = {text for text, count in copies.items() if count > 5}
    for split, share in zip(SPLITS, (0.7, 0.1, 0.2), strict=True):
        lines = texts(corpus, split)
        assert len(common & set(lines)) / len(common) == pytest.approx(share, abs=0.02)
        surprise = -sum(map(log_probability, lines)) / len(lines)
        assert surprise == pytest.approx(entropy(), rel=0.04)


def test_seed_and_text_alone_decide(context):
    one, again, other = (load(context, "shapes", seed, count=200) for seed in (1, 1, 2))
    assert one.splits == again.splits
    assert one.fingerprint == again.fingerprint
    assert one.fingerprint != other.fingerprint


def test_lines_are_documents_without_the_space_around_them(context, write):
    folder = write({"names.txt": "\n".join(f"  name {number % 50} \n" for number in range(500))})
    corpus = load(context, folder / "names.txt", documents="line")
    assert sum(corpus.counts().values()) == 500
    assert all(passage.begins and passage.ends for split in SPLITS for passage in corpus.splits[split])
    assert not set(texts(corpus, "train")) & set(texts(corpus, "test"))
    assert corpus.counts()["test"] == 100


def test_many_files_are_documents_and_copies_stay_together(context, write):
    corpus = load(context, write({f"{number}.txt": f"text {number // 2} " * 20 for number in range(60)}))
    assert corpus.documents == "file"
    sets = [set(texts(corpus, split)) for split in SPLITS]
    assert sum(map(len, sets)) == 30
    assert all(count % 2 == 0 for count in corpus.counts().values())


def test_a_long_text_is_cut_into_pieces_at_line_ends(context, write):
    corpus = load(context, write({"story.txt": STORY}) / "story.txt")
    assert corpus.documents == "piece"
    passages = [passage for split in SPLITS for passage in corpus.splits[split]]
    assert sum(corpus.characters().values()) == len(STORY)
    assert "".join(p.text for p in sorted(passages, key=lambda p: p.place)) == STORY
    assert all(passage.text.endswith("\n") for passage in passages)
    assert sum(passage.begins for passage in passages) == sum(passage.ends for passage in passages) == 1
    assert 0.15 < corpus.characters()["test"] / len(STORY) < 0.25
    for split in SPLITS:  # what follows in the same split was joined
        rows = corpus.splits[split]
        assert all(one.after != other.place for one, other in itertools.pairwise(rows))


def test_a_text_without_lines_or_spaces_is_cut_all_the_same(context, write):
    corpus = load(context, write({"dna.txt": "ACGT" * 5000 + "".join(map(str, range(5000)))}) / "dna.txt")
    assert all(corpus.counts().values())


def test_split_folders_win(context, write):
    folder = write({"all/train/a.txt": "one " * 50, "all/val/b.txt": "two " * 50, "all/test/c.txt": "three " * 50})
    corpus = load(context, folder)
    assert [texts(corpus, split) for split in SPLITS] == [["one " * 50], ["two " * 50], ["three " * 50]]
    assert corpus.given == SPLITS


def test_a_copy_in_a_given_test_split_is_told(context, write):
    corpus = load(context, write({"train/a.txt": "one", "train/b.txt": "two", "test/c.txt": "one"}), documents="file")
    assert corpus.leaks == 1
    assert any("exact copy" in log.message for log in context.logs())


def test_a_zip_is_read_in_place(context, write, tmp_path):
    folder = write({"a.txt": STORY, "__MACOSX/a.txt": "junk", "b.png": b"\x89PNG"})
    with zipfile.ZipFile(tmp_path / "texts.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.*")):
            archive.write(path, path.relative_to(folder).as_posix())
    corpus = load(context, tmp_path / "texts.zip")
    assert sum(corpus.characters().values()) == len(STORY)
    assert [one.reason for one in corpus.skipped] == ["It is no .txt file."]


def test_bad_files_are_skipped_with_a_reason_and_the_rest_goes_on(context, write):
    folder = write(
        {
            "good.txt": STORY,
            "empty.txt": " \n",
            "picture.txt": b"\x89PNG\x00\x00",
            "half.txt": b"\xff\xfea",
            "old.txt": "Voilà l'été.".encode("latin-1"),
            "notes.md": "no",
        }
    )
    corpus = load(context, folder)
    assert {one.path.rpartition("/")[2]: one.reason for one in corpus.skipped} == {
        "empty.txt": "It is empty.",
        "picture.txt": "It is no text: it holds zero bytes.",
        "half.txt": "It is not valid text in its encoding.",
        "notes.md": "It is no .txt file.",
    }
    assert [log.values["encoding"] for log in context.logs() if "encoding" in log.values] == ["cp1252"]
    named = {log.values["path"].rpartition("/")[2] for log in context.logs() if log.message.startswith("Skipped")}
    assert named == {"empty.txt", "picture.txt", "half.txt", "notes.md"}
    assert context.logs()[-1].values == {"skipped": 4, "count": 6}
    assert "Voilà l'été." in "".join(text for split in SPLITS for text in texts(corpus, split))


def test_guesses_and_damage_are_said_and_counted(context, write):
    old = {f"{number}.txt": "Voilà l'été.".encode("cp1252") for number in range(25)}
    chinese = {"c.txt": ("神经网络学习图片。今天天气很好。" * 3).encode("gb18030")}
    folder = write({**old, **chinese, "bad.txt": ("été " * 50).encode() + b"\xff", "good.txt": STORY})
    load(context, folder)
    said = [str(UserError(log.message, **log.values)) for log in context.logs()]
    assert len(said) == 21  # the first twenty of them, and all in a line
    assert said[-1] == ("Of 28 texts 26 were read in a guessed encoding (cp1252 25, gb18030 1), 1 are damaged.")


def test_what_is_too_large_is_left_out(context, write, monkeypatch):
    monkeypatch.setattr(files, "MAX_FILE_BYTES", len(STORY))
    monkeypatch.setattr(files, "MAX_TOTAL_BYTES", len(STORY) + 10)
    corpus = load(context, write({"a.txt": STORY, "b.txt": STORY + "x", "c.txt": "x" * 20}))
    assert [one.reason[:20] for one in corpus.skipped] == ["It is larger than 25", "The files before it "]


@pytest.mark.parametrize(
    ("made", "data", "reason"),
    [
        ({}, "nowhere", "no file, folder or embedded text"),
        ({"a.png": b"x"}, "", "'a.png'|no text that can be read"),
        ({"a.txt": b"\x00"}, "", "None of the 1 texts"),
    ],
)
def test_what_holds_no_text_is_refused_in_a_sentence(context, write, tmp_path, made, data, reason):
    folder = write({"x/.keep": b"", **made}) / data
    with pytest.raises(UserError, match=reason):
        load(context, folder)


def test_a_line_more_leaves_nearly_all_others_in_their_splits(context, write):
    """With `core.data.splits` about half of them would move."""
    lines = [f"line {number} of many\n" for number in range(2000)]
    before = load(context, write({"a.txt": "".join(lines)}), documents="line")
    after = load(context, write({"a.txt": "".join(["one more\n", *lines])}, root="grown"), documents="line")
    moved = sum(len(set(texts(before, split)) - set(texts(after, split))) for split in SPLITS)
    assert moved <= 6


def test_the_first_of_the_texts_that_can_not_be_read_is_named(context, write):
    with pytest.raises(UserError, match=r"None of the 2 texts .* The first is '[^']*a\.txt'"):
        load(context, write({"a.txt": b"\x00", "b.txt": b"", "c.bin": b"x"}))


def test_stops_when_asked(context):
    context.cancel()
    with pytest.raises(CancelledError):
        load(context, "shapes")


def undivided(context, data, seed=0, **settings):
    return load_undivided(TextSettings.parse({"data": str(data), **settings}), seed, context)


@pytest.mark.parametrize("documents", ["auto", "piece", "file"])
def test_what_is_only_scored_stays_whole(context, write, documents):
    folder = write({"a.txt": STORY, "b.txt": "short"})
    corpus = undivided(context, folder, documents=documents)
    assert texts(corpus, "test") == [STORY, "short"]
    assert texts(corpus, "train") == texts(corpus, "validation") == []
    assert corpus.counts() == {"train": 0, "validation": 0, "test": 2}


def test_every_line_is_scored_and_every_sentence(context, write):
    folder = write({"a.txt": "one\n\n two \none\n"})
    assert texts(undivided(context, folder, documents="line"), "test") == ["one", "two", "one"]
    assert len(texts(undivided(context, "shapes", count=10), "test")) >= 10


def test_of_given_parts_only_the_test_part_is_scored(context, write):
    folder = write({"train/a.txt": "learn", "val/b.txt": "look", "test/c.txt": "score"})
    assert texts(undivided(context, folder), "test") == ["score"]
    assert texts(undivided(context, write({"train/a.txt": "learn", "val/b.txt": "look"}, "more")), "test") == [
        "learn",
        "look",
    ]


def test_a_few_pieces_that_leave_little_to_train_on_are_told(context, write):
    story = "One sentence follows another here, and then there is one more.\n" * 9
    load_corpus(
        TextSettings(data=str(write({"a.txt": story, "b.txt": story[::-1], "c.txt": story.upper()}))), 0, context
    )
    (log,) = [log for log in context.logs() if "is left to train on" in log.message]
    assert log.level == "warning"


def test_many_pieces_are_divided_without_a_word(context, write):
    load_corpus(TextSettings(data=str(write({"a.txt": "".join(f"Line {n}.\n" for n in range(2000))}))), 0, context)
    assert not [log for log in context.logs() if "is left to train on" in log.message]


def test_the_embedded_sentences_that_hide_a_folder_are_told(context, write, tmp_path, monkeypatch):
    write({"a.txt": STORY}, root="shapes")
    monkeypatch.chdir(tmp_path)
    load(context, "shapes", count=50)
    assert any("write './{name}'" in log.message for log in context.logs())
    assert load(context, "./shapes").documents == "piece"


def test_a_mistyped_name_of_texts_is_answered_with_the_one_that_is_meant(context):
    with pytest.raises(UserError, match=r"Did you mean 'shapes'\?"):
        load(context, "shape")
