import io
import os
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image, ImageSequence
from PIL.PngImagePlugin import PngInfo

from core.context import Context
from core.data.decode import decode
from core.errors import CancelledError, UserError
from core.jobs import Job
from core.media.gif_file import GifFile
from core.media.picture_files import (
    KEYWORD,
    check_pictures,
    check_size,
    enlarged,
    grid,
    is_written_here,
    read_recipe,
    seen_scale,
    write_pictures,
)
from core.media.png_text import MOST_BYTES
from core.runs.recipe import Recipe
from core.runs.run import Workspace

GENERATOR = np.random.default_rng(0)


def noise(count, side=28, channels=3):
    return list(GENERATOR.integers(0, 256, (count, side, side, channels), np.uint8))


def smooth(count, height=64, width=64):
    """Coloured gradients that move: more than 256 colours."""
    y, x, t = np.ogrid[:height, :width, :count]
    waves = [np.sin(x / 9 + t / 4), np.cos(y / 7 - t / 5), np.sin((x + y) / 11 + t / 3)]
    film = np.stack([np.broadcast_to(127.5 + 127.5 * wave, (height, width, count)) for wave in waves], axis=-1)
    return list(np.rint(film).astype(np.uint8).transpose(2, 0, 1, 3))


@pytest.fixture
def recipe(tmp_path):
    run, _ = Workspace(tmp_path / "w").create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    return Recipe.of(Job(task="classify", settings={"run": run.id}), run, epoch=4)


# ---------------------------------------------------------------------------------------------------- sheets


def test_a_sheet_holds_every_picture_at_its_place():
    pictures = noise(5, side=4)
    sheet = grid(pictures, columns=3, gap_px=1, scale=2)
    assert sheet.shape == (2 * 9 + 1, 3 * 9 + 1, 3)
    for place, picture in enumerate(pictures):
        top, left = 1 + place // 3 * 9, 1 + place % 3 * 9
        np.testing.assert_array_equal(sheet[top : top + 8, left : left + 8], enlarged(picture, 2))
    assert (sheet[10:, 19:] == 255).all()  # the sixth place is empty
    assert (sheet[0] == 255).all()


def test_enlarging_makes_squares():
    np.testing.assert_array_equal(enlarged(np.array([[[1], [2]]], np.uint8), 2)[..., 0], [[1, 1, 2, 2], [1, 1, 2, 2]])


@pytest.mark.parametrize(("side", "scale"), [(28, 4), (32, 3), (64, 2), (96, 1), (300, 1)])
def test_small_pictures_are_enlarged_until_they_can_be_seen(side, scale):
    assert seen_scale(np.zeros((side, side, 1))) == scale
    assert grid([np.zeros((side, side, 1), np.uint8)], gap_px=0).shape == (side * scale, side * scale, 1)


@pytest.mark.parametrize(("count", "shape"), [(1, (1, 1)), (2, (1, 2)), (4, (2, 2)), (5, (2, 3)), (16, (4, 4))])
def test_a_sheet_is_about_square(count, shape):
    assert grid(noise(count, side=1), gap_px=0, scale=1).shape[:2] == shape


def test_a_sheet_that_nobody_could_open_is_refused(tmp_path):
    with pytest.raises(UserError, match="64 megapixels"):
        grid([np.zeros((1000, 1000, 1), np.uint8)] * 70, scale=1)
    with pytest.raises(UserError, match="64 megapixels"):
        write_pictures(tmp_path / "a.gif", [np.zeros((64, 64, 1), np.uint8)], scale=150)


