import json

from PIL import Image


def test_check_names_every_embedded_set_and_train_those_it_takes(call):
    assert "shapes-clips" in call("check", "--help")[1]
    assert "shapes-clips" not in call("train", "--help")[1]


def test_check_tells_the_splits_and_counts_in_words(call, tmp_path, make_pictures):
    folder = make_pictures(tmp_path / "data", *(f"{name}/{number}.png" for name in "ab" for number in range(10)))
    for number, path in enumerate(sorted(folder.rglob("*.png"))):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path)
    (folder / "a" / "bad.png").write_bytes(b"")
    (folder / "a" / "notes.txt").write_text("")
    status, stdout, _ = call("check", folder)
    assert status == 0
    assert "20 readable pictures, 1 unreadable file, 0 groups of duplicates." in stdout
    assert "Splits: 14 train, 2 validation, 4 test." in stdout
    assert "1 picture cannot be read" in stdout
    assert "1 file is no part of the data set." in stdout


def test_check_looks_at_texts_too(call, tmp_path):
    tale = "".join(f"Line {number} of a tale.\n" for number in range(300))
    (tmp_path / "tale.txt").write_text(tale)
    status, stdout, _ = call("check", tmp_path / "tale.txt")
    assert status == 0
    counts = f"1 readable text, {len(tale):,} characters, 0 unreadable files, 0 groups of duplicates."
    assert stdout.startswith(f"{counts}\nSplits: ")
    assert "300 readable texts" in call("check", tmp_path / "tale.txt", "--set", "documents=line")[1]
    status, stdout, _ = call("check", "shapes", "--model", "gpt2", "--set", "count=50", "--json")
    report = json.loads(stdout)
    assert (status, report["documents"], report["classes"], report["unreadable"]) == (0, "line", {}, [])
    assert report["samples"] == sum(report["splits"].values()) > 50


def test_check_tells_what_training_would_refuse_and_how_many_groups_there_are(call, tmp_path, make_pictures):
    status, stdout, _ = call("check", make_pictures(tmp_path / "one", "cats/1.png", "cats/2.png"))
    assert (status, "Training would refuse this data" in stdout) == (0, True)
    folder = make_pictures(tmp_path / "two", "cats/tom/1.png", "cats/tim/1.png", "dogs/rex/1.png")
    assert "3 groups of pictures" in call("check", folder, "--set", "group_by=folder")[1]
