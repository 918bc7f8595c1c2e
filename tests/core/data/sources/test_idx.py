import gzip
import os
import shutil
import struct

import numpy as np
import pytest

from core.data.load import load
from core.data.sources import idx_files
from core.errors import UserError
from core.events import Log
from core.settings.dataset import DatasetSettings


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def read(path, context, **changes):
    return load(DatasetSettings(data=str(path), **changes), 0, context)


@pytest.fixture
def mnist(tmp_path):
    """Writes a little MNIST: 40 pictures to train on and 10 to test, packed or not."""
    rng = np.random.default_rng(0)

    def make(*, packed=True, parts=("train", "t10k")):
        folder = tmp_path / "mnist"
        folder.mkdir()
        for part, count in zip(parts, (40, 10), strict=False):
            for kind, array in (
                ("images-idx3", rng.integers(0, 256, (count, 6, 5))),
                ("labels-idx1", np.arange(count) % 10),
            ):
                name = f"{part}-{kind}-ubyte"
                content = idx(array)
                path = folder / (name + ".gz" if packed else name)
                path.write_bytes(gzip.compress(content) if packed else content)
        return folder

    return make


@pytest.mark.parametrize("packed", [True, False])
def test_t10k_is_the_test_split(mnist, context, packed):
    dataset = read(mnist(packed=packed), context)
    assert dataset.shape == (6, 6, 1)
    assert dataset.targets.classes == tuple("0123456789")
    assert dataset.splits["test"].tolist() == list(range(40, 50))
    assert len(dataset.splits["validation"]) == 5
    assert dataset.given == ("train", "test")
    assert dataset.names[40] == "t10k-images-idx3-ubyte.gz/0" or not packed


def test_without_test_files_a_test_split_is_cut_out(mnist, context):
    dataset = read(mnist(parts=("train",)), context)
    assert len(dataset.splits["test"]) == 8


def test_packed_and_unpacked_beside_each_other_are_read_once(mnist, context):
    folder = mnist()
    for path in list(folder.iterdir()):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    assert len(read(folder, context).images) == 50


def test_what_a_file_is_called_does_not_say_whether_it_is_packed(mnist, context):
    """A browser unpacks and leaves the name; a program packs and drops it."""
    folder = mnist()
    for number, path in enumerate(sorted(folder.iterdir())):
        if number % 2:
            path.write_bytes(gzip.decompress(path.read_bytes()))
        else:
            path.rename(path.with_suffix(""))
    assert len(read(folder, context).images) == 50


def test_folders_called_like_the_file_that_they_hold(mnist, context):
    folder = mnist(packed=False)
    for path in list(folder.iterdir()):
        content = path.read_bytes()
        path.unlink()
        path.mkdir()
        (path / path.name).write_bytes(content)
        if "labels" in path.name:  # beside it once more, in the other way of writing it
            (folder / path.name.replace("-idx", ".idx")).write_bytes(content)
    dataset = read(folder, context)
    assert len(dataset.images) == 50
    assert dataset.given == ("train", "test")


@pytest.mark.parametrize("above", ["MNIST/raw", "data/MNIST/raw", "archive"])
def test_files_deep_inside_a_folder(mnist, context, tmp_path, above):
    folder = mnist()
    (tmp_path / "root" / above).parent.mkdir(parents=True)
    folder.rename(tmp_path / "root" / above)
    (tmp_path / "root" / "readme.txt").write_text("MNIST")
    dataset = read(tmp_path / "root", context)
    assert len(dataset.images) == 50
    assert dataset.splits["test"].tolist() == list(range(40, 50))
    assert [one.path for one in dataset.skipped] == [f"{tmp_path}/root/readme.txt"]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("inside", ["", "./MNIST/raw/"])
def test_a_zip_of_them(mnist, make_zip, context, new_context, packed, inside):
    folder = mnist(packed=packed)
    zipped = read(make_zip(folder, inside=inside), context)
    assert np.array_equal(zipped.images, read(folder, new_context()).images)
    assert zipped.given == ("train", "test")


def test_the_file_itself_may_be_named(mnist, context):
    dataset = read(mnist() / "train-images-idx3-ubyte.gz", context)
    assert len(dataset.images) == 40


def test_data_sets_of_the_same_names_in_several_folders(mnist, context, tmp_path):
    folder = mnist()
    for name in ("MNIST", "FashionMNIST"):
        shutil.copytree(folder, tmp_path / "root" / name / "raw")
    with pytest.raises(UserError, match=r"several data sets of idx files, in '.*FashionMNIST/raw', '.*/MNIST/raw'"):
        read(tmp_path / "root", context)