@pytest.mark.parametrize(
    ("suffix", "layout", "refused"),
    [
        (".png", {}, False),  # 4 x 3 pictures, each enlarged to 100 px
        (".png", {"columns": 7}, True),  # 716 x 206 px
        (".png", {"columns": 7, "gap_px": 0}, False),
        (".png", {"scale": 6}, True),
        (".gif", {"columns": 7}, False),
        (".gif", {"scale": 18}, False),
        (".gif", {"scale": 19}, True),
    ],
)
def test_too_large_is_told_before_the_pictures_are_there(tmp_path, monkeypatch, suffix, layout, refused):
    def refusal(action, *arguments):
        try:
            action(tmp_path / f"a{suffix}", *arguments, **layout)
        except UserError as error:
            return str(error)
        return ""

    monkeypatch.setattr("core.media.picture_files.MOST_PIXELS", 140_000)
    said = refusal(check_size, 12, (20, 20, 3))
    assert bool(said) == refused
    assert said == refusal(write_pictures, noise(12, side=20))


# ------------------------------------------------------------------------------------------------------ files


@pytest.mark.parametrize("channels", [1, 3])
def test_a_png_holds_the_sheet_and_the_recipe(tmp_path, recipe, channels):
    path, pictures = tmp_path / "a.png", noise(3, channels=channels)
    write_pictures(path, pictures, columns=3, gap_px=0, scale=1, recipe=recipe)
    np.testing.assert_array_equal(decode(path), np.concatenate(pictures, axis=1))
    assert read_recipe(path) == recipe
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["a.png"]


def test_a_png_without_a_recipe_has_none(tmp_path):
    write_pictures(tmp_path / "a.png", noise(1))
    assert read_recipe(tmp_path / "a.png") is None


def frames_of(path):
    with Image.open(path) as film:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]


def durations_of(path):
    with Image.open(path) as film:
        return [frame.info["duration"] for frame in ImageSequence.Iterator(film)]


def test_a_gif_keeps_greys_and_few_colours_exactly(tmp_path):
    greys = noise(6, side=20, channels=1)
    write_pictures(tmp_path / "a.gif", greys, scale=1)
    for frame, grey in zip(frames_of(tmp_path / "a.gif"), greys, strict=True):
        np.testing.assert_array_equal(frame, np.repeat(grey, 3, axis=-1))
    colours = GENERATOR.integers(0, 256, (200, 3), np.uint8)
    few = [colours[GENERATOR.integers(0, 200, (20, 20))] for _ in range(4)]
    write_pictures(tmp_path / "b.gif", few, scale=1)
    for frame, picture in zip(frames_of(tmp_path / "b.gif"), few, strict=True):
        np.testing.assert_array_equal(frame, picture)


def test_a_gif_of_many_colours_is_close_and_does_not_flicker(tmp_path):
    pictures = smooth(24)
    for picture in pictures:
        picture[:16] = smooth(1)[0][:16]  # stands still
    write_pictures(tmp_path / "a.gif", pictures, scale=1)
    frames = np.array(frames_of(tmp_path / "a.gif"), float)
    assert np.sqrt(np.mean((frames - pictures) ** 2)) < 10  # the whole gamut: hard on 256 colours
    assert (frames[:, :16] == frames[0, :16]).all()


