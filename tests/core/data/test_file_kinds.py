"""What is no picture is told from other things that are none, by the file's beginning."""

import base64
import importlib.util
import io
import os
import zipfile

import numpy as np
import pytest
from picture_bytes import encode
from PIL import Image

from core.data.decode import DecodeError, decode, decode_noting
from core.data.file_kinds import KINDS, what_instead
from core.data.load import load
from core.data.pictures import find_pictures
from core.settings.dataset import DatasetSettings

# 16 x 16 px, red on the left and blue on the right.
TINY_HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAXxtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAA"
    "AERAAAEAAQAAAAABoAABAAAAAAAAADsAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA/GlwcnAAAADc"
    "aXBjbwAAAHVodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQApQgEBA3AAAAMAkAAAAwAA"
    "AwAeoCCBBZbqrprm4CGgwIAAAAyAAAADAIRiAAEABkQBwXPBiQAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAAChjbGFw"
    "AAAAEAAAAAEAAAAQAAAAAf///9AAAAAC////0AAAAAIAAAAQcGl4aQAAAAADCAgIAAAAGGlwbWEAAAAAAAAAAQABBYECAwWEAAAAQ21kYXQAAAA3"
    "KAGvCchdGNAjm1H/NX/5O6GyAy3xIHas3/Yes+7Xz6nETHTzlQv31NhE6MuGszJlgOMyO91DMA=="
)
FILES = {
    "It is empty.": [b""],
    "It only points to the picture: fetch the files with `git lfs pull`.": [
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    ],
    "It is a HEIC picture, as iPhones take them: save it as JPEG, or install pi-heif.": [
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64),
        b"\0\0\0\x18ftypmif1\0\0\0\0mif1heix" + bytes(64),
    ],
    "It is a DICOM file: save it as 16-bit TIFF or PNG, with a DICOM viewer.": [
        bytes(128) + b"DICM\2\0\0\0UL" + bytes(64)
    ],
    "It is a CZI file of a microscope: save it as TIFF, with ZEN or Fiji.": [b"ZISRAWFILE" + bytes(100)],
    "It is an ND2 file of a microscope: save it as TIFF, with Fiji.": [b"\xda\xce\xbe\x0a" + bytes(100)],
    "It is an SVG drawing: save it as PNG.": [
        b'<svg xmlns="http://www.w3.org/2000/svg"></svg>',
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- drawn -->\n<svg width="3"/>',
        b'<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">\n<svg>',
    ],
    "It is a web page, not a picture: the download went wrong.": [
        b"<!DOCTYPE html>\n<html><body>404</body></html>",
        b"\n  <HTML><head>",
        b"<html><body><svg></svg></body></html>",
    ],
    "It is a PDF: save its pages as PNG.": [b"%PDF-1.7\n%\xe2\xe3" + bytes(40)],
    "It is a video, not a picture.": [
        b"\0\0\0\x20ftypisom\0\0\2\0" + bytes(40),
        b"\0\0\0\x14ftypqt  " + bytes(40),
        b"RIFF\x10\0\0\0AVI LIST" + bytes(40),
        b"\x1a\x45\xdf\xa3\x9f" + bytes(40),
        b"\0\0\1\xba" + bytes(40),
    ],
    "It is an archive, not a picture: unpack it first.": [
        b"PK\3\4" + bytes(40),
        b"7z\xbc\xaf\x27\x1c\0",
        b"\x1f\x8b\x08\0",
    ],
    "It is a Photoshop file: save it as PNG or TIFF.": [b"8BPS\0\1" + bytes(40)],
    "It is a JPEG XL picture: save it as PNG or JPEG.": [
        b"\xff\x0a\xf9\1" + bytes(40),
        b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a",
    ],
    "It is a file of numbers (FITS, HDF5, NumPy or NIfTI): save it as 16-bit or float TIFF.": [
        b"SIMPLE  =                    T" + bytes(40),
        b"\x89HDF\r\n\x1a\n" + bytes(40),
        b"\x93NUMPY\1\0" + bytes(40),
    ],
    "It holds nothing but zeros: copy or download it again.": [bytes(5000), bytes(1)],
    "It is a text, no picture.": [b'{"label": "cat"}', b"hello there\n"],
    "It is no picture, or of a kind that is not supported, or its beginning is damaged.": [
        bytes(range(1, 255)),
        b"\x07ab\0",
    ],
}
CASES = [(reason, content) for reason, contents in FILES.items() for content in contents]


