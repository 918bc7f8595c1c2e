import io
import stat
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from core.data.load import load
from core.errors import UserError
from core.events import Log
from core.settings.dataset import DatasetSettings


def read(path, context):
    return load(DatasetSettings(data=str(path)), 0, context)


def picture(seed=0):
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def archive(tmp_path):
    """Writes a good archive of two classes, with what the test adds."""

    def make(*extra, name="data.zip"):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as file:
            for number in range(6):
                file.writestr(f"{'ab'[number % 2]}/{number}.png", picture(number))
            for member, content in extra:
                file.writestr(member, content)
        return tmp_path / name

    return make


@pytest.mark.parametrize("inside", ["", "outer/", "outer/inner/"])
def test_zip_equals_the_folder_it_was_made_of(make_pictures, make_zip, context, inside):
    folder = make_pictures({"train/a": 4, "train/b": 4, "test/a": 2, "test/b": 2})
    from_folder, from_zip = read(folder, context), read(make_zip(folder, inside=inside), context)
    assert from_zip.targets.classes == from_folder.targets.classes
    assert from_zip.fingerprint == from_folder.fingerprint
    assert all(np.array_equal(from_zip.splits[name], from_folder.splits[name]) for name in from_zip.splits)


def test_nothing_is_unpacked(archive, context, tmp_path):
    before = sorted(tmp_path.iterdir())
    path = archive()
    read(path, context)
    assert sorted(tmp_path.iterdir()) == sorted([*before, path, tmp_path / "workspace"])
    assert not list((tmp_path / "workspace").rglob("*.png"))


def test_system_files_inside_are_ignored(archive, context):
    dataset = read(archive(("__MACOSX/a/._0.png", b"x"), (".DS_Store", b"x"), ("a/Thumbs.db", b"x")), context)
    assert dataset.targets.classes == ("a", "b")
    assert dataset.skipped == ()


def test_backslashes_separate_folders(tmp_path, context):
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as file:
        for number in range(4):
            info = zipfile.ZipInfo("x")
            info.filename = f"{'ab'[number % 2]}\\{number}.png"
            file.writestr(info, picture(number))
    assert read(tmp_path / "data.zip", context).targets.classes == ("a", "b")


@pytest.mark.parametrize("slash", ["./{}/{}", ".\\{}\\{}", "{}//{}"])
def test_ways_to_write_a_path(tmp_path, context, slash):
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as file:
        for number in range(4):
            info = zipfile.ZipInfo("x")
            info.filename = slash.format("ab"[number % 2], f"{number}.png")
            file.writestr(info, picture(number))
    dataset = read(tmp_path / "data.zip", context)
    assert dataset.targets.classes == ("a", "b")
    assert dataset.names[0] == f"{tmp_path}/data.zip/a/0.png"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_names_without_a_declared_encoding(tmp_path, context, encoding):
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as file:
        for number in range(4):
            file.writestr(f"{'ab'[number % 2] * len('猫猫'.encode(encoding))}/{number}.png", picture(number))
    content = (tmp_path / "data.zip").read_bytes()
    for letter, name in ((b"a", "猫猫"), (b"b", "狗狗")):
        raw = name.encode(encoding)
        content = content.replace(letter * len(raw) + b"/", raw + b"/")
    (tmp_path / "data.zip").write_bytes(content)
    assert read(tmp_path / "data.zip", context).targets.classes == tuple(sorted(["猫猫", "狗狗"]))


def test_damaged_member_is_skipped(archive, context):
    path = archive()
    content = bytearray(path.read_bytes())
    content[60:70] = bytes(10)  # inside the first picture
    path.write_bytes(content)
    dataset = read(path, context)
    assert len(dataset.images) == 5
    assert [skipped.path for skipped in dataset.skipped] == [f"{path}/a/0.png"]


def test_western_names_stay_western_and_are_told_as_guessed(tmp_path, context):
    """As Explorer and 7-Zip write them: in the code page of the country's consoles."""
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as file:
        for number in range(4):
            file.writestr(f"{('AAAAA', 'BBBBB')[number % 2]}/{number}.png", picture(number))
    content = (tmp_path / "data.zip").read_bytes()
    content = content.replace(b"AAAAA", "Äpfel".encode("cp850")).replace(b"BBBBB", "Löwen".encode("cp850"))
    (tmp_path / "data.zip").write_bytes(content)
    assert read(tmp_path / "data.zip", context).targets.classes == ("Löwen", "Äpfel")
    (told,) = (log for log in context.of(Log) if "how they are written" in log.message)
    assert (told.level, told.values["encoding"]) == ("warning", "cp850")
    assert told.values["name"].startswith("Äpfel/")
    earlier = load(DatasetSettings(data=str(tmp_path / "data.zip"), layout="earlier"), 0, context)
    assert "巔fel" in earlier.targets.classes  # which a run of that time must find again