def test_a_gif_of_soft_changes_moves_softly(tmp_path):
    pictures = [frame // 4 + 96 for frame in smooth(24, 32, 32)]
    write_pictures(tmp_path / "a.gif", pictures, scale=2)
    frames = np.array(frames_of(tmp_path / "a.gif"), float)
    wanted = np.array([enlarged(picture, 2) for picture in pictures], float)
    assert 20 * np.log10(255 / np.sqrt(np.mean((frames - wanted) ** 2))) > 40
    moved = np.diff(frames, axis=0) - np.diff(wanted, axis=0)
    assert np.sqrt(np.mean(moved**2)) < 3  # levels, of 64


def test_a_gif_whose_pictures_stay_the_same_keeps_their_time(tmp_path):
    write_pictures(tmp_path / "a.gif", smooth(1) * 6, fps=10)
    assert sum(durations_of(tmp_path / "a.gif")) == 600


def test_a_gif_repeats_for_ever_at_the_asked_pace(tmp_path):
    write_pictures(tmp_path / "a.gif", noise(24, side=8), fps=24, scale=1)
    durations = durations_of(tmp_path / "a.gif")
    assert sum(durations) == 1000
    assert set(durations) == {40, 50}  # 1/24 s is 4.17 hundredths
    with Image.open(tmp_path / "a.gif") as film:
        assert film.info["loop"] == 0


def film_of(path):
    import av

    with av.open(path) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return frames, stream.codec_context.name, float(stream.average_rate), stream.codec_context.pix_fmt


def test_an_mp4_holds_every_frame_in_its_colours(tmp_path):
    pictures = smooth(10)
    write_pictures(tmp_path / "a.mp4", pictures, fps=15, scale=2)
    frames, codec, fps, layout = film_of(tmp_path / "a.mp4")
    assert (len(frames), codec, fps, layout) == (10, "h264", 15, "yuv420p")
    assert frames[0].shape == (128, 128, 3)
    for frame, picture in zip(frames, pictures, strict=True):
        error = np.mean((frame.astype(float) - enlarged(picture, 2)) ** 2)
        assert 10 * np.log10(255**2 / error) > 38
        np.testing.assert_allclose(frame.mean(axis=(0, 1)), picture.mean(axis=(0, 1)), atol=2)


def test_an_mp4_of_odd_sides_and_greys(tmp_path):
    pictures = [np.full((7, 9, 1), value, np.uint8) for value in (0, 128, 255)]
    write_pictures(tmp_path / "a.mp4", pictures, scale=3)
    frames, *_ = film_of(tmp_path / "a.mp4")
    assert [frame.shape for frame in frames] == [(22, 28, 3)] * 3
    for frame, value in zip(frames, (0, 128, 255), strict=True):
        assert np.abs(frame.astype(int) - value).max() <= 3


def test_an_mp4_without_x264_falls_back(tmp_path, monkeypatch):
    import av

    from core.media import mp4

    monkeypatch.setattr(av, "codecs_available", av.codecs_available - {"libx264"})
    write_pictures(tmp_path / "a.mp4", smooth(5))
    frames, codec, *_ = film_of(tmp_path / "a.mp4")
    assert (len(frames), codec) == (5, "mpeg4")
    monkeypatch.setattr(av, "codecs_available", set())
    with pytest.raises(UserError, match="No encoder"):
        mp4.encode_mp4(io.BytesIO(), noise(1), 12)


@pytest.mark.parametrize("suffix", [".png", ".gif", ".mp4", ".PNG"])
def test_equal_pictures_give_equal_files_that_are_known_again(tmp_path, recipe, suffix):
    one, two = tmp_path / f"1{suffix}", tmp_path / f"2{suffix}"
    for path in (one, two):
        write_pictures(path, smooth(4), recipe=recipe)
    assert one.read_bytes() == two.read_bytes()
    assert is_written_here(one)
    check_pictures(one)
    write_pictures(one, smooth(3), recipe=recipe)


@pytest.mark.parametrize("name", ["a.jpg", "a", "a.png.exe", ".png"])
def test_an_unknown_kind_names_those_there_are(tmp_path, name):
    for refuse in (lambda path: write_pictures(path, noise(1)), check_pictures):
        with pytest.raises(UserError, match=r"\.png, \.gif, \.mp4"):
            refuse(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".png", ".gif"])
def test_a_photograph_is_not_replaced(tmp_path, suffix):
    path = tmp_path / f"cat{suffix}"
    Image.new("RGB", (4, 4)).save(path)
    with pytest.raises(UserError, match="no file that this command has written"):
        check_pictures(path)
    before = path.read_bytes()
    with pytest.raises(UserError, match="no file that this command has written"):
        write_pictures(path, noise(1))
    assert path.read_bytes() == before
    with pytest.raises(UserError, match="is read by this command"):
        check_pictures(path, [str(path)])
    check_pictures(path, [str(path)], overwrite=True)
    write_pictures(path, noise(1), overwrite=True)
    assert is_written_here(path)
    with pytest.raises(UserError, match="There is no folder"):
        check_pictures(tmp_path / "missing" / "a.png")


