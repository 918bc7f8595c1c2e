"""A GAN by clicks, with real engines: draw, look, save, go a way, and get it all back from a saved picture."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from dropping import drop
from PIL import Image
from PySide6.QtCore import Qt
from window_steps import PATIENCE_MS, click, wait

from core.jobs import Job

HEAVY = ("keras", "tensorflow", "jax", "torch", "av")
SETTINGS = {"size": "tiny", "filters": 4, "latent": 8, "epochs": 2, "batch_size": 16, "measure_epochs": 0}


@pytest.fixture
def pictures(tmp_path):
    """Two classes of 16 pictures each, bright and dark noise."""
    random = np.random.default_rng(0)
    for name, low in (("bright", 128), ("dark", 0)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(16):
            pixels = random.integers(low, low + 128, (28, 28), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
    return tmp_path / "pictures"


def _resized(picture: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize(shape, Image.Resampling.BICUBIC))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_draw_look_save_go_a_way_and_get_it_back(window, qtbot, pictures, monkeypatch, tmp_path):
    before = set(sys.modules)
    settings = {**SETTINGS, "data": str(pictures)}
    handle = window.engines.start(Job(task="train", model="dcgan", settings=settings, backend="tensorflow"))
    with qtbot.waitSignal(handle.ended, timeout=PATIENCE_MS) as ended:
        pass
    assert ended.args[0].state == "finished", ended.args[0].message
    panel = window.panels["generation"]
    draw, way = panel.pages["draw"], panel.pages["way"]
    window.store.refresh()
    wait(qtbot, window, lambda: panel.runs.run is not None)
    window.show_panel("generation")

    # Draw, at two ages: the same latents, other pictures.
    draw.seed.show_value(7)
    click(qtbot, window, "generate")
    wait(qtbot, window, lambda: draw.has_pictures() and not panel.jobs.busy)
    assert draw.sheet.count() == 64
    now = np.stack(draw._pictures)
    assert panel.runs.age.maximum() > 0
    panel.runs.age.setValue(0)
    wait(qtbot, window, lambda: "after 1 epoch" in draw.summary.text() and not panel.jobs.busy)
    assert not np.array_equal(np.stack(draw._pictures), now)
    panel.runs.age.setValue(panel.runs.age.maximum())
    wait(qtbot, window, lambda: "after 2 epochs" in draw.summary.text() and not panel.jobs.busy)
    assert np.array_equal(np.stack(draw._pictures), now)

    # Look at one, save it alone.
    files = iter([tmp_path / "一张.png", tmp_path / "way.gif", tmp_path / "way.png"])
    monkeypatch.setattr("desktop_app.panels.generation_saving.ask_where", lambda *_: next(files))
    place = draw.sheet.place_rect(13).center().toPoint()
    qtbot.mouseClick(draw.sheet.viewport(), Qt.MouseButton.LeftButton, pos=place)
    click(qtbot, window, "drawFrom")
    click(qtbot, window, "drawSaveOne")
    wait(qtbot, window, lambda: (tmp_path / "一张.png").exists() and not panel.jobs.busy)
    assert f"Saved '{tmp_path / '一张.png'}'." in [message.text.text() for message in window.messages.messages()]

    # A way to another, as an animation and as a picture.
    click(qtbot, window, "drawAfter")
    click(qtbot, window, "drawTo")
    wait(qtbot, window, lambda: way.has_pictures() and not panel.jobs.busy)
    assert np.abs(way._images.pictures[0].astype(int) - now[13]).max() <= 1
    assert np.abs(way._images.pictures[-1].astype(int) - now[14]).max() <= 1
    assert way.film.playing
    for name in ("way.gif", "way.png"):
        click(qtbot, window, "waySave")
        wait(qtbot, window, lambda name=name: (tmp_path / name).exists() and not panel.jobs.busy)
    with Image.open(tmp_path / "way.gif") as gif:
        assert gif.n_frames == 16

    # Both come back, from whatever panel they are dropped on.
    window.show_panel("training")
    drop(window, tmp_path / "一张.png")
    wait(qtbot, window, lambda: draw.has_pictures() and draw.sheet.count() == 1 and not panel.jobs.busy)
    assert window.panel is panel
    assert np.abs(draw._pictures[0].astype(int) - now[13]).max() <= 1
    assert (draw.seed.seed, draw._details[0]["number"]) == (7, 13)
    way.clear()
    drop(window, tmp_path / "way.png")
    wait(qtbot, window, lambda: way.has_pictures() and not panel.jobs.busy)
    assert (way.ends["from"].number, way.ends["to"].number) == (13, 14)

    # A hole in a real picture, filled by the run.
    panel.show_page("fill")
    fill = panel.pages["fill"]
    drop(window, pictures / "dark" / "0.png")
    wait(qtbot, window, lambda: fill.picture.picture is not None)
    qtbot.mouseClick(fill.canvas, Qt.MouseButton.LeftButton, pos=fill.canvas.rect().center())
    fill.editors["steps"].show_value(3)
    fill.count.setValue(2)
    click(qtbot, window, "generate")
    wait(qtbot, window, lambda: len(fill.candidates) == 2 and not panel.jobs.busy)
    kept = np.asarray(Image.open(pictures / "dark" / "0.png"))
    filled = fill.candidates[0].picture[..., 0]
    assert filled.shape == now.shape[1:3]
    assert np.array_equal(filled[:4], _resized(kept, filled.shape)[:4])  # what is not painted over stays
    assert not {name.partition(".")[0] for name in set(sys.modules) - before} & set(HEAVY)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_paint_one_picture_in_the_style_of_another(window, qtbot, pictures, monkeypatch, tmp_path):
    settings = {"size": "tiny", "epochs": 1, "batch_size": 16, "data": str(pictures)}
    handle = window.engines.start(Job(task="train", model="cnn", settings=settings, backend="tensorflow"))
    with qtbot.waitSignal(handle.ended, timeout=PATIENCE_MS) as ended:
        pass
    assert ended.args[0].state == "finished", ended.args[0].message
    panel = window.panels["generation"]
    style = panel.pages["style"]
    window.store.refresh()
    wait(qtbot, window, lambda: bool(style.backbone.value))
    window.show_panel("generation")
    panel.show_page("style")
    for name, field in (("bright", style.content), ("dark", style.style)):
        drop(window, pictures / name / "0.png")
        wait(qtbot, window, lambda field=field: field.picture is not None)
    style.editors["size_px"].show_value(48)
    style.editors["steps"].show_value(12)
    click(qtbot, window, "generate")
    wait(qtbot, window, lambda: style.summary.text().startswith("Painted in 12 steps"))
    monkeypatch.setattr("desktop_app.panels.generation_saving.ask_where", lambda *_: tmp_path / "painted.png")
    click(qtbot, window, "styleSave")
    wait(qtbot, window, (tmp_path / "painted.png").exists)
    with Image.open(tmp_path / "painted.png") as saved:
        assert saved.size == (48, 48)