def test_a_link_is_skipped_and_listed(archive, context):
    dataset = read(archive((link(), b"/etc/passwd")), context)
    assert len(dataset.images) == 6
    assert [(one.path.rpartition("/")[2], one.reason) for one in dataset.skipped] == [
        ("link.png", "It is a link or a device inside the archive.")
    ]


def test_an_empty_folder_inside_is_told(archive, context):
    read(archive(("c/", b"")), context)
    assert any(log.values.get("folders") == "'c'" for log in context.of(Log))


def test_an_archive_inside_is_told(archive, context):
    dataset = read(archive(("a/more.zip", b"PK")), context)
    assert [one.reason for one in dataset.skipped] == ["It is an archive: unpack it to have its pictures read."]
    assert any("Archives inside" in log.message for log in context.of(Log))


def link():
    info = zipfile.ZipInfo("a/link.png")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        (("../evil.png", b""), "leads out"),
        (("a/../../evil.png", b""), "leads out"),
        (("/etc/evil.png", b""), "leads out"),
        (("C:\\evil.png", b""), "leads out"),
        (("a\\..\\..\\evil.png", b""), "leads out"),
        (("a/bomb.png", bytes(40 * 2**20)), "unpack to 40 MB"),
    ],
)
def test_hostile_archives_are_refused_in_one_sentence(archive, context, extra, says):
    path = archive(extra)
    with pytest.raises(UserError, match=says) as caught:
        read(path, context)
    assert str(path) in str(caught.value)
    assert caught.value.hint


def test_bomb_of_many_small_members(archive, context):
    path = archive(*((f"a/{number}.bmp", bytes(30 * 2**20)) for number in range(10)))
    with pytest.raises(UserError, match="would unpack to 300 MB"):
        read(path, context)


def test_too_many_members(archive, context, monkeypatch):
    monkeypatch.setattr("core.data.sources.archives.MAX_MEMBERS", 5)
    with pytest.raises(UserError, match="6 files"):
        read(archive(), context)


def test_size_that_lies_is_not_believed(archive, context):
    """The member says 100 bytes and holds a megabyte: no more than it says is ever unpacked."""
    path = archive(("a/liar.png", bytes(2**20)))
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<I", 2**20), struct.pack("<I", 100)))
    dataset = read(path, context)
    assert len(dataset.images) == 6
    assert [skipped.path for skipped in dataset.skipped] == [f"{path}/a/liar.png"]


def test_password(archive, context):
    path = archive()
    content = bytearray(path.read_bytes())
    start = content.index(b"PK\x01\x02")
    content[start + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="password"):
        read(path, context)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_archive(tmp_path, context, content):
    (tmp_path / "data.zip").write_bytes(content)
    with pytest.raises(UserError, match="no zip archive, or it is damaged"):
        read(tmp_path / "data.zip", context)


def test_cut_off_archive(archive, context):
    path = archive()
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UserError, match="damaged"):
        read(path, context)


def test_archive_without_pictures(tmp_path, context):
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as file:
        file.writestr("readme.txt", "hello")
    with pytest.raises(UserError, match="No pictures"):
        read(tmp_path / "data.zip", context)


def test_suffix_is_not_needed(archive, context):
    assert read(archive(name="data"), context).targets.classes == ("a", "b")


def test_real_odd_pictures_are_read_or_listed(shared_data, context):
    dataset = read(shared_data("odd-images.zip"), context)
    assert len(dataset.images) + len(dataset.skipped) == 210
    assert len(dataset.skipped) == 13 + 3
    # It lacks its last byte alone, and every viewer shows it.
    assert not any("truncated_jpeg" in one.path for one in dataset.skipped)


def test_real_photos_of_hands(shared_data, context):
    dataset = read(shared_data("sign-digits.zip"), context)
    assert dataset.images.shape == (2062, 64, 64, 3)
    assert len(dataset.targets.classes) == 10
    assert dataset.skipped == ()
