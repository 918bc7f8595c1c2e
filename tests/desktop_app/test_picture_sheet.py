from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt

from desktop_app.widgets.picture_sheet import GAP_PX, LEAST_PX, PictureSheet, arrange
from desktop_app.widgets.pixels import fit, to_image


@pytest.mark.parametrize("count", [1, 2, 7, 16, 64, 100, 400])
@pytest.mark.parametrize("side", [8, 28, 32, 64])
@pytest.mark.parametrize("room", [QSize(400, 300), QSize(760, 680), QSize(760, 84), QSize(1600, 500)])
def test_pictures_are_as_large_as_all_of_them_fit(count, side, room):
    found = arrange(count, QSize(side, side), room)

    def fits(factor: int) -> bool:
        columns = (room.width() - GAP_PX) // (side * factor + GAP_PX)
        rows = (room.height() - GAP_PX) // (side * factor + GAP_PX)
        return columns * rows >= count

    assert found.columns * (side * found.factor + GAP_PX) + GAP_PX <= room.width()
    if fits(found.factor):
        assert -(-count // found.columns) * (side * found.factor + GAP_PX) + GAP_PX <= room.height()
        assert not fits(found.factor + 1) or (found.factor + 1) * side > 288
        assert side * found.factor + 2 * GAP_PX <= room.height()
    else:  # it scrolls, and is not made smaller than one can see
        assert side * (found.factor - 1) < LEAST_PX


def test_rows_hold_whole_turns_of_the_classes():
    assert arrange(60, QSize(32, 32), QSize(760, 680), turn=10).columns == 10
    assert arrange(6, QSize(32, 32), QSize(760, 680), turn=3).columns == 3
    assert arrange(5, QSize(8, 8), QSize(760, 680), turn=10).columns <= 5


def test_keys_go_from_picture_to_picture_and_enter_opens_one(qtbot):
    sheet = PictureSheet()
    qtbot.addWidget(sheet)
    sheet.resize(400, 300)
    sheet.show()
    sheet.show_pictures([np.zeros((8, 8, 1), np.uint8)] * 9, ["tip"] * 9)
    columns = sheet._arrangement.columns
    qtbot.keyClick(sheet, Qt.Key.Key_Right)
    qtbot.keyClick(sheet, Qt.Key.Key_Down)
    with qtbot.waitSignal(sheet.opened) as caught:
        qtbot.keyClick(sheet, Qt.Key.Key_Return)
    assert caught.args == [1 + columns]
    for _ in range(20):
        qtbot.keyClick(sheet, Qt.Key.Key_Up)
    assert sheet.current == 0


def test_pixels_stay_squares(qtbot):
    sheet = PictureSheet()
    qtbot.addWidget(sheet)
    sheet.resize(300, 300)
    sheet.show()
    board = (np.indices((8, 8)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None]
    sheet.show_pictures([board], ["tip"])
    qtbot.waitExposed(sheet)
    lies = sheet.place_rect(0).toRect()
    grabbed = sheet.viewport().grab(lies).toImage()
    ratio = grabbed.width() // 8
    seen = {grabbed.pixelColor(x, y).value() for x in range(grabbed.width()) for y in range(grabbed.height())}
    assert ratio >= 2
    assert seen == {0, 255}


def test_a_crisp_picture_is_enlarged_by_whole_steps_a_large_one_made_smaller():
    picture = to_image(np.zeros((64, 64, 1), np.uint8))
    assert fit(picture, QSize(300, 200), crisp=True).size() == QSize(192, 192)
    assert fit(picture, QSize(50, 50), crisp=True).size() == QSize(50, 50)
