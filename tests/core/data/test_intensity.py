"""Pictures of more than 8 bits: one range for a data set, whatever type, camera or unit they come from."""

import struct

import numpy as np
import pytest
import tifffile
from picture_bytes import encode, png, tiff
from PIL import Image

from core.data.check import check
from core.data.decode import DecodeError, decode, decode_noting, read_header
from core.data.load import load
from core.data.pictures import read_picture
from core.data.preview import preview
from core.events import Images, Log
from core.settings.dataset import DatasetSettings
from core.settings.intensity import range_of, range_text

RAMP = np.linspace(0, 1, 256).reshape(16, 16)
EXPECTED = np.rint(RAMP * 255)


def as_type(values, dtype):
    return np.rint(values).astype(dtype) if np.dtype(dtype).kind in "ui" else values.astype(dtype)


def write_set(folder, dtype, low, high, *, spoil=lambda values, number: values, count=12, **options):
    """Writes two classes of pictures of one range, which differ by where they are bright."""
    rng = np.random.default_rng(0)
    for label, part in (("left", RAMP), ("right", RAMP[:, ::-1].T)):
        (folder / label).mkdir(parents=True)
        for number in range(count):
            values = low + (high - low) * np.clip(part + rng.normal(0, 0.02, part.shape), 0, 1)
            values = spoil(as_type(values, dtype), number)
            (folder / label / f"{number}.tif").write_bytes(tiff(values, **options))
    return folder


def read(folder, context, **settings):
    return load(DatasetSettings(data=str(folder), **settings), 0, context)


def said(context):
    return [event.message.format(**event.values) for event in context.of(Log)]


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        (np.uint16, 0, 255),
        (np.uint16, 0, 1023),
        (np.uint16, 0, 4095),
        (np.uint16, 0, 65535),
        (np.uint16, 150, 400),
        (np.int16, -1000, 1000),
        (np.int8, -100, 100),
        (np.int32, 0, 256),
        (np.uint32, 0, 4e9),
        (np.uint64, 0, 1e12),
        (np.float16, 0, 1),
        (np.float32, 0, 0.9),
        (np.float32, 0, 1.0001),
        (np.float32, 0, 100),
        (np.float64, -3, 3),
        (np.float64, 0, 1e-6),
    ],
)
def test_a_set_uses_most_greys_whatever_its_range(tmp_path, context, dtype, low, high):
    dataset = read(write_set(tmp_path / "set", dtype, low, high), context)
    pictures = np.asarray(dataset.images)
    assert pictures.shape == (24, 16, 16, 1)
    assert pictures.min() < 16
    assert pictures.max() > 225
    assert len(np.unique(pictures)) > 120
    assert range_of(dataset.reading)


@pytest.mark.parametrize(
    ("dtype", "low", "high", "spoilt"),
    [
        (np.uint16, 150, 400, 65535),
        (np.uint16, 0, 4095, 65535),
        (np.float32, 0, 1, 1e9),
        (np.int16, -1000, 1000, 32767),
    ],
)
def test_hot_pixels_do_not_decide_the_range(tmp_path, context, new_context, dtype, low, high, spoilt):
    def heat(values, number):
        values[1 + number, (5 * number) % 16] = spoilt
        return values

    clean = read(write_set(tmp_path / "clean", dtype, low, high), context)
    hot = read(write_set(tmp_path / "hot", dtype, low, high, spoil=heat), new_context())
    for ours, theirs in zip(range_of(hot.reading), range_of(clean.reading), strict=True):
        assert ours == pytest.approx(theirs, abs=0.05 * (high - low))


@pytest.mark.parametrize("nodata", [-9999, -32768, -3.4028235e38, 1e20, np.nan, np.inf, -np.inf])
def test_nodata_values_do_not_decide_the_range_and_become_black(tmp_path, context, nodata):
    def leave_out(values, number):
        values[:5] = nodata
        return values

    dataset = read(write_set(tmp_path / "set", np.float32, 0, 1800, spoil=leave_out), context)
    low, high = range_of(dataset.reading)
    assert -100 < low < 700
    assert 1700 < high < 1900
    assert np.all(np.asarray(dataset.images)[:, :5] == 0)


def test_the_nodata_value_that_a_file_names_is_none(tmp_path, context):
    def leave_out(values, number):
        values[:5] = 1500
        return values

    tag = (42113, "s", 0, "1500", True)
    dataset = read(write_set(tmp_path / "set", np.uint16, 0, 300, spoil=leave_out, extratags=[tag]), context)
    assert range_of(dataset.reading)[1] < 310
    assert np.all(np.asarray(dataset.images)[:, :5] == 0)


def test_a_few_overexposed_pictures_do_not_decide_the_range(tmp_path, context):
    def burn(values, number):
        return np.full_like(values, 60000) if number == 7 else values

    folder = write_set(tmp_path / "set", np.uint16, 100, 900, spoil=burn, count=60)
    assert range_of(read(folder, context).reading)[1] < 1100


