import struct
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from picture_bytes import encode, png
from PIL import Image

from core.data.decode import MAX_PIXELS, DecodeError, decode, read_size


def photo(width=48, height=32):
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.stack([x, y, 255 - x], -1).astype(np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP"])
def test_rgb_is_read_as_it_is(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    assert np.array_equal(decode(encode(Image.fromarray(photo()), kind, **options)), photo())


def test_paths_bytes_and_open_files_are_the_same(tmp_path):
    path = tmp_path / "猫 🐈.png"
    path.write_bytes(encode(Image.fromarray(photo())))
    with path.open("rb") as file:
        assert np.array_equal(decode(path), decode(file))
    assert np.array_equal(decode(path), decode(path.read_bytes()))


def test_grey_stays_grey_unless_asked_otherwise():
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    content = encode(Image.fromarray(grey))
    assert decode(content).shape == (16, 16, 1)
    assert np.array_equal(decode(content, colour="rgb"), np.repeat(grey[..., None], 3, -1))
    assert decode(encode(Image.fromarray(photo())), colour="grey").shape == (32, 48, 1)


def test_grey_from_colour_equals_pillow():
    expected = np.asarray(Image.fromarray(photo()).convert("L"))
    assert np.array_equal(decode(encode(Image.fromarray(photo())), colour="grey")[..., 0], expected)


def test_palette_of_greys_is_grey_and_of_colours_is_rgb():
    grey = Image.fromarray(photo()).convert("L").quantize(8)
    assert decode(encode(grey)).shape[-1] == 1
    assert decode(encode(Image.fromarray(photo()).quantize(8))).shape[-1] == 3


def test_black_and_white_becomes_0_and_255():
    picture = decode(encode(Image.fromarray(np.eye(8, dtype=bool))))
    assert np.array_equal(picture[..., 0], np.eye(8) * 255)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_16_bit_is_scaled_not_clipped(kind):
    wide = np.array([[0, 257, 32896, 65535]], np.uint16)
    assert decode(encode(Image.fromarray(wide), kind)).ravel().tolist() == [0, 1, 128, 255]


def test_16_bit_colour_is_scaled():
    rows = b"\0" + struct.pack(">6H", 0, 32896, 65535, 257, 514, 65535)
    assert decode(png(2, 1, 16, 2, rows)).ravel().tolist() == [0, 128, 255, 1, 2, 255]


def test_floats_are_scaled():
    values = np.array([[0.0, 0.5, 1.0, np.nan]], np.float32)
    assert decode(encode(Image.fromarray(values), "TIFF")).ravel().tolist() == [0, 128, 255, 0]


@pytest.mark.parametrize(("background", "expected"), [("#ffffff", [255, 128]), ("#000000", [0, 0])])
def test_alpha_is_laid_over_the_background(background, expected):
    pixels = np.array([[[0, 0, 0, 0], [0, 0, 0, 127]]], np.uint8)
    picture = decode(encode(Image.fromarray(pixels)), background=background)
    assert picture[0, :, 0].tolist() == expected


def test_transparent_grey_takes_a_coloured_background():
    pixels = np.array([[[9, 0], [9, 255]]], np.uint8)
    assert decode(encode(Image.fromarray(pixels)), background="#ff8000").tolist() == [[[255, 128, 0], [9, 9, 9]]]
    assert decode(encode(Image.fromarray(pixels))).tolist() == [[[255], [9]]]


def test_palette_with_transparency():
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette([255, 0, 0, 0, 0, 255])
    picture = decode(encode(image, transparency=0), background="#00ff00")
    assert picture.tolist() == [[[0, 255, 0], [0, 0, 255]]]


def test_transparent_key_colours_count_at_the_depth_of_the_file():
    four_bit = png(2, 1, 4, 0, b"\0\xf3", (b"tRNS", struct.pack(">H", 15)))
    assert decode(four_bit, background="#000000").ravel().tolist() == [0, 51]
    deep = png(2, 1, 16, 0, b"\0" + struct.pack(">2H", 65535, 257), (b"tRNS", struct.pack(">H", 65535)))
    assert decode(deep, background="#000000").ravel().tolist() == [0, 1]
    rows = b"\0" + struct.pack(">6H", 65535, 65535, 65535, 257, 257, 257)
    wide = png(2, 1, 16, 2, rows, (b"tRNS", struct.pack(">3H", 65535, 65535, 65535)))
    assert decode(wide, background="#000000").ravel().tolist() == [0, 0, 0, 1, 1, 1]


def test_cmyk_becomes_rgb():
    image = Image.new("CMYK", (4, 4), (0, 255, 255, 0))
    assert decode(encode(image, "TIFF"))[0, 0].tolist() == [255, 0, 0]


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    content = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(content)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("orientation", range(9))
def test_exif_orientation_is_applied(orientation):
    upright = Image.fromarray(photo())
    # How a camera would have stored it: the inverse of what the tag asks for.
    stored = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = upright.transpose(stored[orientation]) if orientation in stored else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind in ("PNG", "TIFF"):
        assert np.array_equal(decode(encode(image, kind, exif=exif)), photo())


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
def test_damaged_exif_does_not_spoil_the_picture():
    content = encode(Image.fromarray(photo()), "JPEG", exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff")
    assert decode(content).shape == (32, 48, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_cut_off_file_is_refused_with_a_sentence(kind):
    content = encode(Image.fromarray(photo(200, 200)), kind)
    with pytest.raises(DecodeError) as caught:
        decode(content[: len(content) // 2])
    assert caught.value.reason.endswith(".")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a" + b"\xff" * 30])
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(DecodeError):
        decode(content)


def test_a_folder_is_told_from_a_damaged_picture(tmp_path):
    with pytest.raises(DecodeError) as refused:
        decode(tmp_path)
    assert refused.value.reason == "It is a folder, not a picture."


def test_error_names_the_file(tmp_path):
    path = tmp_path / "notes.png"
    with pytest.raises(DecodeError, match=r"notes.png.*not there"):
        decode(path)
    path.write_text("no picture")
    with pytest.raises(DecodeError, match=r"notes.png.*no picture"):
        decode(path)


def test_more_than_64_megapixels_are_refused_before_decoding():
    header_only = png(8001, 8000, 8, 0, b"")
    with pytest.raises(DecodeError, match=f"more than the {MAX_PIXELS // 1_000_000} megapixels"):
        decode(header_only)
    with pytest.raises(DecodeError, match=f"more than the {MAX_PIXELS // 1_000_000} megapixels"):
        read_size(header_only)


def test_large_jpeg_may_be_decoded_smaller():
    content = encode(Image.fromarray(photo(800, 600)), "JPEG")
    assert decode(content).shape == (600, 800, 3)
    height, width, _ = decode(content, enough_px=64).shape
    assert (height, width) == (150, 200)
    assert decode(content, enough_px=400).shape == (600, 800, 3)


BASES = [
    encode(Image.fromarray(photo()), "JPEG"),
    encode(Image.fromarray(photo())),
    encode(Image.fromarray(photo()).quantize(16), "GIF"),
    encode(Image.fromarray(photo()), "TIFF"),
    encode(Image.fromarray(photo()), "BMP"),
    encode(Image.fromarray(photo()), "WEBP"),
]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damaged_files_decode_or_raise_decode_error(data):
    content = bytearray(data.draw(st.sampled_from(BASES)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    try:
        picture = decode(content)
    except DecodeError as error:
        assert error.reason  # noqa: PT017 (either outcome is right)
    else:
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.shape[-1] in (1, 3)


# ------------------------------------------------------------------ the real odd pictures


@pytest.fixture
def odd(shared_data):
    with zipfile.ZipFile(shared_data("odd-images.zip")) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_valid_pngsuite_is_read_and_broken_is_refused(odd):
    refused = []
    for name, content in odd.items():
        if name.startswith("pngsuite/"):
            try:
                decode(content)
            except DecodeError:
                refused.append(name)
    broken = {name for name in odd if name.startswith("pngsuite/x")}
    assert len(broken) == 14
    # Pillow does not look at the checksum of pixel chunks; this picture's pixels are right.
    assert set(refused) == broken - {"pngsuite/xcsn0g01.png"}
    assert np.array_equal(decode(odd["pngsuite/xcsn0g01.png"]), decode(odd["pngsuite/basn0g01.png"]))


@pytest.mark.parametrize("scene", ["Landscape", "Portrait"])
def test_nine_orientations_show_the_same_upright_picture(odd, scene):
    upright = decode(odd[f"exif/{scene}_0.jpg"]).astype(float)
    for orientation in range(1, 9):
        picture = decode(odd[f"exif/{scene}_{orientation}.jpg"])
        assert picture.shape == upright.shape
        assert np.abs(picture - upright).mean() < 12  # JPEG noise; a turned picture differs by 60 and more


def test_the_same_transparent_cube_at_every_depth(odd):
    """PngSuite draws one cube in many ways; the corners are transparent in all of them."""
    for name in ("tbbn0g04", "tbbn2c16", "tbbn3p08", "tbgn2c16", "tbgn3p08", "tbrn2c08", "tbwn0g16", "tbwn3p08"):
        picture = decode(odd[f"pngsuite/{name}.png"], background="#ff00ff", colour="rgb")
        for corner in (picture[0, 0], picture[0, -1], picture[-1, 0], picture[-1, -1]):
            assert corner.tolist() == [255, 0, 255]


def test_16_bit_and_8_bit_greys_of_pngsuite_agree(odd):
    ramp = decode(odd["pngsuite/basn0g16.png"])[..., 0]
    assert ramp.min() == 0
    assert len(np.unique(ramp)) > 100  # clipping would leave a handful


def test_odd_files_are_read_or_refused(odd):
    refused = set()
    for name, content in odd.items():
        if name.startswith("misc/"):
            try:
                decode(content)
            except DecodeError:
                refused.add(name.removeprefix("misc/"))
    assert refused == {"broken.png", "decompression_bomb.gif", "png_decompression_dos.png"}
    with pytest.raises(DecodeError, match="cut off"):  # it lacks but its last byte
        decode(odd["misc/truncated_jpeg.jpg"], reading="picture")