@pytest.mark.parametrize(("reason", "content"), CASES)
def test_each_kind_has_a_sentence_of_its_own(reason, content, monkeypatch):
    monkeypatch.setattr("core.data.decode._open_heic", lambda file, stack: None)
    with pytest.raises(DecodeError) as refused:
        decode(content)
    assert refused.value.reason == reason


def test_no_kind_is_left_out_here():
    assert {reason for _, reason in KINDS} <= FILES.keys()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF"])
def test_no_picture_is_taken_for_something_else(kind):
    assert what_instead(encode(Image.new("RGB", (9, 9)), kind)[:4096]) == ""


def test_an_iphones_picture_is_read_where_the_package_is_there():
    if importlib.util.find_spec("pi_heif") is None:
        pytest.skip("needs pi-heif")
    picture = decode(TINY_HEIC)
    assert picture.shape == (16, 16, 3)
    assert np.abs(picture[:, 2].astype(int) - (200, 30, 40)).max() < 8
    with pytest.raises(DecodeError):
        decode(TINY_HEIC, reading="picture")


def noisy(width=40, height=30, **options):
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return encode(Image.fromarray(pixels), "JPEG", **options)


def read(content, reading="auto", enough_px=0):
    return decode_noting(content, background="#ffffff", colour="auto", enough_px=enough_px, reading=reading)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_without_its_last_two_bytes_is_whole(progressive, missing):
    content = noisy(progressive=progressive)
    pixels, notes = read(content[:-missing])
    assert np.array_equal(pixels, decode(content))
    assert notes == {"open-ended"}
    with pytest.raises(DecodeError, match="cut off"):
        read(content[:-missing], reading="picture")


def test_a_jpeg_that_is_made_small_may_lack_its_end_too():
    content = noisy(800, 600)
    assert np.array_equal(read(content[:-2], enough_px=64)[0], read(content, enough_px=64)[0])
    assert read(content[:-2], enough_px=64)[0].shape == (150, 200, 3)


@pytest.mark.parametrize("missing", [4, 5, 9, 40, 400])
@pytest.mark.parametrize("width", range(40, 60, 4))
def test_a_jpeg_that_lacks_more_is_refused(width, missing):
    with pytest.raises(DecodeError, match="cut off"):
        read(noisy(width)[:-missing])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_at_once(tmp_path, context, make_pictures):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(DecodeError, match="a pipe or a device"):
        decode(tmp_path / "pipe.png")
    found, skipped = find_pictures([tmp_path / "pipe.png", "/dev/null"], context)
    assert found == []
    assert {one.reason for one in skipped} == {"It is a pipe or a device, not a file."}
    folder = make_pictures({"a": 3, "b": 3})
    os.mkfifo(folder / "a" / "pipe.png")
    dataset = load(DatasetSettings(data=str(folder)), 0, context)
    assert [one.path for one in dataset.skipped] == [str(folder / "a" / "pipe.png")]


def test_a_damaged_file_in_a_zip_is_told_like_one_in_a_folder(tmp_path, context):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for number in range(4):
            file = io.BytesIO()
            Image.new("L", (8, 8), 50 * number).save(file, "PNG")
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", file.getvalue())
        archive.writestr("a/page.jpg", "<!doctype html><html></html>")
    dataset = load(DatasetSettings(data=str(tmp_path / "set.zip")), 0, context)
    assert [one.reason for one in dataset.skipped] == ["It is a web page, not a picture: the download went wrong."]
