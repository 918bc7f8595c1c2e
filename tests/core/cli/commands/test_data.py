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


def test_check_tells_what_training_would_refuse_and_how_many_groups_there_are(call, tmp_path, make_pictures):
    status, stdout, _ = call("check", make_pictures(tmp_path / "one", "cats/1.png", "cats/2.png"))
    assert (status, "Training would refuse this data" in stdout) == (0, True)
    folder = make_pictures(tmp_path / "two", "cats/tom/1.png", "cats/tim/1.png", "dogs/rex/1.png")
    assert "3 groups of pictures" in call("check", folder, "--set", "group_by=folder")[1]