def test_lines_one_pixel_wide_are_no_hot_pixels():
    values = np.zeros((32, 32), np.uint16)
    values[7, 3:28] = 700
    picture = decode(tiff(values))
    assert (picture == 0).sum() == 32 * 32 - 25
    assert picture.max() > 170


def test_all_pictures_of_a_set_are_scaled_alike_and_as_training_did(tmp_path, context):
    folder = write_set(tmp_path / "set", np.uint16, 100, 2000)
    dataset = read(folder, context)
    for name, picture in zip(dataset.names, dataset.images, strict=True):
        again = read_picture(name, side_px=16, channels=1, reading=dataset.reading)
        assert np.array_equal(again, picture)
    low, high = range_of(dataset.reading)
    values = tifffile.imread(dataset.names[3]).astype(float)
    expected = np.rint(np.clip((values - low) * 255 / (high - low), 0, 255))
    assert np.array_equal(dataset.images[3, ..., 0], expected)


def test_a_set_is_decoded_once_and_says_the_same_from_the_cache(tmp_path, context, new_context):
    folder = write_set(tmp_path / "set", np.uint16, 150, 400)
    first = read(folder, context)
    later = new_context()
    again = read(folder, later)
    assert said(later) == said(context)
    assert (again.reading, again.fingerprint) == (first.reading, first.fingerprint)


def test_what_was_taken_is_said_and_little_use_is_warned_of(tmp_path, context):
    read(write_set(tmp_path / "set", np.uint16, 150, 400), context)
    (log,) = (event for event in context.of(Log) if "8 bits" in event.message)
    assert log.level == "warning"
    assert log.values["used"] == "0.38"
    text = log.message.format(**log.values)
    assert text.startswith(
        "24 of 24 pictures have more than 8 bits, with values mostly from 150 to 400, 0.38 % of what"
    )


def test_all_of_a_range_is_told_as_100_percent(tmp_path, context):
    read(write_set(tmp_path / "set", np.uint16, 0, 65535), context)
    (log,) = (event for event in context.of(Log) if "8 bits" in event.message)
    assert (log.level, log.values["used"]) == ("info", "100")


def test_a_range_of_ones_own_and_the_full_one_are_taken_and_judged(tmp_path, context, new_context):
    folder = write_set(tmp_path / "set", np.uint16, 0, 4095)
    own = read(folder, context, intensity="0..8190")
    assert own.reading == "0..8190"
    assert np.asarray(own.images).max() in (127, 128)
    later = new_context()
    full = read(folder, later, intensity="full")
    assert (full.reading, np.asarray(full.images).max()) == ("full", 16)
    assert any("nearly one grey: set intensity to auto, or to 0..4095" in line for line in said(later))
    assert len({dataset.fingerprint for dataset in (own, full)}) == 2


def test_the_first_reading_is_kept_for_who_asks_for_it(tmp_path, context):
    folder = write_set(tmp_path / "set", np.uint16, 0, 4095)
    dataset = read(folder, context, intensity="picture")
    assert np.asarray(dataset.images).max() == 16
    assert dataset.reading == ""
    assert any("24 pictures have more than 8 bits and each is scaled by itself" in line for line in said(context))


def test_pictures_of_8_bits_stay_as_they_are_and_say_nothing(make_pictures, context):
    folder = make_pictures({"a": 12, "b": 12})
    dataset = read(folder, context)
    for name, picture in zip(dataset.names, dataset.images, strict=True):
        assert np.array_equal(np.asarray(Image.open(name)), picture)
    assert "reading" not in dataset.summary()
    assert said(context) == []


def test_8_and_16_bits_mix_and_one_deep_picture_among_many_is_noticed(make_pictures, context, new_context):
    folder = make_pictures({"a": 250, "b": 12}, size=(12, 12))
    pixels = np.asarray(Image.open(folder / "a" / "249.png"))
    Image.fromarray(pixels.astype(np.uint16) * 257).save(folder / "a" / "101.png")
    dataset = read(folder, context)
    places = {name.rpartition("/")[2]: place for place, name in enumerate(dataset.names) if "/a/" in name}
    assert np.array_equal(dataset.images[places["101.png"]], dataset.images[places["249.png"]])
    assert any(line.startswith("1 of 262 pictures have more than 8 bits") for line in said(context))
    assert any("1 of 262" in line for line in check(DatasetSettings(data=str(folder)), new_context())["warnings"])


def test_check_and_preview_read_as_training_does(tmp_path, context, new_context):
    folder = write_set(tmp_path / "set", np.uint16, 150, 400)
    report = check(DatasetSettings(data=str(folder)), context)
    assert any("0.38 %" in line for line in report["warnings"])
    assert report["copies"] == 0
    looked = new_context()
    result = preview(DatasetSettings(data=str(folder)), looked)
    assert result["remarks"][0]["values"]["range"] == "150..400"
    (shown,) = looked.of(Images)
    dataset = read(folder, new_context())
    pictures = {detail["path"]: picture for detail, picture in zip(shown.details, shown.pictures, strict=True)}
    for name, picture in zip(dataset.names, dataset.images, strict=True):
        assert np.array_equal(pictures[name], picture)


