from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt

from desktop_app.widgets.mask_canvas import MaskCanvas


@pytest.fixture
def canvas(qtbot):
    made = MaskCanvas()
    qtbot.addWidget(made)
    made.resize(336, 336)
    made.show_picture(np.zeros((32, 64, 1), np.uint8))
    made.show()
    return made


def _stroke(qtbot, canvas, *places: tuple[float, float]) -> None:
    """Paints through places given as shares of the picture, from its left top."""
    lies = canvas.picture_rect()
    points = [QPoint(round(lies.left() + x * lies.width()), round(lies.top() + y * lies.height())) for x, y in places]
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=points[0])
    for point in points[1:]:
        qtbot.mouseMove(canvas, point)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=points[-1])


def test_a_click_paints_a_disc_of_the_brush_where_it_was(canvas, qtbot):
    canvas.use_brush(0.25, erasing=False)
    with qtbot.waitSignal(canvas.painted):
        _stroke(qtbot, canvas, (0.5, 0.5))
    mask = canvas.hole()
    assert mask.shape == (128, 256)  # fine, and of the picture's proportions
    rows, columns = np.nonzero(mask >= 128)
    assert abs(rows.mean() - 64) < 3
    assert abs(columns.mean() - 128) < 3
    assert len(rows) == pytest.approx(np.pi * 32**2, rel=0.05)


def test_strokes_are_erased_and_cleared(canvas, qtbot):
    canvas.use_brush(0.2, erasing=False)
    _stroke(qtbot, canvas, (0.2, 0.5), (0.8, 0.5))
    whole = canvas.hole()
    assert whole[64, 64:192].min() == 255
    canvas.use_brush(0.4, erasing=True)
    _stroke(qtbot, canvas, (0.2, 0.5))
    left = canvas.hole()
    assert left[64, 51] == 0
    assert left[64, 192] == 255
    canvas.clear()
    assert not canvas.is_painted()


def test_the_mask_is_saved_as_it_is(canvas, qtbot, tmp_path):
    _stroke(qtbot, canvas, (0.5, 0.5))
    assert canvas.save_mask(str(tmp_path / "mask.png"))
    with Image.open(tmp_path / "mask.png") as saved:
        assert np.array_equal(np.asarray(saved.convert("L")), canvas.hole())


def test_another_picture_is_not_painted_on_yet(canvas, qtbot):
    _stroke(qtbot, canvas, (0.5, 0.5))
    canvas.show_picture(np.zeros((300, 200, 3), np.uint8))
    assert canvas.hole().shape == (300, 200)
    assert not canvas.is_painted()


def test_without_a_picture_nothing_is_painted(qtbot):
    empty = MaskCanvas()
    qtbot.addWidget(empty)
    empty.show()
    qtbot.mouseClick(empty, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    assert not empty.is_painted()