def test_a_photograph_of_the_program_is_none_that_it_has_drawn(tmp_path):
    texts = PngInfo()
    texts.add_text("Title", "Pixelwright - training")  # as a program for screenshots writes it
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png", pnginfo=texts)
    Image.new("RGB", (4, 4)).save(tmp_path / "a.gif", comment=b"The window of Pixelwright")
    for path in tmp_path.iterdir():
        with pytest.raises(UserError, match="no file that this command has written"):
            write_pictures(path, noise(1))


def test_a_film_of_another_program_is_not_replaced(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(200_000))
    with pytest.raises(UserError, match="move it away"):
        check_pictures(tmp_path / "a.mp4")


def test_a_failed_write_keeps_the_former_file(tmp_path, monkeypatch):
    path = tmp_path / "a.gif"
    write_pictures(path, noise(1))
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="full"):
        write_pictures(path, noise(2))
    assert path.read_bytes() == before


# ------------------------------------------------------------------------------------------- hostile PNG files


def chunk(kind, content, checksum=None):
    code = zlib.crc32(kind + content) if checksum is None else checksum
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", code)


HEADER = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
END = chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
NAME = KEYWORD.encode() + b"\0"


def png(tmp_path, *chunks):
    path = tmp_path / "hostile.png"
    path.write_bytes(HEADER + b"".join(chunks) + END)
    return path


def test_every_kind_of_text_chunk_is_read(tmp_path, recipe):
    text = recipe.text().encode()
    for kind, content in (
        (b"tEXt", NAME + text),
        (b"zTXt", NAME + b"\0" + zlib.compress(text)),
        (b"iTXt", NAME + b"\0\0en\0\0" + text),
        (b"iTXt", NAME + b"\1\0\0\0" + zlib.compress(text)),
    ):
        assert read_recipe(png(tmp_path, chunk(b"tEXt", b"Comment\0hi"), chunk(kind, content))) == recipe
    late = tmp_path / "late.png"  # behind the picture
    late.write_bytes((HEADER + END)[:-12] + chunk(b"tEXt", NAME + text) + chunk(b"IEND", b""))
    assert read_recipe(late) == recipe


def test_a_bomb_is_not_unpacked(tmp_path):
    bomb = zlib.compress(bytes(60_000_000), 9)  # 58 KB
    assert len(bomb) < MOST_BYTES
    for kind, start in ((b"zTXt", b"\0"), (b"iTXt", b"\1\0\0\0")):
        path = png(tmp_path, chunk(kind, NAME + start + bomb))
        began = time.perf_counter()
        with pytest.raises(UserError, match="carries"):
            read_recipe(path)
        assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    "bad",
    [
        chunk(b"tEXt", NAME + b"{" * 70_000),
        chunk(b"tEXt", NAME + b"{}", checksum=1),
        chunk(b"tEXt", NAME),
        chunk(b"tEXt", NAME + b"\xff\xfe"),
        chunk(b"iTXt", NAME),
        chunk(b"iTXt", NAME + b"\0\0\0\0\xff"),
        chunk(b"iTXt", NAME + b"\1\0\0\0not packed"),
        chunk(b"zTXt", NAME),
        chunk(b"zTXt", NAME + b"\0\x78\x9c"),
    ],
)
def test_a_damaged_recipe_is_told_in_a_sentence(tmp_path, bad):
    with pytest.raises(UserError, match=r"The record in 'hostile\.png' of how it was made is damaged"):
        read_recipe(png(tmp_path, bad))