def test_several_data_sets_in_one_folder_are_told(mnist, context):
    folder = mnist(parts=("emnist-letters-train", "emnist-digits-test"))
    dataset = read(folder, context)
    assert dataset.given == ("train", "test")
    (told,) = (log for log in context.of(Log) if "idx files of several data sets" in log.message)
    assert told.values == {"names": "'emnist-digits', 'emnist-letters'"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\n<!DOCTYPE html><html>Sign in</html>", "is a web page"),
        (gzip.compress(b"<html>404</html>", mtime=0), "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a pointer of Git LFS"),
    ],
    ids=["a page", "a packed page", "a pointer"],
)
@pytest.mark.parametrize("packed", [True, False])
def test_what_is_plainly_something_else(mnist, context, content, says, packed):
    folder = mnist(packed=packed)
    next(folder.glob("train-images*")).write_bytes(content)
    with pytest.raises(UserError, match=f"train-images-idx3-ubyte(.gz)?' {says}"):
        read(folder, context)


def spoil(path, change):
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[:-30],
        lambda content: b"",
        lambda content: b"hello",
        lambda content: gzip.compress(b"hello"),
        lambda content: gzip.compress(gzip.decompress(content)[:-1]),
        lambda content: gzip.compress(gzip.decompress(content) + b"x"),
        # A header that claims 2**32 pictures: refused before anything is allocated.
        lambda content: gzip.compress(b"\0\0\x08\x03" + b"\xff" * 4 + gzip.decompress(content)[8:]),
        lambda content: gzip.compress(b"\0\0\x0d\x03" + gzip.decompress(content)[4:]),
        lambda content: content[:40] + bytes([content[40] ^ 0xFF]) + content[41:],
    ],
)
def test_damaged_file_is_one_clear_sentence(mnist, context, change):
    folder = mnist()
    spoil(folder / "train-images-idx3-ubyte.gz", change)
    with pytest.raises(UserError, match="train-images-idx3-ubyte"):
        read(folder, context)


def header(count, height, width):
    return bytes([0, 0, 8, 3]) + struct.pack(">3I", count, height, width)


@pytest.mark.parametrize(("count", "ratio"), [(400_000, 1000), (8_000_000, 50)])
def test_what_would_unpack_to_far_more_than_is_sane_is_refused_unread(mnist, context, count, ratio):
    path = mnist() / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(header(count, 28, 28)))
    os.truncate(path, count * 28 * 28 // ratio)  # a hole as long as makes the header possible
    with pytest.raises(UserError, match=r"train-images-idx3-ubyte.gz' would unpack to \d+ MB"):
        read(path.parent, context)


def test_an_unpacked_file_too_large_for_memory_is_told_as_that(mnist, context, monkeypatch):
    monkeypatch.setattr(idx_files, "MAX_BYTES", 1000)
    with pytest.raises(UserError, match=r"train-images-idx3-ubyte' holds \d+ MB of pictures, and at most"):
        read(mnist(packed=False), context)


def test_unpacked_size_must_fit_the_header(mnist, context):
    folder = mnist(packed=False)
    spoil(folder / "train-images-idx3-ubyte", lambda content: content[:-1])
    with pytest.raises(UserError, match="size does not fit"):
        read(folder, context)


def test_missing_labels(mnist, context):
    folder = mnist()
    (folder / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(UserError, match=r"labels 'train-labels-idx1-ubyte.gz'"):
        read(folder, context)


def test_labels_of_another_file(mnist, context):
    folder = mnist()
    (folder / "train-labels-idx1-ubyte.gz").write_bytes((folder / "t10k-labels-idx1-ubyte.gz").read_bytes())
    with pytest.raises(UserError, match=r"40 pictures.*10 labels"):
        read(folder, context)


def test_real_mnist(shared_data, context):
    dataset = read(shared_data("mnist"), context)
    assert dataset.images.shape == (70000, 28, 28, 1)
    assert dataset.splits["test"].tolist() == list(range(60000, 70000))
    assert len(dataset.splits["train"]) == 53000
    # LeCun's published count of each digit in the 10,000.
    assert np.bincount(dataset.targets.labels[60000:]).tolist() == [
        980,
        1135,
        1032,
        1010,
        982,
        892,
        958,
        1028,
        974,
        1009,
    ]