def test_colours_of_16_bits_keep_them(tmp_path, context):
    values = np.stack([RAMP * 3000, RAMP.T * 3000, np.zeros_like(RAMP)], -1).astype(np.uint16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    expected = decode(tiff(values, photometric="rgb"))
    assert np.array_equal(decode(png(16, 16, 16, 2, rows)), expected)
    assert np.array_equal(
        decode(tiff(np.moveaxis(values, -1, 0), photometric="rgb", planarconfig="separate")), expected
    )
    assert len(np.unique(expected)) > 150


def test_16_bit_colours_are_transparent_where_their_key_or_alpha_says_so():
    key = struct.pack(">3H", 3000, 2000, 1000)
    keyed = png(2, 1, 16, 2, b"\0" + key + struct.pack(">3H", 3000, 2000, 1001), (b"tRNS", key))
    assert decode(keyed, background="#0000ff", reading="0..65535")[0].tolist() == [[0, 0, 255], [12, 8, 4]]
    grey_alpha = png(2, 1, 16, 4, b"\0" + struct.pack(">4H", 4000, 0, 4000, 65535))
    assert decode(grey_alpha, reading="0..8000").ravel().tolist() == [255, 128]


@pytest.mark.parametrize("dtype", [np.uint16, np.uint8])
def test_white_may_be_zero(dtype):
    top = np.iinfo(dtype).max
    values = np.rint(RAMP * top).astype(dtype)
    for order in "<>":
        inverted = decode(tiff(top - values, photometric="miniswhite", byteorder=order))
        assert np.array_equal(inverted, decode(tiff(values, byteorder=order)))


def test_12_bits_packed_in_a_tiff_are_read():
    pair = bytes([0xFF, 0xF0, 0x00])  # 4095 and 0
    tags = {256: (3, 2), 257: (3, 1), 258: (3, 12), 259: (3, 1), 262: (3, 1), 273: (4, 8), 278: (3, 1), 279: (4, 3)}
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, (kind, value) in sorted(tags.items()))
    content = b"II*\0" + struct.pack("<I", 12) + pair + b"\0" + struct.pack("<H", len(tags)) + entries + bytes(4)
    assert decode(content, reading="full").ravel().tolist() == [255, 0]


def test_more_channels_than_colours_are_taken_with_a_note():
    values = np.stack([RAMP * 4000] * 5, -1).astype(np.uint16)
    pixels, notes = decode_noting(
        tiff(values, planarconfig="contig"), background="#ffffff", colour="auto", enough_px=0, reading="0..4095"
    )
    assert pixels.shape == (16, 16, 3)
    assert "channels" in notes


def test_the_first_of_several_pages_is_taken_and_counted(tmp_path, context):
    for label in "ab":
        (tmp_path / "set" / label).mkdir(parents=True)
        for number in range(3):
            pages = np.stack([np.full((8, 8), 40 * number + 1 + 3 * (label == "b")), np.zeros((8, 8))]).astype(np.uint8)
            (tmp_path / "set" / label / f"{number}.tif").write_bytes(tiff(pages[:, None], photometric="minisblack"))
    dataset = read(tmp_path / "set", context)
    assert dataset.images[1].max() == 41
    assert "6 files hold several pages or frames: of each the first is taken." in said(context)


def test_what_makes_no_picture_is_refused_in_a_sentence():
    with pytest.raises(DecodeError, match="complex numbers"):
        decode(tiff(np.zeros((8, 8), np.complex64)))
    assert not read_header(encode(Image.new("L", (4, 4)))).deep
    assert read_header(tiff(np.zeros((4, 6)))).size == (6, 4)


@pytest.mark.parametrize(
    "text", ["0..4095", "-1000..1000", "0.5..1e-1", "1..1", "4095", "a..b", "0..nan", "..5", "0-9"]
)
def test_only_ranges_are_ranges(text):
    if text in ("0..4095", "-1000..1000"):
        assert DatasetSettings(intensity=text).intensity == text
    else:
        with pytest.raises(ValueError, match=r"such as 0\.\.4095"):
            DatasetSettings(intensity=text)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 4095), (-1000, 1000), (0.1234567891, 7e-1), (1e9 + 0.1, 1e9 + 0.2), (0, 1e-30)]
)
def test_a_range_is_written_as_it_is_read(low, high):
    assert range_of(range_text(low, high)) == pytest.approx((low, high), rel=1e-8)
    assert np.diff(range_of(range_text(low, high))) > 0


def test_the_cameras_range_is_taken_where_half_of_it_is_used():
    assert np.array_equal(
        decode(tiff(np.rint(RAMP * 2500).astype(np.uint16)))[..., 0], np.rint(np.rint(RAMP * 2500) / 4095 * 255)
    )
    assert np.array_equal(decode(tiff(RAMP.astype(np.float32)))[..., 0], EXPECTED)