def test_a_recipe_cut_off_in_the_middle_is_damaged(tmp_path, recipe):
    path = tmp_path / "cut.png"
    path.write_bytes(HEADER + chunk(b"tEXt", NAME + recipe.text().encode())[:-40])
    with pytest.raises(UserError, match="carries"):
        read_recipe(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG",
        b"GIF89a" + bytes(100),
        HEADER,
        HEADER + END,
        HEADER + b"\xff\xff\xff\xfftEXtother\0",
        HEADER + b"\xff\xff\xff\xffIDAT",
        HEADER + chunk(b"tEXt", b"pixelwright2\0{}") + END,
        HEADER + chunk(b"tEXt", b"") + END,
        HEADER + chunk(b"junk", b"") * 120_000,
    ],
)
def test_what_carries_no_recipe_gives_none(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert read_recipe(path) is None


def test_a_recipe_is_looked_for_in_files_only(tmp_path):
    assert read_recipe(tmp_path) is None
    assert read_recipe(tmp_path / "missing.png") is None
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        assert read_recipe(tmp_path / "pipe.png") is None


def test_a_recipe_is_read_without_the_picture_and_the_other_chunks(tmp_path, recipe):
    vast = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    path = tmp_path / "vast.png"
    others = chunk(b"junk", bytes(20_000_000)) + chunk(b"IDAT", b"no picture")
    path.write_bytes(vast + others + chunk(b"tEXt", NAME + recipe.text().encode()) + chunk(b"IEND", b""))
    tracemalloc.start()
    assert read_recipe(path) == recipe
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_any_flipped_byte_of_a_recipe_is_noticed(tmp_path, recipe):
    path = tmp_path / "a.png"
    write_pictures(path, noise(1, side=4), recipe=recipe)
    content = path.read_bytes()
    start = content.index(NAME) + len(NAME)
    for place in range(start, start + len(recipe.text()), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with pytest.raises(UserError, match="carries"):
            read_recipe(path)


# ------------------------------------------------------------------------------------------------- long films


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
@pytest.mark.parametrize("make", [smooth, lambda count: noise(count, 64, 1)])
def test_a_long_film_is_not_held_in_memory(tmp_path, suffix, make):
    few, many = make(3), make(15)
    write_pictures(tmp_path / f"warm{suffix}", few, scale=12)
    peaks = []
    for frames in (few, many):
        tracemalloc.start()
        write_pictures(tmp_path / f"a{suffix}", frames, scale=12)  # 590 KB a frame of greys
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2_000_000


def test_a_film_that_is_stopped_leaves_nothing(tmp_path):
    context = Context(Job(task="check", backend="tensorflow"), Workspace(tmp_path / "w"))
    context.cancel()
    for suffix in (".gif", ".mp4"):
        with pytest.raises(CancelledError):
            write_pictures(tmp_path / f"a{suffix}", smooth(3), context=context)
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []


def test_a_gif_draws_only_what_changes_and_at_its_place(tmp_path):
    still = smooth(1)[0]
    frames = [still.copy() for _ in range(6)]
    for place, frame in enumerate(frames):
        frame[20:24, 5 * place : 5 * place + 5] = (255, 0, 40 * place)
    write_pictures(tmp_path / "a.gif", frames, scale=2)
    found = np.array(frames_of(tmp_path / "a.gif"), float)
    for place, frame in enumerate(found):
        block = frame[40:48, 10 * place : 10 * place + 10]
        assert np.abs(block - (255, 0, 40 * place)).max() < 24
        np.testing.assert_array_equal(frame[:40], found[0, :40])
        np.testing.assert_array_equal(frame[48:], found[0, 48:])
    assert (tmp_path / "a.gif").stat().st_size < 2 * one_frame_bytes(tmp_path, still)


def one_frame_bytes(tmp_path, picture):
    write_pictures(tmp_path / "one.gif", [picture], scale=2)
    return (tmp_path / "one.gif").stat().st_size


def test_a_gif_that_stands_still_for_longer_than_a_frame_may_keeps_its_time(tmp_path):
    with (tmp_path / "a.gif").open("wb") as file:
        film = GifFile(file, (4, 4), b"by hand", np.zeros((256, 3), np.uint8))
        film.add(np.zeros((4, 4), np.uint8), (0, 0), 60_000)
        film.hold(60_000)
        film.end()
    assert sum(durations_of(tmp_path / "a.gif")) == 1_200_000
