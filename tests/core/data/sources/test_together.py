from core.data.sources.together import common_folder


def test_class_folders_that_are_all_there_is(make_pictures):
    folder = make_pictures({"cats": 1, "dogs": 1})
    (folder / "labels.csv").write_text("")
    (folder / ".DS_Store").write_bytes(b"")
    assert common_folder([folder / "cats", folder / "dogs"]) == folder


def test_other_folders_or_pictures_beside_them_would_be_read_too(make_pictures):
    folder = make_pictures({"cats": 1, "dogs": 1, "birds": 1})
    assert common_folder([folder / "cats", folder / "dogs"]) is None
    folder = make_pictures({"cats": 1, "dogs": 1, ".": 1}, root="loose")
    assert common_folder([folder / "cats", folder / "dogs"]) is None


def test_what_lies_apart_is_no_data_set(make_pictures):
    folder = make_pictures({"a/cats": 1, "b/dogs": 1})
    assert common_folder([folder / "a" / "cats", folder / "b" / "dogs"]) is None


def test_the_files_of_one_set(tmp_path):
    names = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    assert common_folder([tmp_path / name for name in names]) == tmp_path
    assert common_folder([tmp_path / "train.zip", tmp_path / "test.zip"]) is None
    assert common_folder([tmp_path / "gone" / "a", tmp_path / "gone" / "b"]) is None
